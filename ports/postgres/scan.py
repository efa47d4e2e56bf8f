"""What drivers ask for their data: a source, its expressions and groups, and a kernel's state per group.

Two feeds.  Streaming runs the kernel's aggregate over the source in each pass: parallel, constant memory.
A store keeps the columns in memory after one read, and kernels run over it with no executor in between; it
is taken where there are several passes or groups, while it fits the setting madpy.store_memory.
"""

from dataclasses import dataclass, field

from madpy.ports.postgres.db import Database, Relation, fill


@dataclass(frozen=True)
class Rows:
    """What a kernel sees of a source: SQL of each part, `target` and `weights` of type double precision.

    `features` are SQL of one number each, or one expression of type double precision[] where `is_vector`.
    """

    source: Relation
    target: str
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
        if passes > 1 or rows.groups:
            self.store = self._fill_store()

    @property
    def feed(self) -> str:
        return "streaming" if self.store is None else "store"

    def states(self, kernel: str, params: str | None = None) -> str:
        """SQL of a relation: the grouping columns, and "kernel state", the kernel's state after one pass.

        `params` is SQL of a relation: the grouping columns, and "kernel params", the kernel's parameters.
        The names are odd because a grouping column may well be called "state".
        """
        feed = self._streamed if self.store is None else self._stored
        return feed(kernel, params)

    def close(self) -> None:
        """Give memory back before the transaction ends."""
        if self.store is not None:
            self.db.execute("SELECT {schema:i}.__store_free({store:l})", store=self.store)
            self.store = None

    def _fill_store(self) -> int | None:
        """The number of the store; None where it does not fit the memory setting."""
        query = fill(
            "SELECT {columns:q} FROM {source:i}",
            {"columns": ", ".join(self._columns()), "source": self.rows.source},
        )
        store: int | None = self.db.value(
            "SELECT {schema:i}.__store_fill({query:l}, {groups:l})", query=query, groups=len(self.rows.groups)
        )
        return store

    def _columns(self) -> list[str]:
        """Columns of a store, in the order in which kernels take them."""
        rows = self.rows
        weights = [rows.weights] if rows.weights else []
        return [*rows.features, rows.target, *weights, *(fill("{g:i}", {"g": g}) for g in rows.groups)]

    def _stored(self, kernel: str, params: str | None) -> str:
        types = self.db.execute(
            """
            SELECT attname AS name, pg_catalog.format_type(atttypid, atttypmod) AS type
            FROM pg_catalog.pg_attribute
            WHERE attrelid = {source:l}::regclass::oid AND attname = ANY ({groups:l}::text[])
            """,
            source=str(self.rows.source),
            groups=self.rows.groups,
        )
        type_of = {row["name"]: row["type"] for row in types}
        columns = "".join(fill(", {g:i} ", {"g": group}) + type_of[group] for group in self.rows.groups)
        return fill(
            """
            SELECT {outputs:q}
                   {schema:i}.__store_step({store:l}, {kernel:l}, s."kernel group"{argument:q})
                       AS "kernel state"
            FROM {schema:i}.__store_groups({store:l}) AS s("kernel group" integer{columns:q}) {join:q}
            """,
            {
                "outputs": self._outputs(),
                "schema": self.db.schema,
                "store": self.store,
                "kernel": kernel,
                "argument": ', p."kernel params"' if params else "",
                "columns": columns,
                "join": self._join(params),
            },
        )

    def _streamed(self, kernel: str, params: str | None) -> str:
        """Without groups there is no GROUP BY at all: GROUP BY () would switch parallel workers off."""
        rows = self.rows
        names = ["y", "x"] + (["w"] if rows.weights else [])
        items = [rows.target, rows.vector] + ([rows.weights] if rows.weights else [])
        inner = ", ".join(f'{item} AS "kernel {name}"' for item, name in zip(items, names, strict=True))
        return fill(
            """
            SELECT {outputs:q} {schema:i}.{aggregate:i}({arguments:q}) AS "kernel state"
            FROM (SELECT {groups:i,} {inner:q} FROM {source:i}) AS s {join:q} {group_by:q}
            """,
            {
                "outputs": self._outputs(),
                "schema": self.db.schema,
                "aggregate": f"{kernel}_state",
                "arguments": ", ".join(
                    [f's."kernel {name}"' for name in names] + ['p."kernel params"'] * bool(params)
                ),
                "groups": rows.groups,
                "inner": inner,
                "source": rows.source,
                "join": self._join(params),
                "group_by": f"GROUP BY {self._outputs().rstrip(', ')}" if rows.groups else "",
            },
        )

    def _outputs(self) -> str:
        """The grouping columns, each with its comma."""
        return "".join(fill("s.{g:i}, ", {"g": group}) for group in self.rows.groups)

    def _join(self, params: str | None) -> str:
        return join_groups(f"({params}) AS p", self.rows.groups, "s", "p") if params else ""


def join_groups(relation: str, groups: list[str], left: str, right: str, kind: str = "JOIN") -> str:
    """SQL that joins a relation by grouping columns of the same names on both sides; NULL equals NULL.

    IS NOT DISTINCT FROM alone would be a nested loop; the hash of the row makes it a hash join.
    """
    if not groups:
        return f"{kind} {relation} ON true"
    rows = {
        side: "ROW(" + ", ".join(fill("{side:q}.{g:i}", {"side": side, "g": g}) for g in groups) + ")"
        for side in (left, right)
    }
    hashes = {side: f"pg_catalog.hash_record_extended({row}, 0)" for side, row in rows.items()}
    return (
        f"{kind} {relation} ON {hashes[left]} = {hashes[right]}"
        f" AND {rows[left]} IS NOT DISTINCT FROM {rows[right]}"
    )
