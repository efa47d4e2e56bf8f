"""The summary table, and the record a driver returns."""

from datetime import timedelta

from madpy import __version__
from madpy.helper.tables.training import Training, create_summary
from madpy.ports.postgres.session.sql import Relation
from madpy.ports.postgres.session.udf import plain


class Fit(Training, kw_only=True):
    r2: float | None
    sizes: list[int]


RECORD = Fit(
    method="regr",
    source_table="s.t",
    output_table="s.m",
    summary_table="s.m_summary",
    target="y",
    features="a, b",
    feature_names=["a", "b'\"\\"],
    grouping_cols=None,
    options={"robust": True},
    num_groups=1,
    num_rows_processed=2**40,
    num_missing_rows_skipped=0,
    duration=timedelta(seconds=1.5),
    r2=None,
    sizes=[1, 2],
)


def test_one_row_of_built_in_types_in_order(db, schema):
    create_summary(db, Relation(schema, "m_summary"), RECORD)
    columns = db.execute(
        "SELECT attname AS name, atttypid::regtype::text AS type FROM pg_attribute"
        " WHERE attrelid = 'm_summary'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert [(column["name"], column["type"]) for column in columns] == [
        ("method", "text"),
        ("source_table", "text"),
        ("output_table", "text"),
        ("summary_table", "text"),
        ("target", "text"),
        ("features", "text"),
        ("feature_names", "text[]"),
        ("grouping_cols", "text"),
        ("options", "jsonb"),
        ("num_groups", "bigint"),
        ("num_rows_processed", "bigint"),
        ("num_missing_rows_skipped", "bigint"),
        ("duration", "interval"),
        ("madpy_version", "text"),
        ("server_version", "text"),
        ("trained_by", "text"),
        ("trained_at", "timestamp with time zone"),
        ("r2", "double precision"),
        ("sizes", "bigint[]"),
    ]


def test_the_record_is_the_row(db, schema):
    record = plain(create_summary(db, Relation(schema, "m_summary"), RECORD))
    (row,) = db.execute("SELECT * FROM m_summary")
    assert record["trained_by"] == db.value("SELECT current_user::text")
    assert record["madpy_version"] == __version__
    assert record.pop("duration") == "1.500000 seconds"
    assert row.pop("duration") == "00:00:01.5"
    assert record == row
