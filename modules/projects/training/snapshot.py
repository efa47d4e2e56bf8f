"""snapshot: note the rows of a relation in a project, for its next training."""

from madpy.helper import helper
from madpy.modules.projects.catalogue import add_project, check_name, find_project
from madpy.modules.projects.training.keep import keep_snapshot
from madpy.modules.projects.training.rows import Asked, check_rows, without_holdout
from madpy.modules.projects.training.split import count_rows
from madpy.ports.postgres.session.db import Database
from madpy.records import replace


def snapshot(
    db: Database,
    project_name: str | None,
    relation_name: str | None,
    y_column_name: str | None,
    task: str | None,
    test_size: float | None,
    test_sampling: str | None,
    seed: int | None,
    test_column: str | None,
    exclude: str | None,
    materialize_snapshot: bool | None,
) -> int:
    """Write a snapshot without a model, in a project that is made if there is none; return its number."""
    name = str(helper.check_not_null("project_name", project_name))
    helper.check_not_null("relation_name", relation_name)
    check_name(db, name)
    project = find_project(db, name)
    asked = Asked(task, relation_name, y_column_name, exclude, test_size, test_sampling, test_column, seed)
    rows = check_rows(db, project, name, asked)
    counted = count_rows(rows.source, rows.split, rows.holdout)
    if rows.holdout and counted.row_count and not 0 < counted.test_row_count < counted.row_count:
        rows, counted = without_holdout(rows), replace(counted, test_row_count=0)
    project = project or add_project(db, name, rows.task)
    return keep_snapshot(db, project, rows, counted, None, is_copied=bool(materialize_snapshot))
