"""The source of a call: a relation that is read, resolved once, and what it can be asked."""

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from madpy.errors import SqlError
from madpy.ports.postgres.scan.parser import Parser, Type
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, identifier
from madpy.ports.postgres.session.types import text_item
from madpy.ports.postgres.shards.layout import Part, Shards

# A query of one row with facts about a relation.  The types of domains are resolved to their base types.
FACTS = """
    WITH RECURSIVE columns AS (
        SELECT attnum, attname, atttypid, atttypmod, attcollation, atttypid AS base
        FROM pg_catalog.pg_attribute
        WHERE attrelid = {relation:l}::regclass::oid AND attnum > 0 AND NOT attisdropped
        UNION ALL
        SELECT attnum, attname, atttypid, atttypmod, attcollation, typbasetype
        FROM columns JOIN pg_catalog.pg_type ON oid = base AND typtype = 'd'
    )
    SELECT {take:q} pg_catalog.format('%I.%I', {relation_schema:l}, {relation_name:l}) AS full_name,
           pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL AS has_citus,
           EXISTS (SELECT FROM pg_catalog.pg_foreign_table) AS has_foreign_tables,
           (SELECT pg_catalog.json_agg(
                       pg_catalog.json_build_array(
                           c.attname, c.attnum, c.atttypid::bigint, c.atttypid::regtype::text,
                           c.base::regtype::text,
                           CASE WHEN b.typcategory = 'A' THEN b.typelem::regtype::text END,
                           b.typtype = 'e', c.attcollation::bigint,
                           pg_catalog.format_type(c.atttypid, c.atttypmod)
                               || CASE WHEN c.attcollation <> t.typcollation
                                       THEN ' COLLATE ' || c.attcollation::regcollation::text ELSE '' END)
                       ORDER BY c.attnum)
            FROM columns AS c JOIN pg_catalog.pg_type AS b ON b.oid = c.base AND b.typtype <> 'd'
                 JOIN pg_catalog.pg_type AS t ON t.oid = c.atttypid) AS columns
"""


class Column(NamedTuple):
    """A column of a relation, as FACTS has it."""

    name: str
    number: int
    oid: int  # OID of the type
    type: str  # declared type
    base: str  # base type of a domain, else the type itself
    element: str | None  # element type of an array
    is_enum: bool
    collation: int
    definition: str  # the type with its modifiers and collation, as CREATE TABLE takes it


class Source(Relation):
    """A relation that a call reads, with its database.

    The catalogue is asked about it once: by `hold`, or else when the first fact is needed.
    """

    db: Database

    def hold(self, *, is_locked: bool = False) -> "Source":
        """Take the snapshot that all later statements of the run read under; see Database.keep_snapshot."""
        self.__dict__["facts"] = self.db.keep_snapshot(self, FACTS, self._asked, is_locked=is_locked)
        return self

    @property
    def _asked(self) -> dict[str, str]:
        return {"relation": str(self), "relation_schema": self.schema, "relation_name": self.name}

    @cached_property
    def facts(self) -> dict[str, Any]:
        return self.db.execute_kept(FACTS, take="", **self._asked)[0]

    @property
    def full_name(self) -> str:
        """Return schema.name, with quotes where SQL needs them: for people to read and to copy."""
        name: str = self.facts["full_name"]
        return name

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Return the columns by their names, in the table's order."""
        return {row[0]: Column(*row) for row in json.loads(self.facts["columns"] or "[]")}

    @property
    def types(self) -> dict[str, str]:
        """Return name and type of each column, in the table's order."""
        return {name: column.type for name, column in self.columns.items()}

    @property
    def base_types(self) -> dict[str, str]:
        """Return name and type of each column, in the table's order; for a domain, the type under it."""
        return {name: column.base for name, column in self.columns.items()}

    def texts(self, names: Sequence[str], alias: str) -> list[str]:
        """Return SQL of some columns as text, of a relation `alias` that has the columns of this source."""
        return [
            text_item(fill("{a:q}.{n:i}", {"a": alias, "n": name}), self.columns[name].base) for name in names
        ]

    def named_texts(self, names: Sequence[str], alias: str) -> str:
        """Return the columns as text under their own names: items of a SELECT, each followed by a comma."""
        texts = zip(self.texts(names, alias), names, strict=True)
        return "".join(f"{text} AS {identifier(name)}, " for text, name in texts)

    @cached_property
    def parser(self) -> Parser:
        """Return the parser of expressions over the source."""
        numbers = {
            column.oid: Type(column.type, column.base, column.element, column.is_enum)
            for column in {column.oid: column for column in self.columns.values()}.values()
        }
        return Parser(self.db, str(self), lambda: self.one_part, numbers)

    def lacks(self, column: str) -> SqlError:
        """Return the error for a part whose table on its server lacks a column."""
        from madpy.ports.postgres.shards.servers import LACKING, NO_COLUMN

        message = f'column "{column}" of a part of table "{self.name}" does not exist'
        return SqlError(message, sqlstate=NO_COLUMN, hint=LACKING)

    def look_up(self, *lists: str | None) -> None:
        """Parse and type lists of expressions ahead of their checks, all of them in two statements.

        An error is not raised here but by the check of that expression, which knows the argument's name.
        """
        self.parser.look_up([text for text in lists if text and text.strip()])

    # Its rows, wherever they lie.  Modules for several servers are loaded where there are some.

    @cached_property
    def shards(self) -> Shards:
        """Return the parts on other servers; raise MadpyError for a server that cannot be used."""
        if not (self.facts["has_citus"] or self.facts["has_foreign_tables"]):
            return Shards(())
        from madpy.ports.postgres.shards import queries

        return queries.shards_of(self)

    @property
    def one_part(self) -> str:
        """Return an item of FROM with all columns and some of the rows: enough to look up types."""
        return self.shards.parts[-1].sql if self.shards.parts else str(self)

    def part_by_part(self, query: Callable[[Part], str], kind: str | None = None) -> str:
        """Return `query` for each part, with UNION ALL between them.

        Statements of one `kind` differ in constants alone: what is sent to the servers is looked up once.
        """
        if not self.shards.parts:
            return query(Part(str(self), None, self))
        from madpy.ports.postgres.shards import queries

        return queries.part_by_part(self, query, kind)

    def joinable(self, text: str) -> str:
        """Return SQL of a query over the source that can be joined with tables of this server.

        Citus joins a distributed table with a local one in a SELECT only, and by fetching one of the two:
        the rows of the query are first written to a temporary table.
        """
        if not self.shards.is_citus:
            return text
        return fill("SELECT * FROM {table:i}", {"table": self.db.temporary_table("madpy_rows", text)})

    def distinct_values(self, item: str, most: int, conditions: Sequence[str] = ()) -> str:
        """Return SQL of a relation with the distinct values of an expression as `value`, at most `most`.

        Only rows for which all `conditions`, SQL, are true count.
        """
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        holes = {"item": item, "most": most, "where": where}
        one = "SELECT {item:q} AS value FROM {part:q} {where:q} GROUP BY 1 LIMIT {most:l}"
        if self.shards.parts:
            # Planned by itself: for a few groups the planner would rather fetch rows in their order.
            one = """
                WITH d AS MATERIALIZED (SELECT {item:q} AS value FROM {part:q} {where:q} GROUP BY 1)
                SELECT value FROM d LIMIT {most:l}
                """
        parts = self.part_by_part(lambda part: fill(f"({one})", {**holes, "part": part.sql}))
        return fill("SELECT value FROM ({parts:q}) AS p GROUP BY 1 LIMIT {most:l}", {**holes, "parts": parts})

    def values_by_part(
        self, items: Sequence[str], most: int, conditions: Sequence[str] = ()
    ) -> list[list[list[str]]]:
        """Read the distinct values of expressions as text in one pass, for each those of every part.

        Only rows for which all `conditions`, SQL, are true are looked at.  An expression with more values
        than `most` has as many and one more.
        """
        names = [f"values {n}" for n in range(len(items))]
        columns = ", ".join(
            fill(
                "{schema:i}.__levels({most:l}, {item:q}) AS {name:i}",
                {"schema": self.db.schema, "most": most, "item": item, "name": name},
            )
            for item, name in zip(items, names, strict=True)
        )
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        query = self.part_by_part(
            lambda part: fill("SELECT {c:q} FROM {p:q} {w:q}", {"c": columns, "p": part.sql, "w": where})
        )
        rows = self.db.execute("{query:q}", query=query)
        return [[row[name] for row in rows] for name in names]

    def first_values(self, item: str, most: int) -> str:
        """Return SQL of a relation with an expression as `value`, over `most` rows or two of each part."""
        most = min(most, 2) if self.shards.parts else most
        one = "(SELECT {item:q} AS value FROM {part:q} LIMIT {most:l})"
        return self.part_by_part(lambda part: fill(one, {"item": item, "part": part.sql, "most": most}))

    def first_length(self, item: str) -> int:
        """Return the length of an array column in the first row where it is not NULL; 0 if there is none."""
        one = """
            (SELECT pg_catalog.cardinality({item:q}) AS length FROM {part:q}
             WHERE {item:q} IS NOT NULL LIMIT 1)
            """
        query = self.part_by_part(lambda part: fill(one, {"item": item, "part": part.sql}))
        rows = self.db.execute("{query:q}", query=query)
        return int(rows[0]["length"]) if rows else 0

    def counts(self, items: Sequence[str]) -> tuple[int, list[int]]:
        """Return the number of rows, and for each expression the number of rows where it is not NULL."""
        names = [f"count {n}" for n in range(len(items) + 1)]
        counts = ["pg_catalog.count(*)", *(f"pg_catalog.count({item})" for item in items)]
        columns = ", ".join(f'{count} AS "{name}"' for count, name in zip(counts, names, strict=True))
        one = "SELECT {columns:q} FROM {part:q}"
        rows, *known = self.db.value(
            "SELECT ARRAY[{sums:q}]::bigint[] FROM ({parts:q}) AS p",
            sums=", ".join(f'pg_catalog.sum("{name}")' for name in names),
            parts=self.part_by_part(lambda part: fill(one, {"columns": columns, "part": part.sql})),
        )
        return rows, known
