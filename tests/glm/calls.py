"""Calls of generalised linear models, for the tests of all methods: see tests/methods.py."""

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

DRIVERS = [
    Driver("glm_train", "y", more=", family => 'gaussian'", is_linear=True, has_row_per_group=True),
]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "glm_summary": ("glm_train", ""),
    "glm_predict": ("glm_train", ", 't', 'p'"),
}
METHODS = {
    "glm": Method(
        "glm_train('{table}', '{out}', 'abs(y) + 1', 'x1, x2, colour', 'gamma', 'log',"
        " \"offset\" => 'x1 / 10')",
        "SELECT coef, std_err, deviance, null_deviance, num_rows_processed FROM {out}",
        ("weighted_moments", "glm"),
        5,
    ),
    "glm grouped": Method(
        "glm_train('{table}', '{out}', 'y > 3', 'x1', 'binomial', 'probit', 'flag, place',"
        " weights => 'x3 % 4')",
        "SELECT flag, place, coef, std_err, num_rows_processed FROM {out} ORDER BY 1, 2",
        ("weighted_moments", "glm"),
        5,
    ),
}
STATEMENTS = {
    "glm.train": Statements(["t", "m", "y", "a, b", "gaussian", *[None] * 4, 100, 1e-6, False], 17, 16),
}
KERNELS = {
    "glm": Parameters(
        [
            [2, 1, "NaN", 0.1, 0.1, 0.2, 0.3, 0, 0, 1, 0, "inf", 0.5],
            [1, 6, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ],
        features=3,
    )
}
RIGHTS = {
    "__glm_estimate": DRIVER,
    "__glm_outcome": DRIVER,
    "__glm_predict": "in the queries of glm_predict",
    "__glm_columns": AGGREGATE,
}
GROWTH = [Growth("glm_train", "'odds', '{x}', 'poisson'", passes=True, groups_goal=2)]
CANCELLED = [
    Call("glm wide", train("glm", "wide", "'yes', 'x', 'binomial', 'probit'")),
    Call("glm long", train("glm", "long", "'y * y + 1', 'a, b, c', 'gamma', \"offset\" => 'a'")),
    Call("glm grouped", train("glm", "grouped", f"'yes', 'a, b', 'poisson', {GROUPED}")),
    Call(
        "glm_summary",
        "SELECT FROM madlib.glm_summary('m')",
        train("glm", "grouped", f"'yes', 'a, b', 'poisson', {GROUPED}", "m"),
    ),
    using("glm_predict", "leveled", "'yes', 'a, class', 'poisson'"),
]
