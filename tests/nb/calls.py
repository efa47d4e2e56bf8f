"""Calls of naive Bayes, for the tests of all methods: see tests/methods.py."""

from tests.methods import (
    AGGREGATE,
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

DRIVERS = [Driver("nb_train", "yes")]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "nb_predict": ("nb_train", ", 't', 'p'"),
    "nb_predict_prob": ("nb_train", ", 't', 'p'"),
    "nb_create_view": ("nb_train", ", 't', 'p'"),
}
METHODS = {
    "nb": Method(
        "nb_train('{table}', '{out}', 'colour', 'x1, x2, flag, x3', categorical_cols => 'x3')",
        "SELECT class, feature, value, prior, mean, variance, probability, count FROM {out} ORDER BY 1, 2, 3",
        ("nb",),
    ),
    "nb grouped": Method(
        "nb_train('{table}', '{out}', 'flag', 'x1, colour', 'place')",
        "SELECT place, class, feature, value, prior, mean, count FROM {out} ORDER BY 1, 2, 3, 4",
        ("nb",),
    ),
    "nb weighted": Method(
        "nb_train('{table}', '{out}', 'flag', 'x1, colour', 'place', weights => 'x3 * 0.5')",
        "SELECT place, class, feature, value, prior, mean, count FROM {out} ORDER BY 1, 2, 3, 4",
        ("weighted_nb",),
    ),
}
STATEMENTS = {
    "nb.train": Statements(["t", "m", "yes", "a, c", None, None, 1.0, False, None], 16, 14),
}
CELL = [0.0] * 5 + ["inf", "-inf"]
COUNTS: list[list[float | str]] = [
    [3, 0, 5, 0, 0, 0, 0, *CELL[:7] * 3, *[0.0] * 15, *CELL[:7] * 3],
    [1, 1, 1, 1, 0, 0, 0, 0],
]
KERNELS = {
    "nb": Parameters(COUNTS, features=3),
    "weighted_nb": Parameters(COUNTS, features=3),
    "nb_coded": Parameters([[1000, 1000], [2, 2]]),
    "weighted_nb_coded": Parameters([[1000, 1000], [2, 2]]),
}
MODELS = {
    "nb_1": "SELECT madlib.nb_train('t', 'nb_1', 'y', 'a, b')",
    "nb_2": "SELECT madlib.nb_train('t', 'nb_2', 'y', 'a, c, d')",
}
RIGHTS = {
    "__nb_columns": AGGREGATE,
    "__nb_coded_columns": AGGREGATE,
    "__weighted_nb_coded_columns": AGGREGATE,
    "__weighted_nb_columns": AGGREGATE,
}
GROWTH = [Growth("nb_train", "'odds = 1', '{x}'", groups_goal=3)]
CANCELLED = [
    Call("nb wide", train("nb", "wide", "'yes', 'x'")),
    Call("nb flags", train("nb", "flags", "'yes', '{flags}'")),
    Call("nb long", train("nb", "long", "'yes', 'a, b, d'")),
    Call("nb grouped", train("nb", "grouped", f"'yes', 'a, c', {GROUPED}")),
    Call("nb leveled", train("nb", "leveled", "'yes', 'f, a'")),
    using("nb_predict", "wide", "'yes', 'x'"),
    using("nb_predict_prob", "leveled", "'yes', 'f, a'"),
    using("nb_predict_prob", "grouped", f"'yes', 'a, c', {GROUPED}"),
]
