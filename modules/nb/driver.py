"""nb_train: check the arguments, run the kernel once, write the model and its summary."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.features.terms import check_number
from madpy.helper.tables.output import create_group_summary, create_output
from madpy.helper.tables.training import Training, check_tables
from madpy.modules.nb.count import Question, prepare
from madpy.modules.nb.fit import COLUMNS, MODEL_COLUMNS, WEIGHTED_COLUMNS, Fit
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation


class Result(Training, kw_only=True):
    """Field for field the SQL type nb_result."""

    classes: list[str]
    class_type: str


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    categorical_cols: str | None,
    smoothing: float | None,
    verbose: bool | None,
    weights: str | None = None,
) -> Result:
    """Count and sum the features within each class of `target`, in each group; create `output_table`."""
    log = db.logger("nb_train", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target, features, grouping_cols, categorical_cols, weights)
    alpha = helper.check_range("smoothing", smoothing, low=0, high=1e6)
    groups = helper.check_groups(
        source, grouping_cols, dict(COLUMNS), [*dict(MODEL_COLUMNS), *Result.__fields__]
    )
    weight = None if weights is None else check_number(source, weights, "weights")
    log(f"{target} by {features}, smoothing {alpha}")
    db.progress("nb_train: reading")
    count = prepare(Question(source, target, features, categorical_cols, groups, weight))
    scan = count.scan
    log(f"reading {tables.names['source_table']} by {scan.feed}")
    fit = Fit(count.run(), alpha)
    design, classes = fit.features, fit.classes
    _check_fit(db, source, fit, is_weighted=weights is not None)
    db.progress("nb_train: writing")
    columns = COLUMNS if weights is None else WEIGHTED_COLUMNS
    create_output(db, scan, tables.output, columns, *fit.rows())
    log(
        f"{len(classes.labels)} classes, {fit.groups} group(s), {fit.rows_used} rows,"
        f" {fit.rows_skipped} skipped"
    )
    result = create_group_summary(
        db,
        scan,
        tables.summary,
        Result(
            method="nb",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=design.names,
            grouping_cols=grouping_cols,
            options={"categorical_cols": categorical_cols, "smoothing": alpha, "weights": weights},
            num_groups=fit.groups,
            num_rows_processed=fit.rows_used,
            num_missing_rows_skipped=fit.rows_skipped,
            classes=classes.labels,
            class_type=classes.sql_type,
        ),
        MODEL_COLUMNS,
        fit.models(),
    )
    scan.close()
    return result


def _check_fit(db: Database, source: Relation, fit: Fit, *, is_weighted: bool) -> None:
    if fit.rows_used == 0:
        raise MadpyError(
            f"none of the {fit.rows_skipped} rows of table {quoted(source.name)} can be used",
            hint="check that the target is not NULL in every row" + ", and a weight not zero" * is_weighted,
        )
    check_frequencies(fit.statistics.rows.sum(axis=1), fit.rows_of_groups)
    if name := fit.too_large():
        raise MadpyError(
            f"feature {quoted(name)} is too large to be squared",
            sqlstate="22003",
            hint="choose another unit: multiply by a power of ten",
        )
    if empty := fit.empty_features():
        db.warning(f"NULL in every row, and so left out: {', '.join(empty)}")
