"""The access of drivers to their data: a source, its expressions and groups, and a kernel's state per group.

Two feeds.  Streaming runs the kernel's aggregate over the source in each pass: parallel, constant memory.
A store keeps the columns in memory after one read, and kernels run over it with no executor in between; it
is taken where there are several passes or many groups, while it fits the setting madpy.store_memory.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from madpy.errors import MadpyError
from madpy.ports.postgres.layouts.known import KNOWN_CODES
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.scan.streaming import Streaming
from madpy.ports.postgres.session.keys import packed_keys
from madpy.ports.postgres.session.sql import fill, free_name
from madpy.records import Record, field

if TYPE_CHECKING:  # numpy takes a tenth of a second, and one-pass methods do without it
    from madpy.ports.postgres.scan.states import Array, States

# Names of internal columns; a grouping column may have one of them: see free_name.
GROUP = "kernel group"
STATE = "kernel state"
PARAMS = "kernel params"

# With more groups than this, a store ordered by group takes less time than an aggregate with many states.
MANY_GROUPS = 3000

MOST = "madpy.worker_memory"  # caps a store that a training cannot do without, whatever madpy.store_memory is


class Apart(Record):
    """How rows of a store in files are summed, and which of them go to files of their own.

    Without a share, `is_by_column` says that the last of the numbers beside the features decides: 1 is apart.
    """

    hash: str | None = None  # SQL of a bigint; it is summed
    share: float = 0  # share of the rows that are apart, chosen by the hash and the seed; 0: none
    seed: int = 0
    is_by_column: bool = False


class Rows(Record):
    """The input of a kernel: SQL of each part, all of type double precision.

    `features` are SQL of one number each, or one expression of type double precision[] where `is_vector`;
    `target` and `weights` are the kernel's scalars, where it has them.
    """

    source: Source
    target: str | None
    features: list[str]
    is_vector: bool = False
    weights: str | None = None
    groups: list[str] = field(default_factory=list)
    # Features, counted from 1, that are categories as they are: a store numbers their values.
    categories: list[int] = field(default_factory=list)
    # The rows go to files for another process: the target, the weights and this number of last features to a
    # second one.  None: kernels read them.
    beside: int | None = None
    apart: "Apart | None" = None
    max_levels: int = 0  # more values of one of these are an error of the store; 0: any number
    # The levels of each feature, None for a number, where an aggregate looks values up in them; its kernel
    # sees what `indicators` says: a value's place among its levels, or indicators of them.
    levels: list[list[str] | None] = field(default_factory=list)
    indicators: int = KNOWN_CODES

    @property
    def vector(self) -> str:
        """Return SQL of the features as one array."""
        return self.features[0] if self.is_vector else f"ARRAY[{', '.join(self.features)}]"

    @property
    def scalars(self) -> list[str]:
        return [item for item in (self.target, self.weights) if item is not None]

    @property
    def group(self) -> str:
        """Return the name of the column with a group's number."""
        return free_name(GROUP, self.groups)

    @property
    def state(self) -> str:
        """Return the name of the column with a kernel's state."""
        return free_name(STATE, self.groups)

    @property
    def params(self) -> str:
        """Return the name of the column with a kernel's parameters."""
        return free_name(PARAMS, self.groups)


class Scan:
    """`Rows` read through one of the two feeds, decided once."""

    def __init__(self, rows: Rows, passes: int = 1, *, may_store: bool = True, must_store: bool = False):
        self.db = rows.source.db
        self.rows = rows
        self.streaming = Streaming(rows, passes)
        self.store: int | None = None
        self.first: tuple[str, bytes] | None = None  # a kernel, and its state of all rows where that is known
        if must_store:
            self.db.set(
                "madpy.store_memory", self.db.value("SELECT pg_catalog.current_setting({n:l})", n=MOST)
            )
            self.store = self._fill_store()
            if self.store is None:
                raise MadpyError(
                    f"the rows do not fit {MOST}",
                    sqlstate="53400",
                    hint="train on fewer rows or columns, or ask a superuser to set it higher",
                )
            return
        if rows.source.shards.is_spread or not may_store:
            return
        if passes > 1 or has_many_groups(rows.source, rows.groups):
            self.store = self._fill_store()

    @property
    def feed(self) -> str:
        if self.rows.source.shards.is_spread:
            return "states of each server"
        return "streaming" if self.store is None else "store"

    @property
    def group(self) -> str:
        return self.rows.group

    @property
    def state(self) -> str:
        return self.rows.state

    @property
    def params(self) -> str:
        return self.rows.params

    def states(self, kernel: str, params: str | None = None) -> str:
        """Return SQL of a relation: the grouping columns, and `state`, the kernel's state after one pass.

        `params` is SQL of a relation: the grouping columns, and `params`, the kernel's parameters.
        """
        if self.first is not None and (self.first[0], params) == (kernel, None):
            return fill("SELECT {state:l} AS {name:i}", {"state": self.first[1], "name": self.state})
        if self.store is None:
            return self.streaming.states(kernel, params and self.streaming.params_of(params))
        return self._stored(kernel, params)

    def joinable_states(self, kernel: str, params: str | None = None) -> str:
        """Return SQL of the states for a statement that joins them with tables of this server."""
        return self.rows.source.joinable(self.states(kernel, params))

    def step(
        self,
        kernel: str,
        params: "Array | None" = None,
        groups: Sequence[int] | None = None,
        *,
        outcome: bool = False,
    ) -> "States":
        """Run one pass and return the kernel's state of each group, in the order of `group_values`.

        `params` has a row of parameters for each group, shape (G, p), or is the same for all, shape (p,).
        `groups`: the numbers of those that are read, rising, each with its row of `params`; all if not given.
        With `outcome` the kernel's own result takes the place of each state (Kernel.outcome in kernel.h),
        padded with zeros to one length.
        """
        from madpy.ports.postgres.scan import states

        if self.first is not None and self.first[0] == kernel and params is None and not outcome:
            return states.States.join([self.first[1]])
        if self.store is None:
            return self.streaming.step(kernel, params, groups, outcome=outcome)
        count = len(self.group_values) if groups is None else len(groups)
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

    @cached_property
    def group_values(self) -> list[dict[str, Any]]:
        """Return the grouping columns' values of each group, as text; without groups one empty entry."""
        if not self.rows.groups or self.store is None:
            return self.streaming.group_values
        return self.db.execute(
            "SELECT {texts:q} FROM ({groups:q}) AS g ORDER BY g.{number:i}",
            texts=self.rows.source.named_texts(self.rows.groups, "g").rstrip(", "),
            groups=self.group_relation(),
            number=self.group,
        )

    def group_relation(self) -> str:
        """Return SQL of a relation: the number of each group from 0, and its grouping columns."""
        groups = self.rows.groups
        if not groups:
            return fill("SELECT 0 AS {number:i}", {"number": self.group})
        return fill(
            "SELECT * FROM {schema:i}.{function:i}({argument:l}) AS s({number:i} integer{columns:q})",
            {
                "schema": self.db.schema,
                "function": "__key_rows" if self.store is None else "__store_groups",
                "argument": self._packed_groups if self.store is None else self.store,
                "number": self.group,
                "columns": "".join(
                    fill(", {g:i} {type:q}", {"g": group, "type": self.rows.source.columns[group].definition})
                    for group in groups
                ),
            },
        )

    def levels(self, feature: int, *, complete: bool = False) -> list[str | None]:
        """Return the values of a category in a store, in the order of their codes; `feature` counts from 0.

        With `complete`, a value that only rows with a NULL or with weight 0 have is replaced by None.
        """
        rows = self.rows
        weight = len(rows.features) + len(rows.scalars) if rows.weights is not None else 0
        levels: list[str | None] = self.db.value(
            "SELECT {schema:i}.__store_levels({store:l}, {column:l}, {complete:l}, {weight:l})",
            store=self.store,
            column=feature + 1,
            complete=complete,
            weight=weight if complete else 0,
        )
        return levels

    def order(self, feature: int, codes: Sequence[int]) -> None:
        """Replace the codes of a category in a store: `codes` has the new one for each old one, -1: NULL."""
        self.db.execute(
            "SELECT {schema:i}.__store_order({store:l}, {column:l}, {codes:l}::integer[])",
            store=self.store,
            column=feature + 1,
            codes=list(codes),
        )

    def indicate(self, counts: Sequence[int]) -> None:
        """Expand each feature of a store to this number of indicator columns for kernels; -1 leaves it."""
        self.db.execute(
            "SELECT {schema:i}.__store_indicate({store:l}, {counts:l}::integer[])",
            store=self.store,
            counts=[*counts, *(-1 for _ in self.rows.scalars)],
        )

    def close(self) -> None:
        """Free the store, if there is one, before the transaction ends."""
        if self.store is not None:
            self.db.execute("SELECT {schema:i}.__store_free({store:l})", store=self.store)
            self.store = None

    @property
    def _packed_groups(self) -> bytes:
        return packed_keys([list(values.values()) for values in self.group_values], [])

    def _fill_store(self) -> int | None:
        """Fill a store and return its number; None if it does not fit madpy.store_memory."""
        groups = [fill("{g:i}", {"g": group}) for group in self.rows.groups]
        apart = self.rows.apart or Apart()
        hashes = [] if apart.hash is None else [apart.hash]
        query = fill(
            "SELECT {columns:q} FROM {source:i}",
            {
                "columns": ", ".join([*self.rows.features, *self.rows.scalars, *hashes, *groups]),
                "source": self.rows.source,
            },
        )
        store: int | None = self.db.value(
            """
            SELECT {schema:i}.__store_fill(
                {query:l}, {groups:l}, {categories:l}::integer[], {most:l}, {beside:l},
                {apart:l}, {hashed:l}, {share:l}, {seed:l})
            """,
            query=query,
            groups=len(groups),
            categories=self.rows.categories,
            most=self.rows.max_levels,
            beside=-1
            if self.rows.beside is None
            else self.rows.beside + len(self.rows.scalars) + len(hashes),
            apart=apart.is_by_column or apart.share > 0,
            hashed=apart.hash is not None,
            share=float(apart.share),
            seed=apart.seed,
        )
        return store

    def _stored(self, kernel: str, params: str | None) -> str:
        argument = fill(", p.{p:i}", {"p": self.params}) if params else ""
        join = join_groups(f"({params}) AS p", self.rows.groups, "s", "p") if params else ""
        return fill(
            """
            SELECT {keys:q}
                   {schema:i}.__store_step({store:l}, {kernel:l}, s.{number:i}{argument:q})
                       AS {state:i}
            FROM ({groups:q}) AS s {join:q}
            """,
            {
                "keys": "".join(fill("s.{g:i}, ", {"g": group}) for group in self.rows.groups),
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


def has_many_groups(source: Source, groups: list[str]) -> bool:
    """Tell whether the planner expects so many groups that a store is filled even for one pass.

    Citus is not asked: after an EXPLAIN it refuses to read a local table in the same transaction.
    """
    if not groups or source.shards.is_citus:
        return False
    plan = source.db.value(
        "EXPLAIN (FORMAT JSON) SELECT FROM {source:i} GROUP BY {groups:q}",
        source=source,
        groups=fill("{g:i,}", {"g": groups}).rstrip(", "),
    )
    tree = json.loads(plan) if isinstance(plan, str) else plan  # outside the server it is read already
    return int(tree[0]["Plan"]["Plan Rows"]) >= MANY_GROUPS


def join_groups(
    relation: str,
    groups: list[str],
    left: str,
    right: str,
    kind: str = "JOIN",
    casts: Mapping[str, str] | None = None,
) -> str:
    """Return SQL that joins a relation by grouping columns of the same names on both sides; NULL equals NULL.

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
