"""SQL of hashes of rows, of tables with more columns than a function can have arguments."""

from collections.abc import Sequence

from madpy.modules.projects.schema import own
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier

MOST_VALUES = 99  # the server allows 100 arguments, the seed among them


def row_hash(db: Database, seed: int, columns: Sequence[str]) -> str:
    """Return SQL of an integer that depends on the seed and the values of the columns."""
    return _call(db, "__hash", seed, columns)


def row_part(db: Database, seed: int, columns: Sequence[str]) -> str:
    """Return SQL of a number from 0, below 1, that depends on the seed and the values of the columns."""
    return _call(db, "__part", seed, columns)


def _call(db: Database, function: str, seed: int, columns: Sequence[str]) -> str:
    """Return a call over the columns; where they are too many, the last ones are replaced by their hash."""
    schema = identifier(own(db))
    values = [identifier(column) for column in columns]
    while len(values) > MOST_VALUES:
        last = ", ".join(values[-MOST_VALUES:])
        values[-MOST_VALUES:] = [f"{schema}.__hash(0, {last})"]
    return f"{schema}.{function}({seed}, {', '.join(values)})"
