"""Projects with models, written as a training writes them."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.session import Session

NUMBERS = "tax, bath, rooms"  # features of the fixture homes
VIEWS = (
    "projects",
    "snapshots",
    "models",
    "trials",
    "deployments",
    "trained_models",
    "deployed_models",
    "overview",
)
COUNT: Iterator[int] = count(1)
FACTS: dict[str, Any] = {
    "algorithm": "ridge",
    "hyperparams": {},
    "preprocess": {},
    "status": "successful",
    "seed": 0,
    "libraries": {},
    "metric": "r2",
}
SNAPSHOT: dict[str, Any] = {
    "relation_name": "t",
    "y_column_name": ["y"],
    "features": [],
    "test_size": 0.25,
    "test_sampling": "random",
    "seed": 0,
}


def fresh(base: str = "P") -> str:
    """Return a name that no other project of this run has."""
    return f"{base} {next(COUNT)}"


def write(sql: Session, what: str, arguments: str) -> int:
    """Call __write; arguments are SQL."""
    return int(sql.value(f"SELECT pgml.__write('{what}', {arguments})"))


def project(sql: Session, name: str, task: str = "regression") -> int:
    """Make a project of the current role."""
    return write(sql, "add_project", f"{literal(name)}::text, '{task}'::text")


def snapshot(sql: Session, project: int, **facts: Any) -> int:
    return write(sql, "add_snapshot", f"{project}::bigint, {as_json(SNAPSHOT | facts)}")


def model(sql: Session, project: int, snapshot: int, content: str = r"'\x00'::bytea", **facts: Any) -> int:
    """Add a model; `content` is SQL of its bytes."""
    made = f"{project}::bigint, {snapshot}::bigint, {as_json(FACTS | facts)}, {content}"
    return write(sql, "add_model", made)


def deploy(sql: Session, model: int, strategy: str = "best_score") -> int:
    return write(sql, "deploy", f"{model}::bigint, '{strategy}'::text, 'a test'::text")


def deployed(sql: Session, name: str) -> int | None:
    """Return the number of the deployed model of a project."""
    number: int | None = sql.value(f"SELECT deployed_model FROM pgml.projects WHERE name = '{name}'")
    return number


def ridge(sql: Session, output: str = "made_model", source: str = "t") -> str:
    """Train y on x of a table; return SQL of the model's bytes."""
    sql(f"SELECT madlib.sk_train('{source}', '{output}', 'y', 'x', 'ridge')")
    return f"(SELECT model FROM {output})"


def as_json(facts: Any) -> str:
    return f"{literal(json.dumps(facts))}::jsonb"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def same(sql: Session, call: str, features: str, function: str = "sk_predict") -> None:
    """Assert that a call over table h is what a function of model m gives, and not NULL."""
    compared = f"SELECT bool_and({call} = madlib.{function}(model, {features})) FROM h, m"
    assert sql.value(compared) is True
