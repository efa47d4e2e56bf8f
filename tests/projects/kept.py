"""Models of projects, fitted by sk_train and written as a training writes them."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.session import Session

NUMBERS: Iterator[int] = count(1)


def quoted(value: Any) -> str:
    """Return an SQL literal of a text, or of a value as JSON."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "'" + text.replace("'", "''") + "'"


def keep(
    sql: Session,
    relation: str,
    y: str | None,
    features: str,
    algorithm: str,
    task: str = "regression",
    project: str | None = None,
    **more: Any,
) -> int:
    """Fit a model on all rows of a relation and deploy it in a project of the same name; return its number.

    `more` are arguments of sk_train, and test_size and seed of the snapshot.
    """
    split = {"test_size": more.pop("test_size", 0), "seed": more.pop("seed", 0)}
    table = f"kept_{next(NUMBERS)}"
    options = "".join(f", {name} => {quoted(value)}" for name, value in more.items())
    target = "NULL" if y is None else quoted(y)
    sql(
        f"SELECT madlib.sk_train({quoted(relation)}, '{table}', {target}, {quoted(features)}, '{algorithm}'"
        f"{options}, task => '{task}')"
    )
    name = project or f"project of {table}"
    known = sql(f"SELECT id FROM pgml.projects WHERE name = {quoted(name)}")
    made = (
        known[0][0]
        if known
        else sql.value(f"SELECT pgml.__write('add_project', {quoted(name)}::text, '{task}'::text)")
    )
    full, names = sql(f"SELECT source_table, feature_names FROM {table}_summary")[0]
    facts = {
        "relation_name": full, "y_column_name": [] if y is None else [one.strip() for one in y.split(",")],
        "features": [{"name": name} for name in dict.fromkeys(name.split("[")[0] for name in names)],
        "test_sampling": "random",
        **split,
    }  # fmt: skip
    snapshot = sql.value(f"SELECT pgml.__write('add_snapshot', {made}::bigint, {quoted(facts)}::jsonb)")
    (details,) = sql(f"SELECT details FROM {table}")[0]
    described = {
        "algorithm": algorithm, "hyperparams": {}, "preprocess": {}, "status": "successful",
        "seed": split["seed"],
        "libraries": {}, "metric": "r2", "details": details,
    }  # fmt: skip
    model = sql.value(
        f"SELECT pgml.__write('add_model', {made}::bigint, {snapshot}::bigint, {quoted(described)}::jsonb,"
        f" (SELECT model FROM {table}))"
    )
    sql(f"SELECT pgml.__write('deploy', {model}::bigint, 'best_score'::text, 'a test'::text)")
    return int(model)


def project_of(sql: Session, model: int) -> str:
    return str(
        sql.value(
            f"SELECT p.name FROM pgml.projects AS p JOIN pgml.models AS m ON m.project_id = p.id"
            f" WHERE m.id = {model}"
        )
    )
