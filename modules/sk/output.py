"""Output tables of sk, written while models come: they need not be in memory together."""

import json
import struct
from collections.abc import Sequence
from typing import Any

from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name

NUMBERS = {"integer": int, "bigint": int, "double precision": float}
BYTES_PER_STATEMENT = 16 * 2**20


class Output:
    """A table with the grouping columns of a scan, then `columns`: pairs of a name and an SQL type."""

    def __init__(
        self, db: Database, scan: Scan, output: Relation, columns: Sequence[tuple[str, str]]
    ) -> None:
        self._db = db
        self._scan = scan
        self._output = output
        self._columns = columns
        self._verb = "CREATE TABLE {output:i} AS"
        self._rows: list[list[Any]] = []
        self._pieces: list[bytes] = []
        self._bytes = 0

    def add(self, group: int, values: Sequence[Any]) -> None:
        """Add a row of a group; `values` are those of the columns, None for NULL."""
        pairs = zip(self._columns, values, strict=True)
        self._rows.append([group, *(self._cell(sql_type, value) for (_, sql_type), value in pairs)])
        if self._bytes > BYTES_PER_STATEMENT:
            self.write()

    def write(self) -> None:
        """Write the rows that were added; the first call creates the table."""
        if not self._rows:
            return
        groups = self._scan.rows.groups
        row = free_name("output row", groups)  # a column of this name would be in its place
        types = ["bigint", *(sql_type if sql_type in NUMBERS else "bigint" for _, sql_type in self._columns)]
        columns = zip(types, zip(*self._rows, strict=True), strict=True)
        self._db.execute(
            """
            {verb:q}
            SELECT {groups:q} {cells:q}
            FROM (SELECT o.*, {pieces:b} AS pieces
                  FROM (SELECT {row:i}, r.*
                        FROM ROWS FROM ({columns:q}) WITH ORDINALITY AS r (number, {names:i,} place)
                             JOIN ({relation:q}) AS {row:i}
                             ON {row:i}.{group:i} OPERATOR(pg_catalog.=) r.number::integer
                        ORDER BY r.place) AS o
                  OFFSET 0) AS o
            """,
            verb=fill(self._verb, {"output": self._output}),
            groups="".join(fill("(o.{r:i}).{c:i}, ", {"r": row, "c": column}) for column in groups),
            cells=", ".join(self._sql_of(name, sql_type) for name, sql_type in self._columns),
            row=row,
            pieces=self._packed(),
            columns=", ".join(
                fill("pg_catalog.unnest({c:l}::{type:q}[])", {"c": list(column), "type": sql_type})
                for sql_type, column in columns
            ),
            names=[name for name, _ in self._columns],
            relation=self._scan.group_relation(),
            group=self._scan.group,
        )
        self._verb = "INSERT INTO {output:i}"
        self._rows, self._pieces, self._bytes = [], [], 0

    def _cell(self, sql_type: str, value: Any) -> Any:
        """Return the number that stands for a value: itself, or that of its piece."""
        if value is None:
            return None
        if sql_type in NUMBERS:
            return NUMBERS[sql_type](value)
        if sql_type == "bytea":
            return self._place(value)
        return self._place((json.dumps(value) if sql_type == "jsonb" else value).encode())

    def _sql_of(self, name: str, sql_type: str) -> str:
        """Return SQL of a column's value."""
        holes = {"schema": self._db.schema, "name": name, "type": sql_type}
        if sql_type in NUMBERS:
            return fill("o.{name:i}", holes)
        if sql_type == "bytea":
            return fill("{schema:i}.__piece(o.pieces, o.{name:i}::integer) AS {name:i}", holes)
        return fill("{schema:i}.__text_piece(o.pieces, o.{name:i}::integer)::{type:q} AS {name:i}", holes)

    def _place(self, piece: bytes) -> int:
        """Add a piece; return its number among them."""
        self._pieces.append(piece)
        self._bytes += len(piece)
        return len(self._pieces) - 1

    def _packed(self) -> bytes:
        """Return the pieces in the layout of src/catalog/numbers.c."""
        ends = []
        end = 0
        for piece in self._pieces:
            end += len(piece)
            ends.append(end)
        return struct.pack(f"<{1 + len(ends)}i", len(ends), *ends) + b"".join(self._pieces)
