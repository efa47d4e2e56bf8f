"""Calls of boosting, for the tests of all methods: see tests/methods.py."""

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

DRIVERS = [Driver("boost_train", "yes", more=", num_rounds => 10")]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "boost_predict": ("boost_train", ", 't', 'p'"),
    "boost_predict_prob": ("boost_train", ", 't', 'p'"),
    "boost_display": ("boost_train", ""),
    "boost_importance": ("boost_train", ""),
}
METHODS = {
    "boost": Method(
        "boost_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', num_rounds => 8)",
        "SELECT round, num_leaves, depth, loss FROM {out} ORDER BY 1",
        (),  # its rows come to one store
    ),
    "boost weighted": Method(
        "boost_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', num_rounds => 8, weights => 'place')",
        "SELECT round, num_leaves, depth, loss FROM {out} ORDER BY 1",
        (),
    ),
    "boost grouped": Method(
        "boost_train('{table}', '{out}', 'y', 'x1, colour', 'flag', num_rounds => 5, validation => '0.2')",
        "SELECT flag, round, num_leaves, depth, loss, validation_loss FROM {out} ORDER BY 1, 2",
        (),  # its rows come to one store
    ),
}
STATEMENTS = {
    "boost.train": Statements(
        [
            "t", "m", "yes", "a, c", None, "auto", 8, 0.1, 31, None, 20, 0.0, 0.0, 1.0, None, None, None,
            None, None, 0, 1, None, None, False,
        ],
        28,
        14,
    ),
}  # fmt: skip
KERNELS = {
    "boost_sample": Parameters([[50, 0], [3, 7], [1000, 1, 2], [20, 0]]),
    "weighted_boost_sample": Parameters([[50, 0], [3, 7]]),
}
MODELS = {
    "boost_1": "SELECT madlib.boost_train('t', 'boost_1', 'y', 'a, b', num_rounds => 9, min_child => 1)",
    "boost_2": "SELECT madlib.boost_train('t', 'boost_2', 'y', 'a, c, d', num_rounds => 3, min_child => 1)",
    "boost_3": "SELECT madlib.boost_train('t', 'boost_3', 'a', 'b, c', num_rounds => 4, max_depth => 3)",
}
RIGHTS = {
    "__boost_fit": DRIVER,
    "__boost_rounds": DRIVER,
    "__boost_groups": DRIVER,
    "__boost_model": DRIVER,
    "__boost_tree": DRIVER,
    "__boost_sample_outcome": DRIVER,
    "__weighted_boost_sample_outcome": DRIVER,
    "__boost_sample_columns": AGGREGATE,
    "__weighted_boost_sample_columns": AGGREGATE,
}
GROWTH = [Growth("boost_train", "'y', '{x}', num_rounds => 10", passes=True)]
CANCELLED = [
    Call("boost wide", train("boost", "wide", "'yes', 'x'")),
    Call("boost long", train("boost", "long", "'yes', 'a, b, d', validation => '0.2'")),
    Call("boost grouped", train("boost", "grouped", f"'yes', 'a, c', {GROUPED}")),
    Call("boost leveled", train("boost", "leveled", "'class', 'f, a', num_rounds => 5")),
    using("boost_predict_prob", "leveled", "'class', 'f, a', num_rounds => 2"),
    using("boost_predict", "grouped", f"'yes', 'a, c', {GROUPED}, num_rounds => 10"),
    Call(
        "boost_display",
        "SELECT madlib.boost_display('m', '1', 'svg')",
        train("boost", "long", "'yes', 'a, b, d', num_rounds => 10", "m"),
    ),
    Call(
        "boost_importance",
        "SELECT FROM madlib.boost_importance('m')",
        train("boost", "grouped", f"'yes', 'a, c', {GROUPED}, num_rounds => 10", "m"),
    ),
]
