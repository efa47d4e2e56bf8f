"""importance: how much a model depends on each feature, by its own figures or by permuted columns."""

import json
import statistics
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.evaluation import measures
from madpy.modules.projects.evaluation.predicted import read_rows
from madpy.modules.projects.evaluation.queries import SUPERVISED, of_model
from madpy.modules.projects.models.fitted import Kept, deployed_model
from madpy.modules.projects.schema import own
from madpy.modules.projects.snapshots import Taken, snapshot_of, test_rows
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import fill, free_name

METHODS = ("auto", "coefficients", "impurity", "permutation")
DETAILS = {"coefficients": "coef", "impurity": "importances"}  # names in the details of a fit
MOST_ROWS = 5000
REPETITIONS = 5

Row = dict[str, Any]


@in_server("importance", is_set=True, module="projects")
def importance(db: Database, project: str | None, method: str | None) -> list[Row]:
    """Return how much the deployed model of a project depends on each feature."""
    return importances(db, deployed_model(db, str(helper.check_not_null("project", project))), method)


def importances(db: Database, model: Kept, method: str | None) -> list[Row]:
    """Return a row for each feature, the most important first.

    An importance is an absolute coefficient of a prepared column, a mean over outputs; or the decrease of
    impurity; or the decrease of r2 or accuracy on the rows for testing where the column is permuted.
    """
    chosen = helper.check_choice("method", method, METHODS)
    known = {one: _own_figures(db, model, name) for one, name in DETAILS.items()}
    if chosen == "auto":
        chosen = next((one for one, figures in known.items() if figures), "permutation")
    if chosen == "permutation":
        rows = _permuted(db, model)
    elif known[chosen]:
        rows = [
            {"feature": name, "importance": value, "deviation": None} for name, value in known[chosen].items()
        ]
    else:
        raise MadpyError(f"the model has no {chosen}", hint="choose method => 'permutation'")
    rows.sort(key=lambda row: -row["importance"])
    return [{**row, "method": chosen} for row in rows]


def _own_figures(db: Database, model: Kept, name: str) -> dict[str, float]:
    """Return figures of the columns from the details of the fit, absolute values; none where it has none."""
    text = db.value(
        "SELECT (details -> {name:l})::text FROM {own:i}.models WHERE id = {id:l}",
        name=name,
        own=own(db),
        id=model.id,
    )
    content = json.loads(text) if text else {}
    outputs = content if isinstance(content, list) else [content]
    return {
        column: statistics.fmean(abs(float(one[column])) for one in outputs) for column in outputs[0]
    } if outputs else {}  # fmt: skip


def _permuted(db: Database, model: Kept) -> list[Row]:
    """Return the decrease of the score for each feature whose values are exchanged among the rows."""
    taken = snapshot_of(db, model.snapshot_id)
    if model.task not in SUPERVISED or model.fitted.header.get("is_vector"):
        raise MadpyError(
            "there is no importance of features of this model",
            sqlstate="0A000",
            hint="choose a model of a target, over columns that are no array",
        )
    db.progress("importance: reading")
    number, rows = _sample(db, taken, model)
    whole = _score(db, model, rows, taken, None)
    result = []
    for feature in dict.fromkeys(map(str, taken.feature_names)):
        decreases = [
            whole - _score(db, model, rows, taken, _exchanged(db, rows, number, feature, taken.seed + n))
            for n in range(1, REPETITIONS + 1)
        ]
        result.append(
            {
                "feature": feature,
                "importance": statistics.fmean(decreases),
                "deviation": statistics.pstdev(decreases),
            }
        )
    return result


def _sample(db: Database, taken: Taken, model: Kept) -> tuple[str, Source]:
    """Write at most MOST_ROWS rows for testing into a temporary table, the same in any order of the source.

    Returns the name of the column that numbers the rows, and the table.
    """
    source, where = test_rows(db, taken, model.task)
    number = free_name("madpy_row", source.columns)
    hashed = ", ".join(fill("{name:i}", {"name": name}) for name in taken.split.hashed)
    table = db.temporary_table(
        "madpy_sample",
        fill(
            """
            SELECT pg_catalog.row_number() OVER (ORDER BY hash) AS {number:i}, rows.*
            FROM (SELECT {own:i}.__hash(1, {hashed:q}) AS hash, * FROM {source:i} WHERE {where:q}
                  ORDER BY hash LIMIT {most:l}) AS rows
            """,
            {
                "number": number,
                "own": own(db),
                "hashed": hashed,
                "source": source,
                "where": where or "true",
                "most": MOST_ROWS,
            },
        ),
    )
    return number, Source(table.schema, table.name, db)


def _exchanged(db: Database, rows: Source, number: str, feature: str, seed: int) -> str:
    """Return SQL of the rows with the values of one column in another order, which the seed decides."""
    others = [name for name in rows.columns if name != feature]
    return fill(
        """
        SELECT {others:q}, b.{feature:i} FROM {rows:i} AS a JOIN (
            SELECT {feature:i},
                   pg_catalog.row_number() OVER (ORDER BY {own:i}.__hash({seed:l}, {number:i})) AS place
            FROM {rows:i}
        ) AS b ON b.place = a.{number:i}
        """,
        {
            "others": ", ".join(fill("a.{name:i}", {"name": name}) for name in others), "feature": feature,
            "rows": rows, "own": own(db), "seed": seed, "number": number,
        },
    )  # fmt: skip


def _score(db: Database, model: Kept, rows: Source, taken: Taken, query: str | None) -> float:
    """Return r2, or the accuracy, of a model over rows; `query` is SQL of the rows where they are changed."""
    subject = of_model(db, model, rows, taken.y_column_name, None, query=query, with_shares=False)
    read = read_rows(db, subject.query, subject.labels, subject.class_type)
    if not len(read.predicted):
        raise MadpyError("no row has both a target and a prediction", hint="give other rows")
    if model.task == "regression":
        targets = range(read.truth.shape[1])
        return statistics.fmean(
            measures.regression(read.truth[:, j], read.predicted[:, j])["r2"] for j in targets
        )
    return float((read.truth == read.predicted).mean())
