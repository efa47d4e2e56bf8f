"""Calls of linear regression, for the tests of all methods: see tests/methods.py."""

from tests.methods import (
    AGGREGATE,
    DRIVER,
    GROUPED,
    Call,
    Driver,
    Growth,
    Method,
    Parameters,
    Statements,
    train,
    using,
)

DRIVERS = [Driver("regr_train", "y", is_linear=True, has_row_per_group=True)]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "regr_summary": ("regr_train", ""),
    "regr_predict": ("regr_train", ", 't', 'p'"),
}
METHODS = {
    "regr": Method(
        "regr_train('{table}', '{out}', 'y', 'x1, x2, x3, flag, colour')",
        "SELECT coef, std_err, r2, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("moments",),
    ),
    "regr robust, grouped": Method(
        "regr_train('{table}', '{out}', 'y', 'x1, x3', 'colour, amount', true, robust => true)",
        "SELECT colour, amount = 1, coef, std_err, bp_p_value, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("moments", "meat", "squared_residuals"),
        3,
    ),
    "regr robust, a group without a model": Method(
        "regr_train('{table}', '{out}', 'y', 'x1, colour', 'colour', true, robust => true)",
        "SELECT colour, coef, std_err, bp_p_value, num_rows_processed FROM {out} ORDER BY 1",
        ("moments", "meat", "squared_residuals"),
        3,
    ),
    "regr weighted": Method(
        "regr_train('{table}', '{out}', 'y', 'ARRAY[1, x1, x3 * 2.5]', weights => 'place')",
        "SELECT coef, std_err, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("weighted_moments",),
    ),
    "regr, a level in rows that are skipped": Method(
        "regr_train('{table}', '{out}', 'CASE WHEN colour <> ''red'' THEN y END', 'x1, colour', 'place',"
        " weights => 'x3 % 4', robust => true)",
        "SELECT place, coef, std_err, aliases, feature_names, num_rows_processed FROM {out} ORDER BY 1",
        ("weighted_moments", "meat"),
        2,
    ),
    "regr, text with one value": Method(
        "regr_train('{table}', '{out}', 'CASE WHEN colour = ''red'' THEN y END', 'x1, colour')",
        "SELECT coef, feature_names, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("moments",),
    ),
}
STATEMENTS = {
    "regr.train": Statements(["t", "m", "y", "a, b", None, False, None, False, False], 12, 14),
}
KERNELS = {
    "meat": Parameters([[1, -2, 3]], features=3),
    "squared_residuals": Parameters([[1, -2, 3]], features=3),
}
RIGHTS = {
    "__regr_aliases": DRIVER,
    "__regr_constants": DRIVER,
    "__regr_fit": DRIVER,
    "__regr_is_perfect": DRIVER,
    "__regr_robust": DRIVER,
    "__regr_sandwich": DRIVER,
    "__meat_columns": AGGREGATE,
    "__squared_residuals_columns": AGGREGATE,
}
GROWTH = [Growth("regr_train", "'y', '{x}'", groups_goal=2)]
CANCELLED = [
    Call("regr wide", train("regr", "wide", "'y', 'x'")),
    Call("regr wide robust", train("regr", "wide", "'y', 'x', robust => true")),
    Call("regr long", train("regr", "long", "'y', 'a, b, c', heteroskedasticity_option => true")),
    Call("regr grouped", train("regr", "grouped", f"'y', 'a, b', robust => true, {GROUPED}")),
    Call("regr leveled", train("regr", "leveled", "'y', 'a, class'")),
    using("regr_predict", "wide", "'y', 'x'"),
    using("regr_predict", "grouped", f"'y', 'a, b', {GROUPED}"),
    Call("regr_summary", "SELECT FROM madlib.regr_summary('m')", train("regr", "wide", "'y', 'x'", "m")),
]
