"""Predictions and targets of the rows of a relation as SQL, for a model of a project."""

from madpy.errors import MadpyError, SqlError
from madpy.modules.projects.evaluation.predicted import Query, target_items
from madpy.modules.projects.models.fitted import Kept
from madpy.modules.projects.models.prepared import column_items
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, free_name
from madpy.records import Record

SUPERVISED = ("regression", "classification")


class Subject(Record):
    """A model and the rows that it is evaluated on."""

    task: str
    query: Query
    labels: list[str]  # classes of the model
    class_type: str | None
    targets: list[str]


def check_no_features(features: str | None) -> None:
    """Raise an error for features of a project, whose models find them by their names."""
    if features is not None:
        raise MadpyError(
            "a project has the features of its training", hint="leave features out, which are for tables"
        )


def of_model(
    db: Database,
    model: Kept,
    source: Source,
    trained: list[str],
    given: str | None,
    *,
    where: str | None = None,
    query: str | None = None,
    with_shares: bool = True,
) -> Subject:
    """Return the rows of a source with predictions of a model; `where` is SQL that selects rows.

    The targets are those `given`, SQL of the caller, or those that the model was `trained` on.  `query` is
    SQL of the rows, if they are other ones with the columns of the source.
    """
    fitted = model.fitted
    row = free_name("s", source.columns)
    rows = query or fill("SELECT * FROM {source:i}", {"source": source})
    relation = fill("({rows:q}) AS {row:i}", {"rows": rows, "row": row})
    arguments = fill("{model:q}, {row:i}", {"model": model.item(db), "row": row})
    truth: list[str] = []
    shares: list[str] = []
    points: list[str] = []
    if fitted.task in SUPERVISED:
        truth = target_items(source, given, trained, fitted.task == "classification")
    predicted = _predictions(db, model, arguments)
    if with_shares and fitted.task == "classification" and _has_probabilities(db, model):
        beside = free_name("shares", source.columns)
        relation += _beside(db, arguments, beside)
        shares = [fill("{name:i}[{n:l}]", {"name": beside, "n": n + 1}) for n in range(len(fitted.classes))]
    elif fitted.task == "clustering":
        points = column_items(fitted, source)
    if truth and len(truth) != len(predicted):
        raise MadpyError(
            f"y_column_name has {len(truth)} columns, and the model predicts {len(predicted)}",
            hint="name the columns that the model predicts, in the order of training",
        )
    compared = Query(relation, truth, predicted, shares, points, where or "true")
    return Subject(fitted.task, compared, fitted.classes, fitted.class_type, trained)


def _predictions(db: Database, model: Kept, arguments: str) -> list[str]:
    """Return SQL of each number or label that a model predicts for a row."""
    fitted = model.fitted
    if fitted.task == "classification":
        return [fill("{schema:i}.sk_predict_class({a:q})", {"schema": db.schema, "a": arguments})]
    if fitted.task == "clustering" or (fitted.task == "regression" and fitted.outputs == 1):
        return [fill("{schema:i}.sk_predict({a:q})", {"schema": db.schema, "a": arguments})]
    array = fill("{schema:i}.sk_predict_all({a:q})", {"schema": db.schema, "a": arguments})
    return [f"({array})[{n + 1}]" for n in range(fitted.outputs)]


def _has_probabilities(db: Database, model: Kept) -> bool:
    try:
        db.execute("SELECT FROM {schema:i}.sk_predict_prob({model:q}, NULL::float8[])", model=model.item(db))
    except SqlError as error:
        if error.sqlstate != "42809":
            raise
        return False
    return True


def _beside(db: Database, arguments: str, name: str) -> str:
    """Return an item of FROM: an array of the probabilities of a row, NULL without a prediction."""
    return fill(
        """ CROSS JOIN LATERAL (
            SELECT pg_catalog.array_agg(p.probability) AS {name:i} FROM {schema:i}.sk_predict_prob({a:q}) AS p
        ) AS madpy_shares""",
        {"name": name, "schema": db.schema, "a": arguments},
    )
