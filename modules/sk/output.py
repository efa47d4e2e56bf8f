"""The output table of sk_train, written while models come: they need not be in memory together."""

import json
import struct
from typing import Any

from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name

COLUMNS = [
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("metrics", "jsonb"),
    ("details", "jsonb"),
    ("warnings", "jsonb"),
    ("model", "bytea"),
]
BYTES_PER_STATEMENT = 16 * 2**20


class Output:
    """A table with a row for each group: grouping columns, and COLUMNS."""

    def __init__(self, db: Database, scan: Scan, output: Relation) -> None:
        self._db = db
        self._scan = scan
        self._output = output
        self._verb = "CREATE TABLE {output:i} AS"
        self._rows: list[list[int | None]] = []
        self._pieces: list[bytes] = []
        self._bytes = 0

    def add(
        self, group: int, num_rows: int, num_skipped: int, values: list[Any], model: bytes | None
    ) -> None:
        """Add the row of a group; `values` are metrics, details and warnings, None for NULL."""
        cells = [None if one is None else json.dumps(one).encode() for one in values]
        places = [self._place(one) for one in (*cells, model)]
        self._rows.append([group, num_rows, num_skipped, *places])
        if self._bytes > BYTES_PER_STATEMENT:
            self.write()

    def write(self) -> None:
        """Write the rows that were added; the first call creates the table."""
        if not self._rows:
            return
        groups = self._scan.rows.groups
        row = free_name("output row", groups)  # a column of this name would be in its place
        columns = [list(column) for column in zip(*self._rows, strict=True)]
        self._db.execute(
            """
            {verb:q}
            SELECT {groups:q} o.processed AS num_rows_processed, o.skipped AS num_missing_rows_skipped,
                   {schema:i}.__text_piece(o.pieces, o.metrics::integer)::jsonb AS metrics,
                   {schema:i}.__text_piece(o.pieces, o.details::integer)::jsonb AS details,
                   {schema:i}.__text_piece(o.pieces, o.warnings::integer)::jsonb AS warnings,
                   {schema:i}.__piece(o.pieces, o.model::integer) AS model
            FROM (SELECT o.*, {pieces:b} AS pieces
                  FROM (SELECT {row:i}, r.*
                        FROM ROWS FROM ({columns:q})
                                 AS r (number, processed, skipped, metrics, details, warnings, model)
                             JOIN ({relation:q}) AS {row:i}
                             ON {row:i}.{group:i} OPERATOR(pg_catalog.=) r.number::integer
                        ORDER BY r.number) AS o
                  OFFSET 0) AS o
            """,
            verb=fill(self._verb, {"output": self._output}),
            groups="".join(fill("(o.{r:i}).{c:i}, ", {"r": row, "c": column}) for column in groups),
            row=row,
            pieces=self._packed(),
            columns=", ".join(fill("pg_catalog.unnest({c:l}::bigint[])", {"c": one}) for one in columns),
            relation=self._scan.group_relation(),
            group=self._scan.group,
        )
        self._verb = "INSERT INTO {output:i}"
        self._rows, self._pieces, self._bytes = [], [], 0

    def _place(self, piece: bytes | None) -> int | None:
        """Add a piece; return its number among them."""
        if piece is None:
            return None
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
