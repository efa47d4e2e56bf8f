"""Expressions over a relation, parsed by the server's grammar and typed without reading a row."""

from collections.abc import Callable, Iterable, Sequence

from madpy.errors import SqlError
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier
from madpy.records import Record

# Types by their numbers, and those under domains.  A statement of its own: Citus does not plan WITH RECURSIVE
# over a distributed table, and where it sends a statement whole, pg_typeof tells another server's numbers.
TYPES = """
    WITH RECURSIVE types AS (
        SELECT type::oid AS oid, type::oid AS base FROM pg_catalog.unnest({types:l}::bigint[]) AS t(type)
        UNION ALL
        SELECT types.oid, typbasetype
        FROM types JOIN pg_catalog.pg_type AS t ON t.oid = base AND t.typtype = 'd'
    )
    SELECT types.oid::bigint AS oid, types.oid::regtype::text AS type, base::regtype::text AS base,
           typtype = 'e' AS is_enum, CASE WHEN typcategory = 'A' THEN typelem::regtype::text END AS element
    FROM types JOIN pg_catalog.pg_type AS t ON t.oid = base AND typtype <> 'd'
"""
EXPRESSIONS_PER_STATEMENT = 1000  # expressions in one statement, which has space for 1,664
OF_EXPRESSIONS = ("42", "0A", "22", "3F")  # classes of SQLSTATEs


class Type(Record):
    """The type of an expression, by its name."""

    type: str  # declared type
    base: str  # base type of a domain, else the type itself
    element: str | None  # element type of an array
    is_enum: bool


class Parsed(Record):
    """A list of expressions as the server's grammar reads it."""

    is_array: bool  # whether the list is ARRAY[...]
    items: list[str]  # SQL of each expression, as written
    columns: list[str | None]  # the column's name where an item is a bare column


class Parser:
    """Parses and types expressions over `relation`, SQL, with a cache; `part` returns SQL of some rows.

    `numbers` are types that are known by their numbers already.
    """

    def __init__(
        self, db: Database, relation: str, part: Callable[[], str], numbers: dict[int, Type]
    ) -> None:
        self._db = db
        self._relation = relation
        self._part = part
        self._numbers = numbers
        self._parsed: dict[str, Parsed] = {}
        self._resolved: dict[str, str] = {}
        self._types: dict[str, Type] = {}

    def look_up(self, texts: Sequence[str]) -> None:
        """Parse and type several lists in advance; errors are raised later, by `parse` and `types`."""
        try:
            with self._db.atomic():
                self._parse(texts)
                self.types(self.items(*(self._parsed[text] for text in texts)))
        except SqlError as error:
            if error.sqlstate[:2] not in OF_EXPRESSIONS:
                raise

    def parse(self, text: str) -> Parsed:
        """Split a list into its expressions; raise SqlError for one that the grammar refuses."""
        self._parse([text])
        return self._parsed[text]

    def items(self, *lists: Parsed) -> list[str]:
        """Return SQL of each expression that is safe to put inside a larger one; raise SqlError.

        An expression is as its writer's search_path reads it, where the run has another one.
        """
        pairs = [pair for parsed in lists for pair in zip(parsed.columns, parsed.items, strict=True)]
        resolved = iter(self._resolve([_operand(item) for name, item in pairs if name is None]))
        return [next(resolved) if name is None else identifier(name) for name, _ in pairs]

    def types(self, items: Sequence[str]) -> list[Type]:
        """Return the type of each item, by a statement that reads no row; raise SqlError for an invalid one.

        The expressions stand in WHERE too, which takes no aggregate, window or set-returning function.
        """
        wanted = [item for item in dict.fromkeys(items) if item not in self._types]
        for start in range(0, len(wanted), EXPRESSIONS_PER_STATEMENT):
            some = wanted[start : start + EXPRESSIONS_PER_STATEMENT]
            numbers = self._db.column_types(
                "SELECT {items:q} FROM {part:q} WHERE {nulls:q} LIMIT 0",
                items=", ".join(f'{item} AS "item {n}"' for n, item in enumerate(some)),
                part=self._part(),
                nulls=" AND ".join(f"{item} IS NULL" for item in some),
            )
            if missing := sorted(set(numbers) - self._numbers.keys()):
                rows = self._db.execute(TYPES, types=missing)
                self._numbers |= {row.pop("oid"): Type(**row) for row in rows}
            self._types.update(zip(some, (self._numbers[number] for number in numbers), strict=True))
        return [self._types[item] for item in items]

    def _parse(self, texts: Iterable[str]) -> None:
        wanted = [text for text in dict.fromkeys(texts) if text not in self._parsed]
        if wanted:
            rows = self._db.execute(
                """
                SELECT p.is_array, p.items, p.columns
                FROM pg_catalog.unnest({texts:l}) WITH ORDINALITY AS t(text, place),
                     {schema:i}.__parse_list(t.text) AS p ORDER BY t.place
                """,
                texts=wanted,
            )
            self._parsed.update(zip(wanted, (Parsed(**row) for row in rows), strict=True))

    def _resolve(self, items: Sequence[str]) -> list[str]:
        if self._db.callers_path is None:
            return list(items)
        wanted = [item for item in dict.fromkeys(items) if item not in self._resolved]
        if wanted:
            resolved = self._db.value(
                """
                SELECT ARRAY(
                    SELECT {schema:i}.__resolve(t.item, {relation:l}::regclass, {path:l})
                    FROM pg_catalog.unnest({items:l}) WITH ORDINALITY AS t(item, place) ORDER BY t.place)
                """,
                items=wanted,
                relation=self._relation,
                path=self._db.callers_path,
            )
            self._resolved.update(zip(wanted, map(_operand, resolved), strict=True))
        return [self._resolved[item] for item in items]


def _operand(item: str) -> str:
    """Return an expression in parentheses; the line end keeps a comment in it from swallowing the rest."""
    return f"({item}\n)"
