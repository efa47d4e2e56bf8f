"""A call of regr_train as SQL."""

from typing import Any


def call(
    features: str | None,
    target: str | None = "y",
    source: str | None = "t",
    output: str | None = "m",
    **options: Any,
) -> str:
    """SQL of a call of regr_train."""
    options = {
        "source_table": source,
        "output_table": output,
        "target": target,
        "features": features,
    } | options
    arguments = ", ".join(f"{name} => {literal(value)}" for name, value in options.items())
    return f"SELECT * FROM madlib.regr_train({arguments})"


def literal(value: str | bool | None) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else str(value)
