"""Calls of ranges, for the tests of all methods: see tests/methods.py."""

from tests.methods import AGGREGATE, Call, Driver, Growth, Method, Parameters, Statements, train

DRIVERS = [Driver("range_train", is_linear=True, has_row_per_group=True)]
METHODS = {
    "range": Method(
        "range_train('{table}', '{out}', 'x1, x2', 'colour')",
        "SELECT colour, low, high FROM {out} ORDER BY 1",
        ("column_range",),
    )
}
STATEMENTS = {"range.train": Statements(["t", "m", "a, b", None], 12)}
KERNELS = {"column_range": Parameters([[]], features=3)}
RIGHTS = {"__column_range_columns": AGGREGATE}
GROWTH = [Growth("range_train", "'{x}'")]
CANCELLED = [
    Call("range long", train("range", "long", "'a, b, c'")),
]
