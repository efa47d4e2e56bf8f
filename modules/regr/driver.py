"""regr_train: check the arguments, run the kernels, write the model and its summary."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.terms import Terms, check_terms, number_item
from madpy.helper.training import Training, create_summary
from madpy.modules.regr import robust as second_pass
from madpy.modules.regr.check import Counts, check_fit, count_rows
from madpy.modules.regr.predict import predict
from madpy.modules.regr.summary import summary
from madpy.ports.postgres.db import Database, Relation
from madpy.ports.postgres.scan import Rows, Scan

__all__ = ["predict", "summary", "train"]

OUTPUT_COLUMNS = (
    "coef, r2, std_err, t_stats, p_values, condition_no, bp_stats, bp_p_value, num_rows_processed, "
    "num_missing_rows_skipped, variance_covariance, adjusted_r2, residual_std_err, f_stat, f_p_value, df_model, "
    "df_residual, feature_names"
).split(", ")


@dataclass(frozen=True, kw_only=True)
class Result(Training):
    """Field for field the SQL type regr_result; the figures are NULL where there are several groups."""

    r2: float | None
    residual_std_err: float | None
    terms: dict[str, Any]


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    heteroskedasticity_option: bool | None,
    weights: str | None,
    robust: bool | None,
    verbose: bool | None,
) -> Result:
    """Fit `target` on `features` in each group; create `output_table`, a row per group, and its summary."""
    started = time.monotonic()
    source = helper.check_source(db, source_table)
    output = helper.check_new_table(db, output_table, source)
    side = helper.summary_name(db, output)
    groups = helper.check_columns(db, source, grouping_cols, "grouping_cols")
    _check_names(groups)
    terms = check_terms(db, source, features)
    if weights is not None and heteroskedasticity_option:
        raise MadpyError("heteroskedasticity_option and weights cannot be given together", hint="leave one of them out")
    rows = Rows(
        source,
        _number(db, source, target, "target"),
        terms.items,
        terms.is_vector,
        _number(db, source, weights, "weights") if weights is not None else None,
        groups,
    )
    if verbose:
        db.info(f"regr_train: {helper.full_name(db, source)}: {target} on {', '.join(terms.names)}")
    if robust or heteroskedasticity_option:
        scan = second_pass.scan(db, rows)
    else:
        scan = Scan(db, rows)
    if verbose:
        db.info(f"regr_train: reading by {scan.feed}")
    _create_model(db, scan, output, terms)
    counts = count_rows(db, output)
    check_fit(db, rows, output, terms, counts)
    if robust or heteroskedasticity_option:
        second_pass.refine(db, scan, output, terms, bool(robust), bool(heteroskedasticity_option))
    scan.close()
    if verbose:
        db.info(f"regr_train: {counts.groups} group(s), {counts.rows} rows, {counts.skipped} skipped")
    options = {
        "heteroskedasticity_option": bool(heteroskedasticity_option),
        "weights": weights,
        "robust": bool(robust),
    }
    return _summarise(db, source, output, side, target, features, grouping_cols, terms, counts, options, started)


def _check_names(groups: list[str]) -> None:
    for group in groups:
        if group in OUTPUT_COLUMNS:
            raise MadpyError(
                f'grouping column "{group}" has the name of a column of the output table',
                sqlstate="42701",
                hint="rename it in a view, and train on the view",
            )


def _number(db: Database, source: Relation, text: str | None, what: str) -> str:
    """SQL of one expression as double precision."""
    found = helper.check_expression(db, source, text, what, "number or boolean")
    return number_item(found.items[0], found.kinds[0])


def _create_model(db: Database, scan: Scan, output: Relation, terms: Terms) -> None:
    weighted = scan.rows.weights is not None
    db.execute(
        """
        CREATE TABLE {output:i} AS
        SELECT {groups:i,} (fit).coef, (fit).r2, (fit).std_err, (fit).t_stats, (fit).p_values, (fit).condition_no,
               NULL::double precision AS bp_stats, NULL::double precision AS bp_p_value,
               (fit).num_rows_processed, (fit).num_missing_rows_skipped, (fit).variance_covariance,
               (fit).adjusted_r2, (fit).residual_std_err, (fit).f_stat, (fit).f_p_value,
               (fit).df_model, (fit).df_residual, {names:l}::text[] AS feature_names
        FROM (SELECT {groups:i,} {schema:i}.regr_fit(state) AS fit FROM ({states:q}) AS s OFFSET 0) AS f
        """,
        output=output,
        groups=scan.rows.groups,
        names=terms.names,
        states=scan.states("weighted_moments" if weighted else "moments"),
    )


def _summarise(
    db: Database,
    source: Relation,
    output: Relation,
    side: Relation,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    terms: Terms,
    counts: Counts,
    options: dict[str, Any],
    started: float,
) -> Result:
    alone = counts.groups == 1
    result = Result(
        method="regr",
        source_table=helper.full_name(db, source),
        output_table=helper.full_name(db, output),
        summary_table=helper.full_name(db, side),
        target=target,
        features=features,
        feature_names=terms.names,
        grouping_cols=grouping_cols,
        options=options,
        num_groups=counts.groups,
        num_rows_processed=counts.rows,
        num_missing_rows_skipped=counts.skipped,
        duration=timedelta(seconds=time.monotonic() - started),
        r2=counts.r2 if alone else None,
        residual_std_err=counts.residual_std_err if alone else None,
        terms=terms.as_json(),
    )
    return create_summary(db, side, result)
