"""Calls of the drivers as SQL."""

from typing import Any

DEFAULTS = {"source_table": "t", "output_table": "m", "features": "x", "k": 2}


def call(function: str = "kmeans_train", **options: Any) -> str:
    """SQL of a call, all arguments by name; kmeans_train has source t, output m, features x and k = 2."""
    options = (DEFAULTS if function == "kmeans_train" else {}) | options
    arguments = ", ".join(f"{name} => {literal(value)}" for name, value in options.items())
    return f"SELECT * FROM madlib.{function}({arguments})"


def literal(value: str | bool | float | None) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float):
        return f"'{value!r}'::float8"
    return "NULL" if value is None else str(value)
