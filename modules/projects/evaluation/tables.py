"""The tables of trainings, evaluated through the functions that predict whole tables with them."""

from typing import Any

from madpy.errors import MadpyError
from madpy.modules.projects.evaluation.predicted import Query, target_items
from madpy.modules.projects.evaluation.queries import SUPERVISED, Subject
from madpy.modules.projects.tables.found import ModelTable
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name
from madpy.ports.postgres.session.types import NUMBERS, text_item

PREDICTED, SHARES = Relation("pg_temp", "madpy_predicted"), Relation("pg_temp", "madpy_shares")


def of_table(
    db: Database,
    model: ModelTable,
    source: Source,
    given: str | None,
    features: str | None,
    *,
    with_shares: bool = True,
) -> Subject:
    """Return the rows of a source with the predictions of a model table.

    The predictions are in temporary tables of this run.
    """
    if model.task not in (*SUPERVISED, "clustering"):
        raise MadpyError(
            f"a model of {model.task} has no figures over a table", hint="choose a model of another task"
        )
    return _predict(db, model, source, given, features, with_shares=with_shares)


def _predict(
    db: Database,
    model: ModelTable,
    source: Source,
    given: str | None,
    features: str | None,
    *,
    with_shares: bool,
) -> Subject:
    """Predict a copy of the rows that has their numbers and targets as well."""
    table, method, task, facts = model.table, model.method, model.task, model.facts
    trained = model.trained_target
    is_class = task == "classification"
    has_truth = task in SUPERVISED or given is not None
    truth = target_items(source, given, trained, is_class) if has_truth else []
    number = free_name("madpy_row", source.columns)
    names = [free_name(f"madpy_target_{n}", source.columns) for n in range(1, len(truth) + 1)]
    items = "".join(
        fill("{item:q} AS {name:i}, ", {"item": i, "name": n}) for i, n in zip(truth, names, strict=True)
    )
    rows = db.temporary_table(
        "madpy_rows",
        fill(
            "SELECT pg_catalog.row_number() OVER () AS {number:i}, {items:q} * FROM {source:i}",
            {"number": number, "items": items, "source": source},
        ),
    )
    _call(db, f"{method}_predict", table, rows, PREDICTED, features)
    db.drop_at_end(PREDICTED)
    labels, class_type = _classes(facts) if is_class else ([], None)
    relation, shares = str(PREDICTED), []
    if method == "logregr":
        shares = ["1 - probability", "probability"]
    elif is_class and with_shares and _has_shares(db, method, table, rows, features):
        relation += _shares(db, number, labels)
        shares = [f"madpy_share_{n}" for n in range(1, len(labels) + 1)]
    db.drop_temporary(rows)
    query = Query(
        relation,
        [fill("{name:i}", {"name": name}) for name in names],
        [_prediction(db, "cluster_id" if method == "kmeans" else "prediction", is_class)],
        shares,
        _points(source, facts) if task == "clustering" else [],
    )
    return Subject(task, query, labels, class_type, trained or [])


def _prediction(db: Database, name: str, is_class: bool) -> str:
    """Return SQL of what was predicted: a label as text, or a number, the first one of an array."""
    column = Source(PREDICTED.schema, PREDICTED.name, db).columns[name]
    item = fill("{name:i}", {"name": name})
    if is_class:
        return text_item(item, column.base)
    return item if column.element is None else f"{item}[1]"


def _classes(facts: dict[str, Any]) -> tuple[list[str], str | None]:
    """Return the labels of a model and their type, from a summary that any user may have made."""
    labels = facts.get("classes")
    if not isinstance(labels, list) or len(labels) < 2 or not all(isinstance(label, str) for label in labels):
        raise MadpyError(
            "the classes of the model cannot be read", sqlstate="22P02", hint="train the model again"
        )
    return labels, facts.get("class_type") or facts.get("target_type")


def _call(
    db: Database, function: str, table: Relation, rows: Relation, output: Relation, features: str | None
) -> None:
    db.execute(
        """
        SELECT {schema:i}.{function:i}({m:l}::text, {s:l}::text, {o:l}::text, features => {features:l}::text)
        """,
        function=function,
        m=str(table),
        s=str(rows),
        o=str(output),
        features=features,
    )


def _has_shares(db: Database, method: str, table: Relation, rows: Relation, features: str | None) -> bool:
    """Write the probabilities of classes; return whether the model has any."""
    try:
        _call(db, f"{method}_predict_prob", table, rows, SHARES, features)
    except MadpyError as error:
        if error.sqlstate != "42809":
            raise
        return False
    db.drop_at_end(SHARES)
    return True


def _shares(db: Database, number: str, labels: list[str]) -> str:
    """Return an item of FROM that joins the probabilities of a row, a column for each class."""
    label = text_item("prediction", Source(SHARES.schema, SHARES.name, db).columns["prediction"].base)
    items = ", ".join(
        fill(
            "COALESCE(pg_catalog.max(probability) FILTER (WHERE {label:q} = {one:l}), 0) AS {name:i}",
            {"label": label, "one": one, "name": f"madpy_share_{n}"},
        )
        for n, one in enumerate(labels, 1)
    )
    return fill(
        " LEFT JOIN (SELECT {number:i}, {items:q} FROM {shares:i} GROUP BY 1) AS madpy_s USING ({number:i})",
        {"number": number, "items": items, "shares": SHARES},
    )


def _points(source: Source, facts: dict[str, Any]) -> list[str]:
    """Return SQL of the coordinates of a row, where all are columns of numbers."""
    names = facts.get("feature_names") or []
    columns = [source.columns.get(name) for name in names]
    if any(column is None or column.base not in NUMBERS for column in columns):
        return []
    return [fill("{name:i}::float8", {"name": name}) for name in names]
