"""Calls of decision trees, for the tests of all methods: see tests/methods.py."""

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

DRIVERS = [Driver("dtree_train", "yes")]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "dtree_predict": ("dtree_train", ", 't', 'p'"),
    "dtree_predict_prob": ("dtree_train", ", 't', 'p'"),
    "dtree_display": ("dtree_train", ""),
    "dtree_importance": ("dtree_train", ""),
}
METHODS = {
    "dtree": Method(
        "dtree_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', max_depth => 4)",
        "SELECT node, split, num_rows, prediction, class_counts FROM {out} ORDER BY 1",
        ("dtree_sample", "dtree"),
        5,
    ),
    "dtree weighted": Method(
        "dtree_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', max_depth => 4, weights => 'place')",
        "SELECT node, split, num_rows, prediction, class_counts FROM {out} ORDER BY 1",
        ("weighted_dtree_sample", "weighted_dtree"),
        5,
    ),
    "dtree grouped": Method(
        "dtree_train('{table}', '{out}', 'y', 'x1, colour', 'flag', max_depth => 3)",
        "SELECT flag, node, split, num_rows, prediction FROM {out} ORDER BY 1, 2",
        ("dtree_sample", "dtree"),
        4,
    ),
}
STATEMENTS = {
    "dtree.train": Statements(
        ["t", "m", "yes", "a, c", None, None, "auto", "auto", 3, 20, 7, 20, None, 0, 1, False, None], 28, 14
    ),
}
KERNELS = {
    "dtree_sample": Parameters([[50, 0], [3, 7], [1000, 1, 2], [20, 0]]),
    "dtree": Parameters(
        [
            *(
                [1, classes, 1, 1, 3, 1, 0, 0, 0, 0, entropy, 1, 4, 4, bins, -1, 0, 0, 0, 0, 0, 0]
                for classes, entropy, bins in ((0, 0, 4), (3, 1, 9), (2, 0, 4))
            ),
            [1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 50, -1, 0, 0, 0, 0, -1, 0],
        ],
        features=3,
    ),
    "weighted_dtree_sample": Parameters([[50, 0], [3, 7]]),
    "weighted_dtree": Parameters(
        [[1, classes, 1, 1, 3, 1, 0, 0, 0, 0, 0, 1, 4, 4, 4, -1, 0, 0, 0, 0, 0, 0] for classes in (0, 2)],
        features=3,
    ),
}
MODELS = {
    "dtree_1": "SELECT madlib.dtree_train('t', 'dtree_1', 'y', 'a, b', min_split => 2, max_depth => 4)",
    "dtree_2": "SELECT madlib.dtree_train('t', 'dtree_2', 'y', 'a, c, d', min_split => 2, max_depth => 4)",
    "dtree_3": "SELECT madlib.dtree_train('t', 'dtree_3', 'a', 'b, c', max_depth => 3)",
}
RIGHTS = {
    "__store_bin": DRIVER,
    "__weighted_dtree_outcome": DRIVER,
    "__weighted_dtree_sample_outcome": DRIVER,
    "__dtree_outcome": DRIVER,
    "__dtree_sample_outcome": DRIVER,
    "__weighted_dtree_columns": AGGREGATE,
    "__weighted_dtree_sample_columns": AGGREGATE,
    "__dtree_columns": AGGREGATE,
    "__dtree_sample_columns": AGGREGATE,
}
DEEP = "min_split => 2, min_bucket => 1"
GROWTH = [Growth("dtree_train", "'y', '{x}', max_depth => 5", passes=True, groups_goal=5)]
CANCELLED = [
    Call("dtree wide", train("dtree", "wide", "'yes', 'x'")),
    Call("dtree wide pruned", train("dtree", "wide", "'y', 'x', n_folds => 3, max_depth => 4")),
    Call("dtree flags", train("dtree", "flags", "'yes', '{flags}'")),
    Call("dtree long", train("dtree", "long", "'yes', 'a, b, d', max_depth => 20")),
    Call("dtree grouped", train("dtree", "grouped", f"'yes', 'a, c', {DEEP}, {GROUPED}")),
    Call("dtree leveled", train("dtree", "leveled", "'class', 'f, a'")),
    using("dtree_predict_prob", "leveled", "'class', 'f, a', max_depth => 3"),
    using("dtree_predict", "grouped", f"'yes', 'a, c', {GROUPED}"),
    Call(
        "dtree_display",
        "SELECT madlib.dtree_display('m', 'svg')",
        train("dtree", "long", f"'yes', 'a, b, d', max_depth => 20, {DEEP}", "m"),
    ),
    Call(
        "dtree_importance",
        "SELECT FROM madlib.dtree_importance('m')",
        train("dtree", "grouped", f"'yes', 'a, c', {GROUPED}", "m"),
    ),
]
