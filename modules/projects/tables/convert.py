"""Model tables of other methods as models in one format, a model for each group."""

import json
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.helper.features.design import Design, read_features
from madpy.helper.tables.models import Columns, check_made_by
from madpy.modules.common.trees.layout import MODEL_SHAPE
from madpy.modules.projects.tables.bayes import bayes_content
from madpy.modules.projects.tables.found import Key, ModelTable
from madpy.modules.projects.tables.linear import LINEAR, coefficients_of, linear_model, read_linear
from madpy.modules.projects.tables.packed import NUMBERS, models_of
from madpy.modules.projects.tables.tree import tree_content
from madpy.modules.projects.tables.write import write_model
from madpy.ports.postgres.model import unpack
from madpy.ports.postgres.session.db import Database

COUNTS: Columns = {"node": "bigint", "num_rows": ["bigint", "double precision"]}


def models_by_group(model: ModelTable) -> Iterator[tuple[Key, bytes]]:
    """Yield a model for each group; raise an error for a method whose models have no such form."""
    if model.method in LINEAR:
        terms = read_linear(model).terms
        for key, coefficients in coefficients_of(model, terms):
            yield key, linear_model(model, terms, coefficients)
    elif model.method == "sk":
        yield from models_of(model)
    elif model.method in ("dtree", "nb"):
        rows = _rows_of_nodes(model) if model.method == "dtree" else {}
        for key, data in models_of(model):
            yield key, _converted(model, data, rows.get(tuple(key), {}))
    else:
        raise MadpyError(
            f"this is not possible for a model of {model.method}_train",
            sqlstate="0A000",
            hint="choose a model that predicts a number or a class",
        )


def _converted(model: ModelTable, data: bytes, rows: dict[int, float]) -> bytes:
    """Return a tree or a model of naive Bayes in the format of this module."""
    header, arrays = unpack(data, NUMBERS[model.method])
    design = read_features(header.get("features"), header.get("is_vector", False))
    labels = _labels(model, header)
    _check(model.table.db, model.method, data, design, arrays)
    if len(arrays[MODEL_SHAPE]) != len(design.features) + 1 or int(arrays[MODEL_SHAPE][0]) != len(labels):
        raise model.damaged()
    if any(
        count != len(feature.levels or [])
        for count, feature in zip(arrays[MODEL_SHAPE][1:].tolist(), design.features, strict=True)
    ):
        raise model.damaged()
    try:
        content = (
            bayes_content(design, labels, arrays)
            if model.method == "nb"
            else tree_content(design, labels, arrays, rows)
        )
    except KeyError:
        raise model.damaged() from None
    return write_model(
        content, {"algorithm": model.method, "is_vector": design.is_vector, "classes": header.get("classes")}
    )


def _labels(model: ModelTable, header: dict[str, Any]) -> list[str]:
    """Return the labels of the classes; none of a regression."""
    classes = header.get("classes")
    labels = classes.get("labels") if isinstance(classes, dict) else []
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise model.damaged()
    return labels


def _check(db: Database, method: str, data: bytes, design: Design, arrays: list[NDArray[Any]]) -> None:
    """Have the scorer in C check all arrays of a model."""
    db.execute(
        "SELECT {schema:i}.{function:i}({data:b}, pg_catalog.array_fill(NULL::float8, ARRAY[{count:l}]))",
        schema=db.schema,
        function=f"{method}_predict",
        data=data,
        count=len(design.features),
    )


def _rows_of_nodes(model: ModelTable) -> dict[tuple[str | None, ...], dict[int, float]]:
    """Return the rows of each node of each group's tree."""
    check_made_by(model.table, "dtree_train", COUNTS)
    rows = model.table.db.execute(
        """
        SELECT {key:q} AS key, pg_catalog.jsonb_object_agg(node, num_rows)::text AS rows
        FROM {table:i} AS m WHERE node IS NOT NULL AND num_rows IS NOT NULL GROUP BY 1
        """,
        key=model.key_item("m"),
        table=model.table,
    )
    return {
        tuple(row["key"]): {int(node): float(count) for node, count in json.loads(row["rows"]).items()}
        for row in rows
    }
