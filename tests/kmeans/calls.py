"""Calls of k-means, for the tests of all methods: see tests/methods.py."""

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

DRIVERS = [Driver("kmeans_train", more=", k => 2", is_linear=True)]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "kmeans_predict": ("kmeans_train", ", 't', 'p'"),
}
METHODS = {
    "kmeans": Method(
        "kmeans_train('{table}', '{out}', 'x1, x2', 4)",
        "SELECT cluster_id, centroid, size, within_sum, silhouette FROM {out} ORDER BY 1",
        ("kmeans_sample", "kmeans"),
        3,
    ),
    "kmeans weighted": Method(
        "kmeans_train('{table}', '{out}', 'x1, x2', 4, max_iter => 3, weights => 'x3 % 4')",
        "SELECT cluster_id, centroid, size, within_sum, silhouette FROM {out} ORDER BY 1",
        ("weighted_kmeans_sample", "weighted_kmeans"),
        3,
    ),
    "kmeans grouped": Method(
        "kmeans_train('{table}', '{out}', 'x1, x3', 3, grouping_cols => 'amount')",
        "SELECT amount = 1, cluster_id, centroid, size FROM {out} ORDER BY 1, 2",
        ("kmeans_sample", "kmeans"),
        3,
    ),
}
STATEMENTS = {
    "kmeans.train": Statements(
        ["t", "m", "a, b", 2, "kmeans++", 20, 1e-4, 1, "squared_euclidean", None, False, None], 25, 16
    ),
}
KERNELS = {
    "kmeans": Parameters(
        [
            *([0, mode, 7, 0, 9, 9, 1, 1, 5, 2, 3, 3] for mode in (0, 1, 2)),
            [0, 0, 7, 0, 1, 1, 1, 2, 2, 2],
        ],
        features=2,
    ),
    "kmeans_sample": Parameters(
        [*([7, 0, 0, 0, mode] for mode in (0, 1, 2)), [1, 0], [40, 0, 1, 2, 0]], features=2
    ),
    "weighted_kmeans": Parameters(
        [[0, mode, 7, 0, 9, 9, 4, 1, 1, 5, 2, 3, 3] for mode in (0, 1, 2, 3)], features=2
    ),
    "weighted_kmeans_sample": Parameters([[7, 0, 0, 0], [1, 0], [40, 0, 1, 2, 0]], features=2),
}
RIGHTS = {
    "__kmeans_seeds": DRIVER,
    "__kmeans_columns": AGGREGATE,
    "__kmeans_sample_columns": AGGREGATE,
    "__weighted_kmeans_columns": AGGREGATE,
    "__weighted_kmeans_sample_columns": AGGREGATE,
}
GROWTH = [
    Growth("kmeans_train", "'{x}', 8, max_iter => 20, tolerance => 0", passes=True, groups_goal=2),
]
CANCELLED = [
    Call("kmeans wide", train("kmeans", "wide", "'x', k => 100")),
    Call("kmeans wide in rounds", train("kmeans", "wide", "'x', k => 100, init => 'kmeans||'")),
    Call("kmeans of 1,000", train("kmeans", "long", "'a, b, c', k => 1000")),
    Call("kmeans of 10,000", train("kmeans", "long", "'a, b, c', k => 10000")),
    Call("kmeans grouped", train("kmeans", "grouped", f"'a, b', k => 3, {GROUPED}")),
    Call("kmeans_run", "SELECT FROM madlib.kmeans_run('points', 50)"),
    using("kmeans_predict", "long", "'a, b, c', k => 1000, max_iter => 1"),
]
