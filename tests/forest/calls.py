"""Calls of forests, for the tests of all methods: see tests/methods.py."""

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

DRIVERS = [Driver("forest_train", "yes", more=", num_trees => 10")]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "forest_predict": ("forest_train", ", 't', 'p'"),
    "forest_predict_prob": ("forest_train", ", 't', 'p'"),
    "forest_display": ("forest_train", ""),
    "forest_importance": ("forest_train", ""),
}
METHODS = {
    "forest": Method(
        "forest_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', num_trees => 8)",
        "SELECT tree, num_rows, num_nodes, num_leaves, depth, oob_rows, oob_error FROM {out} ORDER BY 1",
        (),  # rows come to a store of this server
    ),
    "forest weighted": Method(
        "forest_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', num_trees => 8, weights => 'place')",
        "SELECT tree, num_rows, num_nodes, num_leaves, depth, oob_rows, oob_error FROM {out} ORDER BY 1",
        (),
    ),
    "forest grouped": Method(
        "forest_train('{table}', '{out}', 'y', 'x1, colour', 'flag', num_trees => 5)",
        "SELECT flag, tree, num_rows, num_nodes, depth, oob_error FROM {out} ORDER BY 1, 2",
        (),  # rows come to a store of this server
    ),
}
STATEMENTS = {
    "forest.train": Statements(
        [
            "t", "m", "yes", "a, c", None, 8, 4, 2, 1, None, 1.0, True, None, None, False, 1, "best", "auto",
            "auto", None, True, False,
        ],
        28,
        14,
    ),
}  # fmt: skip
KERNELS = {
    "forest_sample": Parameters([[50, 0], [3, 7], [1000, 1, 2], [20, 0]]),
    "weighted_forest_sample": Parameters([[50, 0], [3, 7]]),
}
MODELS = {
    "forest_1": "SELECT madlib.forest_train('t', 'forest_1', 'y', 'a, b', num_trees => 9, max_depth => 4)",
    "forest_2": "SELECT madlib.forest_train('t', 'forest_2', 'y', 'a, c, d', num_trees => 3)",
    "forest_3": "SELECT madlib.forest_train('t', 'forest_3', 'a', 'b, c', num_trees => 4, max_depth => 3)",
}
RIGHTS = {
    "__store_code": DRIVER,
    "__forest_grow": DRIVER,
    "__forest_finish": DRIVER,
    "__forest_trees": DRIVER,
    "__forest_groups": DRIVER,
    "__forest_model": DRIVER,
    "__forest_tree": DRIVER,
    "__forest_sample_outcome": DRIVER,
    "__weighted_forest_sample_outcome": DRIVER,
    "__forest_sample_columns": AGGREGATE,
    "__weighted_forest_sample_columns": AGGREGATE,
}
GROWTH = [Growth("forest_train", "'y', '{x}', num_trees => 10, max_depth => 8", passes=True)]
CANCELLED = [
    Call("forest wide", train("forest", "wide", "'yes', 'x'")),
    Call("forest long", train("forest", "long", "'yes', 'a, b, d', importance => true")),
    Call("forest grouped", train("forest", "grouped", f"'yes', 'a, c', {GROUPED}")),
    Call("forest leveled", train("forest", "leveled", "'class', 'f, a'")),
    using("forest_predict_prob", "leveled", "'class', 'f, a', num_trees => 5, max_depth => 3"),
    using("forest_predict", "grouped", f"'yes', 'a, c', {GROUPED}, num_trees => 10"),
    Call(
        "forest_display",
        "SELECT madlib.forest_display('m', 1, 'svg')",
        train("forest", "long", "'yes', 'a, b, d', num_trees => 10", "m"),
    ),
    Call(
        "forest_importance",
        "SELECT FROM madlib.forest_importance('m')",
        train("forest", "grouped", f"'yes', 'a, c', {GROUPED}, num_trees => 10", "m"),
    ),
]
