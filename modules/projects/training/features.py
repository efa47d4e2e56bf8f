"""The targets and features of a training: all columns of a relation that a model can use, but the targets."""

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import check_columns
from madpy.modules.projects.snapshots import Taken
from madpy.ports.postgres.scan.source import Column, Source
from madpy.ports.postgres.session.sql import identifier
from madpy.ports.postgres.session.types import NUMBERS, TEXTS, TIMES


def targets_and_features(
    source: Source,
    y_column_name: str | None,
    exclude: str | None,
    before: Taken | None,
    is_supervised: bool,
) -> tuple[list[str], list[str]]:
    """Return the names of targets and features; those of the last training where none are given."""
    if before is not None and y_column_name is None:
        y_column_name = ", ".join(map(identifier, before.y_column_name))
    targets = check_columns(source, y_column_name, "y_column_name")
    if is_supervised and not targets:
        raise MadpyError("y_column_name must not be NULL", hint="name the column to predict")
    if targets and not is_supervised:
        raise MadpyError("this task has no target", hint="leave y_column_name out")
    if before is not None and exclude is None:
        return targets, _features_of(source, before)
    left_out = {*targets, *check_columns(source, exclude, "exclude")}
    columns = [column for name, column in source.columns.items() if name not in left_out]
    features = [column.name for column in columns if is_feature(column)]
    vectors = [column.name for column in columns if column.element is not None and is_feature(column)]
    if vectors and len(features) > 1:
        others = ", ".join(name for name in features if name not in vectors)
        raise MadpyError(
            f"column {quoted(vectors[0])} is an array, and there are other features",
            hint=f"leave columns out: exclude => '{others}'",
        )
    if not features:
        raise _no_feature(source)
    unused = [column.name for column in columns if column.name not in features]
    if unused:
        source.db.notice(f"these columns are of types that no model uses: {', '.join(map(quoted, unused))}")
    return targets, features


def _features_of(source: Source, before: Taken) -> list[str]:
    """Return the features of the last training that the relation has; warn where some are gone."""
    gone = [name for name in before.feature_names if name not in source.columns]
    if len(gone) == len(before.features):
        raise _no_feature(source)
    if gone:
        source.db.warning(
            f"table {quoted(source.name)} has these features of the last training no more: "
            f"{', '.join(map(quoted, gone))}"
        )
    return [name for name in before.feature_names if name in source.columns]


def _no_feature(source: Source) -> MadpyError:
    return MadpyError(
        f"table {quoted(source.name)} has no column that can be a feature",
        hint="give numbers, booleans, texts, dates or times, or an array of numbers",
    )


def is_feature(column: Column) -> bool:
    """Tell whether a model can use a column: a number, boolean, text, enum, time, or array of numbers."""
    if column.element is not None:
        return column.element in NUMBERS
    return column.is_enum or column.base in NUMBERS | TEXTS | TIMES | {"boolean"}
