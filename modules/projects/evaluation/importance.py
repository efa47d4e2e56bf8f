"""importance: how much a model depends on each feature, by its own figures or by permuted columns."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.catalogue import find_project
from madpy.modules.projects.evaluation.own_figures import (
    DETAILS,
    METHODS,
    Row,
    in_order,
    no_figures,
    rows_of_details,
)
from madpy.modules.projects.evaluation.permutation import (
    decreases,
    permuted_columns,
    sample_rows,
    score_of,
)
from madpy.modules.projects.evaluation.predicted import read_rows
from madpy.modules.projects.evaluation.queries import SUPERVISED, check_no_features, of_model
from madpy.modules.projects.evaluation.table_importance import table_importances
from madpy.modules.projects.models.fitted import Kept, deployed_model
from madpy.modules.projects.schema import own
from madpy.modules.projects.snapshots import snapshot_of, test_rows
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server


@in_server("importance", is_set=True, module="projects")
def importance(
    db: Database,
    model: str | None,
    method: str | None,
    relation: str | None,
    y_column_name: str | None,
    features: str | None,
) -> list[Row]:
    """Return how much the deployed model of a project, or a model table, depends on each feature."""
    name = str(helper.check_not_null("model", model))
    if find_project(db, name) is not None:
        check_no_features(features)
        return importances(db, deployed_model(db, name), method, relation, y_column_name)
    return table_importances(db, name, method, relation, y_column_name, features)


def importances(
    db: Database, model: Kept, method: str | None, relation: str | None, y_column_name: str | None
) -> list[Row]:
    """Return a row for each feature, the most important first.

    An importance is an absolute coefficient of a prepared column, a mean over outputs; or the decrease of
    impurity; or the decrease of r2 or accuracy where the column is permuted, over a relation, or the rows for
    testing where none is given.
    """
    chosen = helper.check_choice("method", method, METHODS)
    known = {one: _own_figures(db, model, name) for one, name in DETAILS.items()}
    if chosen == "auto":
        chosen = next((one for one, rows in known.items() if rows), "permutation")
    rows = _permuted(db, model, relation, y_column_name) if chosen == "permutation" else known[chosen]
    if not rows:
        raise no_figures(chosen)
    return in_order(rows, chosen)


def _own_figures(db: Database, model: Kept, name: str) -> list[Row]:
    """Return figures of the columns from the details of the fit; none where it has none."""
    text = db.value(
        "SELECT (details -> {name:l})::text FROM {own:i}.models WHERE id = {id:l}",
        name=name,
        own=own(db),
        id=model.id,
    )
    return rows_of_details([text])


def _permuted(db: Database, model: Kept, relation: str | None, given: str | None) -> list[Row]:
    """Return the decrease of the score for each feature whose values are exchanged among the rows."""
    taken = snapshot_of(db, model.snapshot_id)
    if model.task not in SUPERVISED:
        raise MadpyError(
            "there is no importance of features of this model",
            sqlstate="0A000",
            hint="choose a model of a target",
        )
    db.progress("importance: reading")
    if relation is None:
        source, where = test_rows(db, taken, model.task, is_relation_taken=True)
    else:
        source, where = helper.check_source(db, relation, "relation"), None
    columns = permuted_columns(source, model.fitted.inputs)
    hashed = taken.split.hashed if relation is None else [one.column for one in columns]
    sample = sample_rows(db, source, hashed, where, {})

    def score(query: str | None) -> float:
        subject = of_model(db, model, sample.rows, taken.y_column_name, given, query=query, with_shares=False)
        return score_of(model.task, read_rows(db, subject.query, subject.labels, subject.class_type))

    return decreases(db, sample, columns, taken.seed, score)
