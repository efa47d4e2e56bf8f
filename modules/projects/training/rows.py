"""The rows of a training or a snapshot: the relation, its targets and features, and how rows are split."""

from typing import TypeVar

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.catalogue import Project, missing
from madpy.modules.projects.evaluation.queries import SUPERVISED
from madpy.modules.projects.snapshots import Taken, last_snapshot
from madpy.modules.projects.training.features import targets_and_features
from madpy.modules.projects.training.plan import Rows
from madpy.modules.projects.training.split import Split, check_split
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record, replace

AnyRows = TypeVar("AnyRows", bound=Rows)
TASKS = ("regression", "classification", "clustering", "decomposition")


class Asked(Record):
    """Arguments that say which rows, as they were given."""

    task: str | None
    relation_name: str | None
    y_column_name: str | None
    exclude: str | None
    test_size: float | None
    test_sampling: str | None
    test_column: str | None
    seed: int | None


def check_rows(db: Database, project: Project | None, name: str, asked: Asked) -> Rows:
    """Return the rows that were asked for, or those of the last training where no relation was given."""
    task = _task(db, project, name, asked.task)
    is_supervised = task in SUPERVISED
    relation = asked.relation_name
    before = last_snapshot(db, project.id) if project and relation is None else None
    relation = before.relation_name if before else helper.check_not_null("relation_name", relation)
    source = helper.check_source(db, relation, "relation_name")
    targets, features = targets_and_features(
        source, asked.y_column_name, asked.exclude, before, is_supervised
    )
    if task == "classification" and len(targets) > 1:
        raise MadpyError(
            f"a classification has one target, not {len(targets)}",
            hint="train a project for each of them, or give numbers and the task regression",
        )
    db.progress("train: reading")
    split = _split(source, task, asked, before, targets, features)
    return Rows(task, source, features, split, split.holdout(source) if is_supervised else None)


def without_holdout(rows: AnyRows) -> AnyRows:
    """Return rows that are all fitted on, since the split leaves none for one of the two parts; warn."""
    rows.source.db.warning(
        "the split leaves no rows for testing or none to fit: all are fitted on and scored"
    )
    return replace(rows, holdout=None)


def _split(
    source: Source, task: str, asked: Asked, before: Taken | None, targets: list[str], features: list[str]
) -> Split:
    """Return how rows are split: as asked for, the rest as in the last training, else a quarter at random."""
    last = before.split if before else Split(0.25, "random", None, 0, [], [])
    column = asked.test_column
    if column is None and asked.test_sampling is None:
        column = last.column
    share, sampling = check_split(
        source,
        task,
        last.share if asked.test_size is None else asked.test_size,
        asked.test_sampling or last.sampling,
        column,
    )
    seed = last.seed if asked.seed is None else helper.check_range("seed", asked.seed, 0, 2**31 - 1)
    return Split(share, sampling, column, int(seed), [*targets, *features], targets)


def _task(db: Database, project: Project | None, name: str, given: str | None) -> str:
    """Return the task of a project: the one given, or that of the project."""
    if given is None:
        if project is None:
            raise missing(db, name, f"give its task: {', '.join(TASKS)}")
        return project.task
    chosen = helper.check_choice("task", given, TASKS)
    if project is not None and project.task != chosen:
        raise MadpyError(
            f"project {quoted(name)} is for {project.task}, not for {chosen}",
            hint="choose another project_name",
        )
    return chosen
