"""Calls of drivers as SQL, arguments by name."""

from typing import Any


def named(function: str, **arguments: Any) -> str:
    """SQL of any call."""
    given = ", ".join(f"{name} => {literal(value)}" for name, value in arguments.items())
    return f"SELECT * FROM madlib.{function}({given})"


def supervised(
    function: str,
    features: str | None,
    target: str | None = "y",
    source: str | None = "t",
    output: str | None = "m",
    **options: Any,
) -> str:
    """SQL of a training with a target; of y in table t to table m where not said otherwise."""
    given = {"source_table": source, "output_table": output, "target": target, "features": features}
    return named(function, **given | options)


def literal(value: str | bool | float | None) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, float):
        return f"'{value!r}'::float8"
    return "NULL" if value is None else str(value)
