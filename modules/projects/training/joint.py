"""train_joint: train for several targets."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.driver import Result, train
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier


def train_joint(
    db: Database,
    project_name: str | None,
    task: str | None,
    relation_name: str | None,
    y_column_name: list[str] | None,
    algorithm: str | None,
    hyperparams: str | None,
    search: str | None,
    search_params: str | None,
    search_args: str | None,
    test_size: float | None,
    test_sampling: str | None,
    preprocess: str | None,
    automatic_deploy: bool | None,
    seed: int | None,
    test_column: str | None,
    time_limit: float | None,
    exclude: str | None,
    metric: str | None,
    materialize_snapshot: bool | None,
    objective: str | None,
) -> list[Result]:
    """Fit models that predict several columns; the rest is as in train."""
    targets = helper.check_not_null("y_column_name", y_column_name)
    if not all(isinstance(name, str) for name in targets):
        raise MadpyError("y_column_name must be a list of columns", hint="write it like '{weight,waist}'")
    listed = ", ".join(map(identifier, targets))
    trained: list[Result] = train(
        db,
        project_name,
        task,
        relation_name,
        listed,
        algorithm,
        hyperparams,
        search,
        search_params,
        search_args,
        test_size,
        test_sampling,
        preprocess,
        automatic_deploy,
        seed,
        test_column,
        time_limit,
        exclude,
        metric,
        materialize_snapshot,
        objective,
    )
    return trained
