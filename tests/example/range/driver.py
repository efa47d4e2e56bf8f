"""range_train: check the arguments, read the rows, write the ranges and their summary."""

import numpy as np
from madpy.modules.range.core import ranges

from madpy.helper import helper
from madpy.helper.features.terms import check_terms
from madpy.helper.tables.output import create_output
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.session.db import Database

COLUMNS = [("low", "double precision[]"), ("high", "double precision[]")]


class Result(Training, kw_only=True):
    """Field for field the SQL type range_result."""


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    grouping_cols: str | None,
) -> Result:
    """Find the range of each feature; create `output_table`, a row per group, and its summary."""
    tables = check_tables(db, source_table, output_table)
    tables.source.look_up(features, grouping_cols)
    terms = check_terms(tables.source, features)
    groups = helper.check_groups(tables.source, grouping_cols, dict(COLUMNS), Result.__fields__)
    scan = Scan(Rows(tables.source, None, terms.items, terms.is_vector, groups=groups))
    states = scan.step("column_range")
    low, high = ranges(states.body)
    create_output(db, scan, tables.output, COLUMNS, np.arange(len(low)), {"low": low, "high": high})
    scan.close()
    return create_summary(
        db,
        tables.summary,
        Result(
            method="range",
            **tables.fields(),
            target=None,
            features=features,
            feature_names=terms.names,
            grouping_cols=grouping_cols,
            options={},
            num_groups=len(low),
            num_rows_processed=int(states.rows_used.sum()),
            num_missing_rows_skipped=int(states.rows_skipped.sum()),
        ),
    )
