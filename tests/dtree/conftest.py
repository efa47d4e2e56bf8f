"""`load` makes a table of Python values; `tree` is a call of dtree_train, `refuses` one that has to fail."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.session import Failure, Session

TYPES = {bool: "boolean", int: "integer", float: "double precision", str: "text"}


def literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else str(value)


def call(
    features: str | None, target: str | None = "y", source: str = "t", output: str = "m", **options: Any
) -> str:
    """SQL of a call of dtree_train."""
    named = {
        "source_table": source,
        "output_table": output,
        "target": target,
        "features": features,
        **options,
    }
    return f"SELECT * FROM madlib.dtree_train({', '.join(f'{k} => {literal(v)}' for k, v in named.items())})"


@pytest.fixture
def load(sql: Session) -> Callable[..., None]:
    """load(y=[...], x=[...], table="t"): the columns keep every bit of their values; None is NULL."""

    def make(table: str = "t", **columns: Sequence[Any]) -> None:
        types = {
            name: TYPES[next(type(v) for v in values if v is not None)] for name, values in columns.items()
        }
        defined = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        sql(f'CREATE TABLE "{table}" ({defined})')
        sql.connection.inserttable(table, list(zip(*columns.values(), strict=True)))

    return make


@pytest.fixture
def tree(sql: Session) -> Callable[..., dict[int, dict[str, Any]]]:
    """tree("a, b"): the nodes, by number, of a tree for y in table t, which makes table m."""

    def fit(features: str, target: str = "y", **options: Any) -> dict[int, dict[str, Any]]:
        sql(call(features, target, **options))
        return {row["node"]: row for row in sql.rows(f"TABLE {options.get('output', 'm')}")}

    return fit


@pytest.fixture
def refuses(sql: Session) -> Callable[..., Failure]:
    """The error of a training, after which the database has the relations it had before."""

    def fit(features: str | None, target: str | None = "y", **options: Any) -> Failure:
        before = sql("SELECT oid FROM pg_class ORDER BY oid")
        error = sql.fails(call(features, target, **options))
        assert sql("SELECT oid FROM pg_class ORDER BY oid") == before
        return error

    return fit
