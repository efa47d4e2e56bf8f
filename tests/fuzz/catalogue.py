"""The functions of the library that are written in C, as the catalogue has them, and aggregates over them."""

import re
from contextlib import closing
from dataclasses import dataclass

from madpy.dev.server import Address

FUNCTIONS = """
    SELECT format('%s.%I', p.pronamespace::regnamespace, p.proname), p.prokind = 'a', p.proretset,
           p.prorettype::regtype::text, p.prorettype = 'record'::regtype AND p.proallargtypes IS NULL,
           p.provariadic <> 0,
           ARRAY(SELECT format_type(t, NULL)
                 FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, n) ORDER BY n),
           coalesce(p.proargnames, '{}')
    FROM pg_proc AS p
    LEFT JOIN pg_aggregate AS a ON a.aggfnoid = p.oid
    JOIN pg_proc AS c ON c.oid = coalesce(a.aggtransfn::oid, p.oid)
    JOIN pg_language AS l ON l.oid = c.prolang
    JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
    WHERE l.lanname = 'c' AND e.extname = 'madpy'
    ORDER BY p.oid::regprocedure::text COLLATE "C"
"""


@dataclass(frozen=True)
class Function:
    """A function or an aggregate: what it takes, and how it is called."""

    name: str  # with its schema
    is_aggregate: bool
    returns_set: bool
    result: str
    needs_columns: bool  # a record whose columns the caller says
    is_variadic: bool
    types: tuple[str, ...]
    names: tuple[str, ...]  # of arguments, where they have any

    @property
    def kernel(self) -> str:
        """The name without what aggregates add to it: `moments` of madlib.__moments_accum."""
        base = self.name.split(".")[1].removeprefix("__")
        return re.sub(r"(_columns)?(_accum|_combine|_state|_merge|_step|_final|_outcome)?$", "", base)

    @property
    def is_transition(self) -> bool:
        """Whether an aggregate of anybody's can have it: what comes first is what it returns."""
        return not self.is_aggregate and self.types[:1] == ("bytea",) and self.result == "bytea"

    @property
    def is_callable(self) -> bool:
        """Whether SQL can call it at all."""
        return "internal" not in (*self.types, self.result)


def functions(address: Address) -> list[Function]:
    """Every one of the extension, the same ones in the same order for the same version."""
    with closing(address.connect()) as connection:
        rows = connection.query(FUNCTIONS).getresult()
    return [Function(*row[:-2], tuple(row[-2]), tuple(row[-1])) for row in rows]
