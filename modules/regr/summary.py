"""regr_summary: a model in long form, a row per term, as R prints it."""

from dataclasses import dataclass
from typing import Any

from madpy.helper import helper
from madpy.helper.tables.scoring import groups_item, order_of
from madpy.helper.tables.training import stars
from madpy.modules.regr.check import check_model
from madpy.ports.postgres.session.db import Database


@dataclass(frozen=True)
class TermRow:
    """Field for field the SQL type regr_term; numbers are NULL where a term is aliased."""

    groups: dict[str, Any] | None
    term: str
    estimate: float | None
    std_error: float | None
    t_value: float | None
    p_value: float | None
    signif: str


def summary(db: Database, output_table: str | None) -> list[TermRow]:
    """The terms of each group of a model, in the order of training."""
    model = helper.check_model_table(db, output_table, "output_table")
    groups = check_model(model)
    rows = db.execute(
        """
        SELECT {groups:q} AS groups, t.term, t.estimate, t.std_error, t.t_value, t.p_value
        FROM {model:i} AS m,
             unnest(m.feature_names, m.coef, m.std_err, m.t_stats, m.p_values)
                 WITH ORDINALITY AS t(term, estimate, std_error, t_value, p_value, n)
        ORDER BY {order:q} t.n
        """,
        groups=groups_item(model, groups, "m"),
        model=model,
        order=order_of(model, groups, "m"),
    )
    return [TermRow(**row, signif=stars(row["p_value"])) for row in rows]
