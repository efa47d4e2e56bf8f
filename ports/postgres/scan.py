"""What drivers ask for their data: a source, its expressions and groups, and a kernel's state per group.

Two feeds.  Streaming runs the kernel's aggregate over the source in each pass: parallel, constant memory.
A store keeps the columns in memory after one read, and kernels run over it with no executor in between; it
is taken where there are several passes or many groups, while it fits the setting madpy.store_memory.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from madpy.errors import MadpyError
from madpy.ports.postgres.db import Database, Relation, fill, identifier, literal

if TYPE_CHECKING:  # numpy takes a tenth of a second, and one-pass methods do without it
    from madpy.ports.postgres.states import Array, States

# Names of internal columns; a grouping column may have one of them: see free_name.
GROUP = "kernel group"
STATE = "kernel state"
PARAMS = "kernel params"
ARGUMENT = "kernel argument"

# From here on one read into a store, its rows laid group by group, costs less than an aggregate's states.
MANY_GROUPS = 3000

# Kernels whose aggregates also take features as arguments of their own, so that no array is built for each
# row; the server allows 100 arguments, the state and the scalars among them.
WITH_COLUMNS = {
    *("moments", "weighted_moments", "column_moments", "nb", "nb_count", "kmeans"),
    *("kmeans_sample", "dtree", "dtree_sample"),
}
MOST_ARGUMENTS = 96


@dataclass(frozen=True)
class Rows:
    """What a kernel sees of a source: SQL of each part, all of type double precision.

    `features` are SQL of one number each, or one expression of type double precision[] where `is_vector`;
    `target` and `weights` are the kernel's scalars, where it has them.
    """

    source: Relation
    target: str | None
    features: list[str]
    is_vector: bool = False
    weights: str | None = None
    groups: list[str] = field(default_factory=list)

    @property
    def vector(self) -> str:
        """The features as one SQL array."""
        return self.features[0] if self.is_vector else f"ARRAY[{', '.join(self.features)}]"


class Scan:
    """`Rows` read through one of the two feeds, decided once."""

    def __init__(self, db: Database, rows: Rows, passes: int = 1):
        self.db = db
        self.rows = rows
        self.store: int | None = None
        if passes > 1 or has_many_groups(db, rows.source, rows.groups):
            self.store = self._fill_store()

    @property
    def feed(self) -> str:
        return "streaming" if self.store is None else "store"

    @property
    def group(self) -> str:
        """The name of the column with a group's number."""
        return free_name(GROUP, self.rows.groups)

    @property
    def state(self) -> str:
        """The name of the column with a kernel's state."""
        return free_name(STATE, self.rows.groups)

    @property
    def params(self) -> str:
        """The name of the column with a kernel's parameters."""
        return free_name(PARAMS, self.rows.groups)

    def states(self, kernel: str, params: str | None = None) -> str:
        """SQL of a relation: the grouping columns, and `state`, the kernel's state after one pass.

        `params` is SQL of a relation: the grouping columns, and `params`, the kernel's parameters.
        """
        feed = self._streamed if self.store is None else self._stored
        return feed(kernel, self._outputs(), params)

    def step(
        self,
        kernel: str,
        params: "Array | None" = None,
        groups: Sequence[int] | None = None,
        *,
        outcome: bool = False,
    ) -> "States":
        """The kernel's state after one pass, for each group in the order of `group_values`.

        `params` has a row of parameters for each group, shape (G, p), or is the same for all, shape (p,).
        `groups`: the numbers of those that are read, rising, each with its row of `params`; all if not given.
        With `outcome` it is what comes of each state (Kernel.outcome in kernel.h), zeros behind short ones.
        """
        from madpy.ports.postgres import states

        if self.store is not None:
            count = self._num_groups if groups is None else len(groups)
            packed = states.packed(params, count) if params is not None else b""
            data = self.db.value(
                "SELECT {schema:i}.{function:i}({store:l}, {kernel:l}, {packed:b}, {groups:l}::integer[])",
                function="__store_outcomes" if outcome else "__store_steps",
                store=self.store,
                kernel=kernel,
                packed=packed,
                groups="{" + ",".join(map(str, groups or [])) + "}",
            )
            return states.States.parse(data, count)
        found = self._read(kernel, params, groups, outcome)
        expected = self._num_groups if groups is None else len(groups)
        if found and len(found) != expected:
            raise MadpyError(
                f'table "{self.rows.source.name}" was changed while it was read:'
                f" {expected} groups became {len(found)}",
                sqlstate="40001",
                hint="try again, in a transaction that is REPEATABLE READ",
            )
        return states.States.join(found)

    def _read(
        self, kernel: str, params: "Array | None", groups: Sequence[int] | None, outcome: bool
    ) -> list[bytes]:
        """The states of a step over the source itself, in the order of the groups; none without rows."""
        constant = literal(params.tolist()) if params is not None and params.ndim == 1 else None
        if constant is not None and (not self.rows.groups or "group_values" not in self.__dict__):
            return self.states_with(kernel, constant, outcome=outcome)
        if not self.group_values or (groups is not None and not groups):
            return []
        relation = self.group_relation(None if constant else params, groups)
        rows = self.db.execute(
            "SELECT {state:i} FROM ({text:q}) AS s ORDER BY {group:i}",
            state=self.state,
            text=self._streamed(
                kernel,
                fill("p.{group:i}, ", {"group": self.group}),
                relation,
                has_params=params is not None and constant is None,
                constant=constant,
                outcome=outcome,
            ),
            group=self.group,
        )
        return [row[self.state] for row in rows if row[self.state] is not None]

    def states_with(self, kernel: str, constant: str, *, outcome: bool = False) -> list[bytes]:
        """States, streamed, of a step whose parameters are a constant; its statement finds the groups too."""
        text = self._streamed(kernel, self._outputs(), None, constant=constant, outcome=outcome)
        texts = "".join(fill("s.{g:i}::text AS {g:i}, ", {"g": group}) for group in self.rows.groups)
        rows = self.db.execute(
            "SELECT {texts:q} {state:i} FROM ({text:q}) AS s", texts=texts, state=self.state, text=text
        )
        self.group_values = [{group: row[group] for group in self.rows.groups} for row in rows]
        return [row[self.state] for row in rows if row[self.state] is not None]

    @cached_property
    def group_values(self) -> list[dict[str, Any]]:
        """The grouping columns' values of each group, as text; without groups one entry, empty."""
        if not self.rows.groups:
            return [{}]
        texts = ", ".join(fill("{g:i}::text AS {g:i}", {"g": group}) for group in self.rows.groups)
        if self.store is not None:
            holes = {"groups": self.group_relation(), "number": self.group}
            relation = fill("({groups:q}) AS g ORDER BY g.{number:i}", holes)
        else:
            names = fill("{g:i,}", {"g": self.rows.groups}).rstrip(", ")
            relation = fill("{s:i} GROUP BY {names:q}", {"s": self.rows.source, "names": names})
        return self.db.execute("SELECT {texts:q} FROM {relation:q}", texts=texts, relation=relation)

    def group_relation(self, params: "Array | None" = None, only: Sequence[int] | None = None) -> str:
        """SQL of a relation: `group` from 0, the grouping columns, `params` where given.

        `only`: the numbers of the groups that `params` are of, while the source is streamed.
        """
        groups = self.rows.groups
        if self.store is not None and groups:
            columns = "".join(fill(", {g:i} ", {"g": group}) + self._types[group] for group in groups)
            return fill(
                "SELECT * FROM {schema:i}.__store_groups({store:l}) AS s({number:i} integer{columns:q})",
                {"schema": self.db.schema, "store": self.store, "number": self.group, "columns": columns},
            )
        rows = ", ".join(
            "("
            + ", ".join(
                [str(number)]
                + [f"{literal(values[group])}::{self._types[group]}" for group in groups]
                + ([literal(params[place].tolist())] if params is not None else [])
            )
            + ")"
            for place, number in enumerate(range(self._num_groups) if only is None else only)
            for values in [self.group_values[number]]
        )
        names = "".join(fill(", {g:i}", {"g": group}) for group in groups)
        names += fill(", {p:i}", {"p": self.params}) if params is not None else ""
        return fill(
            "SELECT * FROM (VALUES {rows:q}) AS v({number:i}{names:q})",
            {"rows": rows, "number": self.group, "names": names},
        )

    @property
    def _num_groups(self) -> int:
        return len(self.group_values)

    def close(self) -> None:
        """Give memory back before the transaction ends."""
        if self.store is not None:
            self.db.execute("SELECT {schema:i}.__store_free({store:l})", store=self.store)
            self.store = None

    @cached_property
    def _types(self) -> dict[str, str]:
        """SQL types of the grouping columns."""
        rows = self.db.execute(
            """
            SELECT attname AS name, pg_catalog.format_type(atttypid, atttypmod) AS type
            FROM pg_catalog.pg_attribute
            WHERE attrelid = {source:l}::regclass::oid AND attname = ANY ({groups:l}::text[])
            """,
            source=str(self.rows.source),
            groups=self.rows.groups,
        )
        return {row["name"]: row["type"] for row in rows}

    @property
    def _scalars(self) -> list[str]:
        return [item for item in (self.rows.target, self.rows.weights) if item is not None]

    def _fill_store(self) -> int | None:
        """The number of the store; None where it does not fit the memory setting."""
        groups = [fill("{g:i}", {"g": group}) for group in self.rows.groups]
        query = fill(
            "SELECT {columns:q} FROM {source:i}",
            {
                "columns": ", ".join([*self.rows.features, *self._scalars, *groups]),
                "source": self.rows.source,
            },
        )
        store: int | None = self.db.value(
            "SELECT {schema:i}.__store_fill({query:l}, {groups:l})", query=query, groups=len(groups)
        )
        return store

    def _stored(self, kernel: str, outputs: str, params: str | None) -> str:
        argument = fill(", p.{p:i}", {"p": self.params}) if params else ""
        join = join_groups(f"({params}) AS p", self.rows.groups, "s", "p") if params else ""
        return fill(
            """
            SELECT {outputs:q}
                   {schema:i}.__store_step({store:l}, {kernel:l}, s.{number:i}{argument:q})
                       AS {state:i}
            FROM ({groups:q}) AS s {join:q}
            """,
            {
                "outputs": outputs,
                "schema": self.db.schema,
                "store": self.store,
                "kernel": kernel,
                "number": self.group,
                "argument": argument,
                "state": self.state,
                "groups": self.group_relation(),
                "join": join,
            },
        )

    def _streamed(
        self,
        kernel: str,
        outputs: str,
        params: str | None,
        *,
        has_params: bool = True,
        constant: str | None = None,
        outcome: bool = False,
    ) -> str:
        """Without groups there is no GROUP BY at all: GROUP BY () would switch parallel workers off."""
        aggregate, before, after = self._aggregate(kernel)
        items = [*before, *after]
        names = [identifier(free_name(f"{ARGUMENT} {n}", self.rows.groups)) for n in range(len(items))]
        inner = ", ".join(f"{item} AS {name}" for item, name in zip(items, names, strict=True))
        join = join_groups(f"({params}) AS p", self.rows.groups, "s", "p") if params else ""
        keys = outputs.rstrip(", ")
        return fill(
            """
            SELECT {outputs:q} {outcome:q}({schema:i}.{aggregate:i}({arguments:q})) AS {state:i}
            FROM (SELECT {groups:i,} {inner:q} FROM {source:i}) AS s {join:q} {group_by:q}
            """,
            {
                "outputs": outputs,
                "schema": self.db.schema,
                "outcome": fill("{s:i}.__{k:q}_outcome", {"s": self.db.schema, "k": kernel})
                if outcome
                else "",
                "aggregate": aggregate,
                "arguments": ", ".join(
                    [f"s.{name}" for name in names[: len(before)]]
                    + [fill("p.{p:i}", {"p": self.params})] * bool(params and has_params)
                    + ([] if constant is None else [constant])
                    + [f"s.{name}" for name in names[len(before) :]]
                ),
                "groups": self.rows.groups,
                "inner": inner,
                "source": self.rows.source,
                "join": join,
                "state": self.state,
                "group_by": f"GROUP BY {keys}" if keys else "",
            },
        )

    def _aggregate(self, kernel: str) -> tuple[str, list[str], list[str]]:
        """The aggregate for a kernel, and its arguments before and after the parameters."""
        rows, scalars = self.rows, self._scalars
        if kernel in WITH_COLUMNS and not rows.is_vector and len(rows.features) <= MOST_ARGUMENTS:
            return f"__{kernel}_columns", scalars, rows.features
        return f"{kernel}_state", [*scalars[:1], rows.vector, *scalars[1:]], []

    def _outputs(self) -> str:
        """The grouping columns, each with its comma."""
        return "".join(fill("s.{g:i}, ", {"g": group}) for group in self.rows.groups)


def has_many_groups(db: Database, source: Relation, groups: list[str]) -> bool:
    """Whether the planner expects so many that a store is filled for one pass."""
    if not groups:
        return False
    plan = db.value(
        "EXPLAIN (FORMAT JSON) SELECT FROM {source:i} GROUP BY {groups:q}",
        source=source,
        groups=fill("{g:i,}", {"g": groups}).rstrip(", "),
    )
    tree = json.loads(plan) if isinstance(plan, str) else plan  # outside the server it is read already
    return int(tree[0]["Plan"]["Plan Rows"]) >= MANY_GROUPS


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, or one like it that is not among the `taken` ones."""
    while name in taken:
        name += "_"
    return name


def join_groups(
    relation: str,
    groups: list[str],
    left: str,
    right: str,
    kind: str = "JOIN",
    casts: Mapping[str, str] | None = None,
) -> str:
    """SQL that joins a relation by grouping columns of the same names on both sides; NULL equals NULL.

    Their types have to be the same, or become so by `casts`, SQL types.  IS NOT DISTINCT FROM would be a
    nested loop, and would look its operator up in the caller's search_path; record_eq takes the types' own
    equality, and the hash of the row makes it a hash join.
    """
    if not groups:
        return f"{kind} {relation} ON true"
    casts = casts or {}
    items = {
        side: ", ".join(
            fill("{side:q}.{g:i}", {"side": side, "g": g}) + (f"::{casts[g]}" if g in casts else "")
            for g in groups
        )
        for side in (left, right)
    }
    hashes = [f"pg_catalog.hash_record_extended(ROW({items[side]}), 0)" for side in (left, right)]
    return (
        f"{kind} {relation} ON {hashes[0]} OPERATOR(pg_catalog.=) {hashes[1]}"
        f" AND pg_catalog.record_eq(ROW({items[left]}), ROW({items[right]}))"
    )
