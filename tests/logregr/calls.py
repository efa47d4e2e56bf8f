"""Calls of logistic regression, for the tests of all methods: see tests/methods.py."""

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

DRIVERS = [Driver("logregr_train", "yes", is_linear=True, has_row_per_group=True)]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "logregr_summary": ("logregr_train", ""),
    "logregr_predict": ("logregr_train", ", 't', 'p'"),
}
METHODS = {
    "logregr, levels by group": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1, colour', 'place, x3')",
        "SELECT place, x3, coef, aliases, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("logregr",),
        4,
    ),
    "logregr": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1, x2, colour')",
        "SELECT coef, std_err, log_likelihood, num_iterations, num_rows_processed FROM {out}",
        ("logregr",),
        4,
    ),
    "logregr grouped": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1', 'day, flag')",
        "SELECT day, flag, coef, num_iterations, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("logregr",),
        3,
    ),
    "logregr of text": Method(
        "logregr_train('{table}', '{out}', 'CASE WHEN flag THEN colour ELSE ''red'' END = ''red''', 'x1')",
        "SELECT coef, num_rows_processed FROM {out}",
        ("logregr",),
        3,
    ),
    "logregr, a class in rows that are skipped": Method(
        "logregr_train('{table}', '{out}', 'CASE WHEN x2 IS NULL THEN 0 WHEN y > 3 THEN 1 ELSE 2 END',"
        " 'x1, x2')",
        "SELECT coef, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("logregr",),
        3,
    ),
    "logregr weighted": Method(
        "logregr_train('{table}', '{out}', 'y > 3', 'x1, x2', weights => 'place')",
        "SELECT coef, std_err, log_likelihood, num_rows_processed, num_missing_rows_skipped FROM {out}",
        ("weighted_logregr",),
        4,
    ),
}
STATEMENTS = {
    "logregr.train": Statements(["t", "m", "yes", "a, b", None, 20, "irls", 1e-4, False], 20, 15),
}
KERNELS = {
    name: Parameters([[0.1, 0.2, 0.3, 0, 0, 1, 0, 0, 0.5], [0] * 9], features=3)
    for name in ("logregr", "weighted_logregr")
}
RIGHTS = {
    "__logregr_estimate": DRIVER,
    "__logregr_outcome": DRIVER,
    "__weighted_logregr_outcome": DRIVER,
    "__logregr_columns": AGGREGATE,
    "__weighted_logregr_columns": AGGREGATE,
}
GROWTH = [Growth("logregr_train", "'odds', '{x}'", passes=True, groups_goal=2)]
CANCELLED = [
    Call("logregr wide", train("logregr", "wide", "'yes', 'x'")),
    Call("logregr long", train("logregr", "long", "'yes', 'a, b, c'")),
    Call("logregr grouped", train("logregr", "grouped", f"'yes', 'a, b', {GROUPED}")),
    Call("logregr leveled", train("logregr", "leveled", "'yes', 'a, class'")),
    Call("logregr long weighted", train("logregr", "long", "'yes', 'a, b, c', weights => 'b * b'")),
    using("logregr_predict", "leveled", "'yes', 'a, class'"),
]
