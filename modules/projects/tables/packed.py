"""Packed models of other methods: their bytes, by group."""

from collections.abc import Iterator
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.models.layout import MODEL_BAYES, MODEL_SK, MODEL_TREE
from madpy.modules.projects.tables.found import Key, ModelTable
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.scan.source import Source

NUMBERS = {"dtree": MODEL_TREE, "nb": MODEL_BAYES, "sk": MODEL_SK}


def header_of(model: ModelTable) -> dict[str, Any]:
    """Return the header of the model of some group: all have the same features."""
    rows = model.table.db.execute(
        "SELECT model FROM {table:i} WHERE model IS NOT NULL LIMIT 1", table=holder_of(model)
    )
    if not rows:
        raise MadpyError(f"table {quoted(model.table.name)} has no model", hint="train it again")
    return unpack(rows[0]["model"], NUMBERS[model.method])[0]


def models_of(model: ModelTable) -> Iterator[tuple[Key, bytes]]:
    """Yield the bytes of each group that has a model."""
    rows = model.table.db.execute(
        "SELECT {key:q} AS key, model FROM {table:i} AS m WHERE model IS NOT NULL",
        key=model.key_item("m"),
        table=holder_of(model),
    )
    for row in rows:
        yield row["key"], row["model"]


def holder_of(model: ModelTable) -> Source:
    """Return the table that has the bytes; raise an error if its columns are not those of a training."""
    holder = model.table if model.method == "sk" else model.summary
    types = holder.types
    if types.get("model") != "bytea" or any(
        types.get(name) != model.table.types[name] for name in model.groups
    ):
        raise model.damaged()
    return holder
