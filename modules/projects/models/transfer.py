"""export_model and import_model: models as bytes, which are checked completely before they are stored."""

import json
import math
from typing import Any

from madpy import __version__
from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import check_choice, quoted
from madpy.modules.projects.catalogue import add_project, check_name, find_project
from madpy.modules.projects.layout import MODEL_TABLE
from madpy.modules.projects.models.fitted import (
    Fitted,
    Kept,
    deployed_model,
    model_item,
    read_model,
    score,
)
from madpy.modules.projects.models.prepared import inputs_of
from madpy.modules.projects.schema import write
from madpy.modules.projects.snapshots import IMPORTED
from madpy.modules.projects.tables.carry import export_table, import_table
from madpy.modules.projects.tables.found import find_table
from madpy.ports.postgres.model import method_of
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server

MADPY, ONNX = FORMATS = ("madpy", "onnx")


@in_server("export_model", module="projects")
def export_model(db: Database, model: str | None, format: str | None) -> bytes:
    """Return the bytes of the deployed model of a project, or of the tables of a model."""
    name = str(helper.check_not_null("model", model))
    if find_project(db, name) is not None:
        return exported(db, deployed_model(db, name), format)
    table = find_table(db, name)
    if check_choice("format", format, FORMATS) == ONNX:
        raise MadpyError(
            "tables of trainings are not exported in ONNX", sqlstate="0A000", hint="choose the format madpy"
        )
    return export_table(table)


def exported(db: Database, model: Kept, format: str | None) -> bytes:
    """Return the bytes of a model of a project, as a training wrote them or as a graph of ONNX."""
    if check_choice("format", format, FORMATS) == ONNX:
        return _as_onnx(model)
    return bytes(db.value("SELECT {model:q}", model=model_item(db, model.id)))


def _as_onnx(entry: Kept) -> bytes:
    """Return the bytes of a graph; the package that writes it is an extra, and takes 0.4 s to import."""
    try:
        from madpy.modules.projects.models.graphs.export import onnx_model
    except ImportError as error:
        raise MadpyError(
            f"the Python of the server cannot import onnx: {error}",
            sqlstate="0A000",
            hint="install the extra madpy[onnx] into the Python of madpy.python_path, and connect again",
        ) from None
    return onnx_model(entry.fitted, entry.algorithm)


@in_server("import_model", module="projects")
def import_model(db: Database, name: str | None, model: bytes | None) -> int | None:
    """Add a model to a project and return its number, or create the tables of a model, which has none."""
    given = str(helper.check_not_null("name", name))
    data = bytes(helper.check_not_null("model", model))
    if method_of(data) == MODEL_TABLE:
        import_table(db, given, data)
        return None
    return _add(db, given, data)


def _add(db: Database, name: str, data: bytes) -> int:
    """Add a model to a project, which is made if there is none of this name."""
    fitted = read_model(data)
    score(db, fitted, data, None)
    score(db, fitted, data, _row(fitted))
    check_name(db, name)
    entry = find_project(db, name)
    if entry is not None and entry.task != fitted.task:
        raise MadpyError(
            f"project {quoted(name)} is for {entry.task}, and the model for {fitted.task}",
            hint="choose another project",
        )
    entry = entry or add_project(db, name, fitted.task)
    facts = _facts(fitted)
    snapshot = write(
        db,
        "add_snapshot",
        "{project:l}::bigint, {facts:l}::jsonb",
        project=entry.id,
        facts=_snapshot(fitted, facts["seed"]),
    )
    return write(
        db,
        "add_model",
        "{project:l}::bigint, {snapshot:l}::bigint, {facts:l}::jsonb, {data:b}",
        project=entry.id,
        snapshot=snapshot,
        facts=facts,
        data=data,
    )


def _snapshot(fitted: Fitted, seed: int) -> dict[str, Any]:
    """Return what is known of the rows that a model was fitted on."""
    return {
        "relation_name": f"({IMPORTED})",
        "y_column_name": [],
        "features": [
            {"name": name, "type": "text" if levels else "double precision"}
            for name, levels in zip(fitted.inputs, fitted.levels, strict=True)
        ],
        "test_size": 0,
        "test_sampling": IMPORTED,
        "seed": seed,
    }


def _row(fitted: Fitted) -> list[str]:
    """Return a row that a model can score: the centers of numbers, and the first levels."""
    return [
        one.levels[0] if one.levels else repr(one.center if math.isfinite(one.center) else 0.0)
        for one in inputs_of(fitted)
    ]


def _facts(fitted: Fitted) -> dict[str, Any]:
    """Return what the header says of the training: it may be anything, and other types are left out."""
    header = fitted.header
    algorithm, seed = header.get("algorithm"), header.get("seed")
    hyperparams, preprocess = header.get("hyperparams"), header.get("preprocess")
    version = header.get("madpy_version")
    return {
        "algorithm": algorithm if isinstance(algorithm, str) and "\0" not in algorithm else "unknown",
        "hyperparams": hyperparams if _is_plain(hyperparams, dict) else {},
        "preprocess": preprocess if _is_plain(preprocess, dict | str) else {},
        "status": "successful",
        "seed": seed if type(seed) is int and 0 <= seed < 2**31 else 0,
        "libraries": {
            "madpy": version if _is_plain(version, str) else "unknown",
            "imported_with": __version__,
        },
    }


def _is_plain(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a type and can be jsonb, which has no zero bytes."""
    return isinstance(value, kind) and "\\u0000" not in json.dumps(value)
