"""regr_train: check the arguments, run the kernels, write the model and its summary."""

from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.reading import scan_terms
from madpy.helper.features.terms import Terms, check_numbers, used_rows
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.regr.check import check_fit, count_rows
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, free_name
from madpy.records import replace

OUTPUT_COLUMNS = (
    *("coef", "r2", "std_err", "t_stats", "p_values", "condition_no", "bp_stats", "bp_p_value"),
    *("num_rows_processed", "num_missing_rows_skipped", "variance_covariance", "adjusted_r2"),
    *("residual_std_err", "f_stat", "f_p_value", "df_model", "df_residual", "feature_names"),
    "aliases",
)


class Result(Training, kw_only=True):
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
    log = db.logger("regr_train", verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target, features, weights, grouping_cols)
    groups = helper.check_groups(source, grouping_cols, OUTPUT_COLUMNS)
    items = check_numbers(source, target, weights=weights)
    if weights is not None and heteroskedasticity_option:
        raise MadpyError(
            "heteroskedasticity_option and weights cannot be given together", hint="leave one of them out"
        )
    rows = Rows(source, items["target"], [], weights=items.get("weights"), groups=groups)
    again = robust or heteroskedasticity_option
    weighted = replace(rows, weights=rows.weights or "1::double precision")  # the second pass needs weights
    db.progress("regr_train: reading rows")
    used = used_rows(**items)
    scan, terms = scan_terms(weighted, features, 3, used) if again else scan_terms(rows, features, 1, used)
    rows = replace(rows, features=terms.items, is_vector=terms.is_vector)
    log(f"{target} on {', '.join(terms.names)}, from {tables.names['source_table']}")
    log(f"reading by {scan.feed}")
    try:
        _create_model(db, scan, tables.output, terms)
    except SqlError as error:
        raise with_feature_names(error, terms) from None
    counts = count_rows(db, tables.output, terms)
    check_fit(rows, scan, tables.output, terms, counts)
    if again:
        # numpy and scipy: a quarter of a second and 40 MB, which a plain fit does without
        from madpy.modules.regr.robust import refine

        log("reading residuals")
        db.progress("regr_train: reading residuals")
        refine(db, scan, tables.output, terms.blocks, bool(robust), bool(heteroskedasticity_option))
    scan.close()
    log(f"{counts.groups} group(s), {counts.rows} rows, {counts.skipped} skipped")

    return create_summary(
        db,
        tables.summary,
        Result(
            method="regr",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=terms.names,
            grouping_cols=grouping_cols,
            options={
                "heteroskedasticity_option": bool(heteroskedasticity_option),
                "weights": weights,
                "robust": bool(robust),
            },
            num_groups=counts.groups,
            num_rows_processed=counts.rows,
            num_missing_rows_skipped=counts.skipped,
            terms=terms.as_json(),
            r2=counts.r2 if counts.groups == 1 else None,
            residual_std_err=counts.residual_std_err if counts.groups == 1 else None,
        ),
    )


def _create_model(db: Database, scan: Scan, output: Relation, terms: Terms) -> None:
    weighted = scan.rows.weights is not None
    db.execute(
        """
        CREATE TABLE {output:i} USING heap AS
        SELECT {groups:i,} ({fit:i}).coef, ({fit:i}).r2, ({fit:i}).std_err, ({fit:i}).t_stats,
               ({fit:i}).p_values, ({fit:i}).condition_no,
               NULL::double precision AS bp_stats, NULL::double precision AS bp_p_value,
               ({fit:i}).num_rows_processed, ({fit:i}).num_missing_rows_skipped,
               ({fit:i}).variance_covariance, ({fit:i}).adjusted_r2, ({fit:i}).residual_std_err,
               ({fit:i}).f_stat, ({fit:i}).f_p_value, ({fit:i}).df_model, ({fit:i}).df_residual,
               {names:l}::text[] AS feature_names,
               CASE WHEN pg_catalog.array_position(({fit:i}).coef, NULL::double precision) IS NOT NULL
                    THEN {schema:i}.__regr_aliases({state:i}, {blocks:l}::integer[]) END AS aliases
        FROM (SELECT {groups:i,} {state:i}, {schema:i}.__regr_fit({state:i}, {blocks:l}::integer[]) AS {fit:i}
              FROM ({states:q}) AS s OFFSET 0) AS f
        """,
        output=output,
        groups=scan.rows.groups,
        fit=free_name("the fit", scan.rows.groups),
        state=scan.state,
        names=terms.names,
        blocks=terms.blocks,
        states=scan.states("weighted_moments" if weighted else "moments"),
    )
