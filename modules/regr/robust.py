"""The second pass of regr_train: robust standard errors, and the test of Breusch and Pagan."""

from typing import Any

import numpy as np

from madpy.modules.regr import core
from madpy.ports.postgres.scan.scan import Scan, join_groups
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill

GROUPS_PER_UPDATE = 100  # groups in one UPDATE, whose text is shown where it fails


def refine(
    db: Database, scan: Scan, output: Relation, blocks: list[int], robust: bool, breusch_pagan: bool
) -> None:
    """Replace the errors in the model by robust ones, or add the test, or both; `blocks` as in Terms."""
    groups = scan.rows.groups
    params = fill(
        """
        SELECT {groups:i,} pg_catalog.array_replace(coef, NULL, 0::double precision) AS {params:i}
        FROM {output:i} WHERE coef IS NOT NULL
        """,
        {"groups": groups, "output": output, "params": scan.params},
    )
    if robust:
        _robust(db, scan, output, blocks, params)
    if breusch_pagan:
        _breusch_pagan(db, scan, output, params)


def _robust(db: Database, scan: Scan, output: Relation, blocks: list[int], params: str) -> None:
    """Write robust errors by one statement: covariances of many groups would fill Python's memory.

    The errors of a group without residual degrees of freedom stay NULL.
    """
    groups = scan.rows.groups
    db.execute(
        """
        UPDATE {output:i} AS o
        SET std_err = (r.found).std_err, t_stats = (r.found).t_stats, p_values = (r.found).p_values,
            variance_covariance = (r.found).variance_covariance,
            f_stat = (r.found).f_stat, f_p_value = (r.found).f_p_value
        FROM (
            SELECT o.ctid AS id, {schema:i}.__regr_robust(
                o.coef, {schema:i}.__regr_sandwich(m.{state:i}, e.{state:i}, {blocks:l}::integer[]),
                o.num_rows_processed,
                o.df_residual, o.df_model, {schema:i}.__regr_constants(m.{state:i})) AS found
            FROM {output:i} AS o {moments:q} {meat:q} WHERE o.df_residual > 0 OFFSET 0
        ) AS r
        WHERE o.ctid = r.id
        """,
        output=output,
        state=scan.state,
        blocks=blocks,
        moments=join_groups(f"({scan.joinable_states('weighted_moments')}) AS m", groups, "o", "m"),
        meat=join_groups(f"({scan.joinable_states('meat', params)}) AS e", groups, "o", "e"),
    )


def _breusch_pagan(db: Database, scan: Scan, output: Relation, params: str) -> None:
    """Write the test; it stays NULL without a constant combination of the features, or for an exact fit."""
    groups = scan.rows.groups
    rows = db.execute(
        """
        SELECT id, (fit).r2, (fit).num_rows_processed, (fit).df_model
        FROM (
            SELECT o.ctid::text AS id, o.residual_std_err, {schema:i}.regr_fit(s.{state:i}) AS fit
            FROM {output:i} AS o {states:q} OFFSET 0
        ) AS f
        WHERE residual_std_err > 0::double precision AND (fit).has_intercept AND (fit).r2 IS NOT NULL
        """,
        output=output,
        state=scan.state,
        states=join_groups(f"({scan.joinable_states('squared_residuals', params)}) AS s", groups, "o", "s"),
    )
    if not rows:
        db.warning("no test of Breusch and Pagan: it needs an intercept among the features, and residuals")
        return
    statistic, p_value = core.breusch_pagan(
        _numbers(rows, "r2"), _numbers(rows, "num_rows_processed"), _numbers(rows, "df_model")
    )
    _update(db, output, rows, {"bp_stats": statistic, "bp_p_value": p_value})


def _numbers(rows: list[dict[str, Any]], column: str) -> core.Array:
    """Return a column of numbers or arrays, NULL as NaN."""
    return np.array([row[column] for row in rows], dtype=np.float64)


def _update(
    db: Database, output: Relation, rows: list[dict[str, Any]], columns: dict[str, core.Array]
) -> None:
    """Write one value of each column into each row of the model."""
    for start in range(0, len(rows), GROUPS_PER_UPDATE):
        values = ", ".join(
            "("
            + ", ".join(
                [fill("{id:l}::tid", {"id": rows[g]["id"]})] + [_value(c[g]) for c in columns.values()]
            )
            + ")"
            for g in range(start, min(start + GROUPS_PER_UPDATE, len(rows)))
        )
        db.execute(
            """
            UPDATE {output:i} AS o SET {assignments:q}
            FROM (VALUES {values:q}) AS v(id{names:q}) WHERE o.ctid = v.id
            """,
            output=output,
            assignments=", ".join(f"{name} = v.{name}" for name in columns),
            values=values,
            names="".join(f", {name}" for name in columns),
        )


def _value(value: Any) -> str:
    """Return a number or an array as SQL, NaN as NULL."""

    def with_nulls(item: Any) -> Any:
        if isinstance(item, list):
            return [with_nulls(part) for part in item]
        return None if item != item else item

    plain = with_nulls(np.asarray(value).tolist())
    sql_type = "double precision[]" if isinstance(plain, list) else "double precision"
    return fill("{value:l}::{type:q}", {"value": plain, "type": sql_type})
