"""Trainings of the project Sugar on the table sugar, and the rows of views that are of it."""

import json
from typing import Any

from tests.session import Session

WINE = "SELECT madlib.load_dataset('diabetes', 'sugar')"
DEPLOYED = "SELECT deployed_model FROM pgml.projects WHERE name = 'Sugar'"
TRAIN = "SELECT * FROM pgml.train('Sugar', 'regression', 'sugar', 'target'{more})"


def loaded(sql: Session) -> Session:
    """Begin a transaction that has the table sugar, of 442 rows; return the session."""
    sql("BEGIN")
    sql(WINE)
    return sql


def of(name: str, project: str = "Sugar") -> str:
    """The rows of a view that are of the test's project: other tests leave theirs."""
    own = f"SELECT id FROM pgml.projects WHERE name = '{project}'"
    return f"(SELECT * FROM pgml.{name} WHERE project_id = ({own})) AS v"


def metrics_of(sql: Session, model: int) -> dict[str, Any]:
    text = sql.value(f"SELECT metrics::text FROM pgml.models WHERE id = {model}")
    found: dict[str, Any] = json.loads(text)
    return found
