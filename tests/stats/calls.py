"""Calls of summaries and correlations, for the tests of all methods: see tests/methods.py."""

from tests.methods import AGGREGATE, DRIVER, GROUPED, ROWS, Call, Driver, Growth, Method, Statements

# All that a summary says but its quartiles, which are estimates: they depend on the order of rows.
FIGURES = (
    "target_column, data_type, row_count, distinct_values, missing_values, mean, variance, min, max, stddev,"
    " positive_values, most_frequent_values, mfv_frequencies, earliest, latest"
)
DRIVERS = [
    Driver("correlation", features="target_cols", is_matrix=True),
    Driver("covariance", features="target_cols", is_matrix=True),
    Driver("summary", features="target_cols"),
]
METHODS = {
    "correlation": Method(
        "correlation('{table}', '{out}', 'x1, x2, x3, y')",
        "SELECT * FROM {out} ORDER BY 1",
        ("column_moments",),
    ),
    "covariance grouped": Method(
        "covariance('{table}', '{out}', 'x1, x2, y', grouping_cols => 'colour')",
        "SELECT * FROM {out} ORDER BY colour, column_position",
        ("column_moments",),
    ),
    "summary": Method(
        "summary('{table}', '{out}')",
        f"SELECT {FIGURES} FROM {{out}} ORDER BY column_number",
        ("column_summary",),
    ),
    "summary grouped": Method(
        "summary('{table}', '{out}', 'x1, day, amount', 'flag')",
        f"SELECT group_by_value, {FIGURES} FROM {{out}} ORDER BY group_by_value, column_number",
        ("column_summary",),
    ),
}
STATEMENTS = {
    "stats.correlation": Statements(["t", "m", "a, b", False, None], 15),
    "stats.summary": Statements(["t", "m", "a, b", None, True, True, None, 10, True, False], 12),
}
STATES = {
    "fmsketch": [
        f"SELECT madlib.fmsketch_dcount_state(({value})) {ROWS.format(rows)}"
        for value in ("i", "'k' || i", "i % 3 = 0")
        for rows in (1, 40, 5000)
    ],
    "column_summary": [
        f"SELECT madlib.column_summary_state({value}{wanted}) {ROWS.format(rows)}"
        for value in (
            "i",
            "i * 0.5::float8",
            "'k' || i % 7",
            "i % 2 = 0",
            "NULL::text",
            "date '2000-01-01' + i",
        )
        for wanted in ("", ", 3", ", 0")
        for rows in (1, 50, 700)
    ],
    "fmsketch_row": [f"SELECT madlib.fmsketch_dcount_state(i) {ROWS.format(40)}"],
    "row_summary": [
        f"SELECT madlib.__row_summary(ROW({values}), {wanted}) {ROWS.format(rows)}"
        for values in ("i", "i, 'k' || i % 7", "i * 0.5, date '2000-01-01' + i, NULL::text")
        for wanted in (0, 7)
        for rows in (1, 300)
    ],
}
RIGHTS = {
    "__column_rows": DRIVER,
    "__column_moments_columns": AGGREGATE,
    "__fmsketch_row": AGGREGATE,
    "__row_summary": AGGREGATE,
    "__row_summary_column": DRIVER,
}
GROWTH = [
    Growth("correlation", "'{x}'"),
    Growth("summary", "'{x}, y'"),
]
CANCELLED = [
    Call("summary flags", "SELECT FROM madlib.summary('flags', 'o')"),
    Call("summary long", "SELECT FROM madlib.summary('long', 'o')"),
    Call("summary grouped", "SELECT FROM madlib.summary('grouped', 'o', 'a, c', 'g')"),
    Call("summary leveled", "SELECT FROM madlib.summary('leveled', 'o')"),
    Call("correlation wide", "SELECT FROM madlib.correlation('wide', 'o', '{elements}')"),
    Call("covariance grouped", f"SELECT FROM madlib.covariance('grouped', 'o', 'a, b', {GROUPED})"),
]
