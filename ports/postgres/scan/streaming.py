"""The streaming feed: the kernel's aggregate over the source in each pass, parallel, in constant memory.

If the rows of a source lie on several servers, the aggregate runs part by part, where the rows are, and the
states are merged here.  Functions of constants and columns find the parameters of a group, by the equality of
its types (src/catalog/keys.c): a join with a relation of parameters could not be sent to another server.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from madpy.errors import MadpyError
from madpy.ports.postgres.scan.levels import packed_levels
from madpy.ports.postgres.session.keys import packed_keys
from madpy.ports.postgres.session.sql import fill, free_name, identifier, literal
from madpy.ports.postgres.shards.layout import Part

if TYPE_CHECKING:
    from madpy.ports.postgres.scan.scan import Rows
    from madpy.ports.postgres.scan.source import Source
    from madpy.ports.postgres.scan.states import Array, States
    from madpy.ports.postgres.shards.kept import Kept

ARGUMENT = "kernel argument"  # the names of internal columns

# The most features that an aggregate takes as arguments of their own, so that no array is built for each row;
# the server allows 100 arguments, the state and the scalars among them.
MOST_ARGUMENTS = 96


def takes_categories(source: "Source", features: int) -> bool:
    """Tell whether an aggregate over so many features looks values of categories up; else SQL has to.

    It needs them as arguments of their own, and the levels as one more; Citus sends no such aggregate.
    """
    return not source.shards.is_citus and features < MOST_ARGUMENTS


class Streaming:
    """The feed that runs a kernel as an aggregate over `rows`; `passes` is how many passes are expected."""

    def __init__(self, rows: "Rows", passes: int = 1):
        self.db = rows.source.db
        self.rows = rows
        self.passes = passes

    @cached_property
    def is_sharded(self) -> bool:
        """Tell whether parts are asked one by one and their states merged here."""
        return bool(self.rows.source.shards.parts)

    @cached_property
    def kept_rows(self) -> "Kept | None":
        """Have the servers of Citus read rows and groups, and keep the rows for later passes; None if not."""
        source = self.rows.source
        if self.passes == 1 or not (source.shards.is_citus and source.shards.is_far):
            return None
        from madpy.ports.postgres.shards.kept import (
            can_be_kept,
            can_be_read_again,
            in_transaction,
            new_number,
            read_kept,
        )

        if not can_be_kept(source):
            return None
        in_transaction(source)
        scalars = f"ARRAY[{', '.join(self.rows.scalars)}]::double precision[]"
        items = [str(new_number()), "ctid", "tableoid", self.rows.vector, scalars]
        rows = self.db.execute(
            "SELECT {texts:q} {state:i} FROM ({states:q}) AS s",
            texts=self._texts,
            state=self.rows.state,
            states=self._aggregated("__keep", items, str(source)),
        )
        groups = [{group: row[group] for group in self.rows.groups} for row in rows]
        self.group_values = groups
        states_by_group = [
            (tuple(g.values()), row[self.rows.state]) for g, row in zip(groups, rows, strict=True)
        ]
        kept_rows = read_kept(states_by_group)
        return kept_rows if kept_rows is not None and can_be_read_again(source, kept_rows) else None

    def states(
        self,
        kernel: str,
        params: str | None = None,
        *,
        outcome: bool = False,
        all_known: bool = False,
        kept_rows: "Kept | None" = None,
    ) -> str:
        """Return SQL of a relation: the grouping columns, and `state`; `params` is SQL of a row's parameters.

        Rows whose group has no parameters are left out; with `all_known` other servers do not filter, and
        the caller drops new groups.
        Without groups there is no GROUP BY at all: GROUP BY () would switch parallel workers off.
        """
        keys = self._keys
        done = fill("{s:i}.{k:i}", {"s": self.db.schema, "k": f"__{kernel}_outcome"}) if outcome else ""
        if kept_rows is not None:
            return self._of_kept(kernel, kept_rows, params, done)
        if not self.is_sharded:
            return self._of_part(kernel, Part(str(self.rows.source), None, self.rows.source), params, done)
        parts = self.rows.source.part_by_part(
            lambda part: self._of_part(kernel, part, params, all_known=all_known),
            kernel,
        )
        return fill(
            """
            SELECT {keys:q} {done:q}({schema:i}.{merge:i}(s.{state:i})) AS {state:i}
            FROM ({parts:q}) AS s {group_by:q}
            """,
            {
                "keys": keys,
                "done": done,
                "schema": self.db.schema,
                "merge": f"{kernel}_merge",
                "state": self.rows.state,
                "parts": parts,
                "group_by": _group_by(keys),
            },
        )

    def step(
        self, kernel: str, params: "Array | None", groups: Sequence[int] | None, *, outcome: bool
    ) -> "States":
        """Run one pass, as `Scan.step`; a first pass without parameters by group also finds the groups."""
        from madpy.ports.postgres.scan import states

        kept_rows = self.kept_rows
        constant = None
        if params is not None and (params.ndim == 1 or not self.rows.groups):
            constant = literal(params.ravel().tolist())
        by_group = params is not None and constant is None
        if not by_group and (not self.rows.groups or "group_values" not in self.__dict__):
            joined = states.States.join(
                self.first_states(kernel, constant, outcome=outcome, kept_rows=kept_rows)
            )
            if kept_rows is not None:
                kept_rows.check(self.rows.source, [[]], joined)
            return joined
        numbers = range(len(self.group_values)) if groups is None else groups
        if not len(numbers):
            return states.States.join([])
        keys = [list(self.group_values[number].values()) for number in numbers]
        if params is not None and by_group:
            constant = self._looked_up("__key_params", keys, params.tolist())
        rows = self.db.execute(
            """
            SELECT s.{state:i} FROM ({states:q}) AS s
            WHERE {number:q} IS NOT NULL AND s.{state:i} IS NOT NULL ORDER BY {number:q}
            """,
            state=self.rows.state,
            states=self.states(kernel, constant, outcome=outcome, all_known=True, kept_rows=kept_rows),
            number=self._looked_up("__key_number", keys),
        )
        if len(rows) != len(numbers):
            raise MadpyError(
                f'table "{self.rows.source.name}" was changed while it was read:'
                f" {len(numbers)} groups became {len(rows)}",
                sqlstate="40001",
                hint="try again, in a transaction that is REPEATABLE READ",
            )
        joined = states.States.join([row[self.rows.state] for row in rows])
        if kept_rows is not None:
            kept_rows.check(self.rows.source, keys, joined)
        return joined

    def first_states(
        self, kernel: str, params: str | None, *, outcome: bool = False, kept_rows: "Kept | None" = None
    ) -> list[bytes]:
        """Return the states of a pass with the same parameters, SQL, for all groups; set `group_values`."""
        rows = self.db.execute(
            "SELECT {texts:q} {state:i} FROM ({states:q}) AS s",
            texts=self._texts,
            state=self.rows.state,
            states=self.states(kernel, params, outcome=outcome, kept_rows=kept_rows),
        )
        self.group_values = [{group: row[group] for group in self.rows.groups} for row in rows]
        return [row[self.rows.state] for row in rows if row[self.rows.state] is not None]

    @cached_property
    def group_values(self) -> list[dict[str, Any]]:
        """Return the grouping columns' values of each group, as text; without groups one empty entry."""
        if not self.rows.groups:
            return [{}]
        if self.kept_rows is not None:  # its groups: another statement may write 1.0 where this one has 1.00
            values: list[dict[str, Any]] = self.__dict__["group_values"]
            return values
        names = fill("{g:i,}", {"g": self.rows.groups}).rstrip(", ")

        def of_part(part: Part) -> str:
            return fill("SELECT {n:q} FROM {p:q} GROUP BY {n:q}", {"n": names, "p": part.sql})

        parts = self.rows.source.part_by_part(of_part)
        return self.db.execute(
            "SELECT {texts:q} FROM ({parts:q}) AS s {group_by:q}",
            texts=self._texts.rstrip(", "),
            parts=parts,
            group_by=f"GROUP BY {names}" if self.is_sharded else "",
        )

    def numbered(self, kernel: str, most: int) -> bytes | None:
        """Run a pass without groups that numbers the levels of categories, at most so many of each.

        Returns what `read_numbered` reads, None for a table without rows.
        """
        data: bytes | None = self.db.value(
            "SELECT s.{state:i} FROM ({states:q}) AS s",
            state=self.rows.state,
            states=self._aggregated(
                f"__{kernel}_numbered",
                [*self.rows.scalars, *self.rows.features],
                str(self.rows.source),
                [str(most)],
                len(self.rows.scalars),
            ),
        )
        return data

    def params_of(self, relation: str) -> str:
        """Return SQL that finds a row's parameters in a relation of the grouping columns and `params`."""
        rows = self.db.execute(
            "SELECT {texts:q} s.{params:i} FROM ({relation:q}) AS s WHERE s.{params:i} IS NOT NULL",
            texts=self._texts,
            params=self.rows.params,
            relation=relation,
        )
        params = [row[self.rows.params] for row in rows]
        if not self.rows.groups:
            return literal(params[0]) if params else "NULL::double precision[]"
        return self._looked_up("__key_params", [[row[g] for g in self.rows.groups] for row in rows], params)

    def _looked_up(
        self, function: str, keys: list[list[str | None]], params: list[list[float]] | None = None
    ) -> str:
        """Return SQL of the number, or of the parameters, of the group of a row of relation s."""
        return fill(
            "{schema:i}.{function:i}({packed:l}, {columns:q})",
            {
                "schema": self.db.schema,
                "function": function,
                "packed": packed_keys(keys, params or []),
                "columns": self._keys.rstrip(", "),
            },
        )

    def _of_part(
        self, kernel: str, part: Part, params: str | None, done: str = "", *, all_known: bool = False
    ) -> str:
        """Return SQL of one part's states, without groups that have no parameters (new, or no model)."""
        aggregate, before, after = self._aggregate(kernel)
        is_asked = params is not None and self._keys != "" and not (part.server and all_known)
        known = f"WHERE {params} IS NOT NULL" if is_asked else ""
        given = [] if params is None else [params]
        if self.rows.levels:
            given.append(literal(packed_levels(self.rows.levels, self.rows.indicators)))
        return self._aggregated(aggregate, [*before, *after], part.sql, given, len(before), done, known)

    def _of_kept(self, kernel: str, kept_rows: "Kept", params: str | None, done: str) -> str:
        """Return SQL of the states of kept rows, which one row per shard, or group in it, identifies."""
        known = f"WHERE {params} IS NOT NULL" if params is not None and self._keys else ""
        source = fill(
            "{s:i} WHERE ctid = ANY ({places:q})", {"s": self.rows.source, "places": kept_rows.places}
        )
        items = ["ctid", "tableoid", literal(kernel) + "::text"]
        given = [params or "NULL::double precision[]"]
        return self._aggregated("__kept_step", items, source, given, len(items), done, known)

    def _aggregated(
        self,
        aggregate: str,
        items: list[str],
        source: str,
        given: Sequence[str] = (),
        at: int = 0,
        done: str = "",
        known: str = "",
    ) -> str:
        """Return SQL of an aggregate over a source, by group; `given` arguments are put before item `at`."""
        names = [identifier(free_name(f"{ARGUMENT} {n}", self.rows.groups)) for n in range(len(items))]
        inner = ", ".join(f"{item} AS {name}" for item, name in zip(items, names, strict=True))
        arguments = [f"s.{name}" for name in names]
        arguments[at:at] = given
        return fill(
            """
            SELECT {keys:q} {done:q}({schema:i}.{aggregate:i}({arguments:q})) AS {state:i}
            FROM (SELECT {groups:i,} {inner:q} FROM {source:q}) AS s {known:q} {group_by:q}
            """,
            {
                "keys": self._keys,
                "done": done,
                "schema": self.db.schema,
                "aggregate": aggregate,
                "arguments": ", ".join(arguments),
                "groups": self.rows.groups,
                "inner": inner,
                "source": source,
                "known": known,
                "state": self.rows.state,
                "group_by": _group_by(self._keys),
            },
        )

    def _aggregate(self, kernel: str) -> tuple[str, list[str], list[str]]:
        """Return the aggregate of a kernel, and its arguments before and after the parameters."""
        rows, scalars = self.rows, self.rows.scalars
        as_array = rows.is_vector or len(rows.features) > MOST_ARGUMENTS
        # Citus sends no aggregate of VARIADIC "any"
        if not as_array and not rows.source.shards.is_citus:
            return f"__{kernel}_columns", scalars, rows.features
        return f"{kernel}_state", [*scalars[:1], rows.vector, *scalars[1:]], []

    @property
    def _keys(self) -> str:
        """Return SQL of the grouping columns, each followed by a comma."""
        return "".join(fill("s.{g:i}, ", {"g": group}) for group in self.rows.groups)

    @cached_property
    def _texts(self) -> str:
        """Return SQL of the grouping columns as text."""
        return self.rows.source.named_texts(self.rows.groups, "s")


def _group_by(keys: str) -> str:
    return f"GROUP BY {keys.rstrip(', ')}" if keys else ""
