"""Calls of scikit-learn's algorithms, for the tests of all methods: see tests/methods.py."""

from tests.methods import Call, Driver, Growth, Method, train, using

# Sums of a library depend on the order of the rows in their last digits.
ROUNDED = "round((metrics->>'rmse')::numeric, 9)"
LINEAR = """'[{"algorithm": "linear"}]'"""
DRIVERS = [
    Driver("sk_compare", "yes", more=f", candidates => {LINEAR}", reads_summary=False, has_groups=False),
    Driver("sk_train", "yes", more=", algorithm => 'linear'", has_row_per_group=True, reads_summary=False),
]
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "sk_predict": ("sk_train", ", 't', 'p'"),
    "sk_predict_prob": ("sk_train", ", 't', 'p'"),
    "sk_create_view": ("sk_train", ", 't', 'p'"),
}
GROWTH = [Growth("sk_train", "'y', '{x}', 'linear'")]
METHODS = {
    "sk": Method(
        "sk_train('{table}', '{out}', 'y', 'x1, x2, flag, colour', 'ridge')",
        f"SELECT num_rows_processed, num_missing_rows_skipped, {ROUNDED} FROM {{out}}",
        (),
    ),
    "sk compared": Method(
        """sk_compare('{table}', '{out}', 'y', 'x1, x2, flag, colour', '[{{"algorithm": "ridge"}}]')""",
        f"SELECT num_rows_processed, num_missing_rows_skipped, {ROUNDED} FROM {{out}}",
        (),
    ),
    "sk grouped": Method(
        "sk_train('{table}', '{out}', 'y', 'x1, x2', 'ridge', grouping_cols => 'place')",
        f"SELECT place, num_rows_processed, num_missing_rows_skipped, {ROUNDED} FROM {{out}} ORDER BY 1",
        (),
    ),
}


def _small_models() -> list[bytes]:
    from tests.sk.models import small_models  # imports scikit-learn, which takes seconds

    return list(small_models().values())


PACKED = {"sk_": _small_models}
FEATURES = dict.fromkeys(
    ("sk_predict", "sk_predict_all", "sk_predict_class", "sk_predict_prob", "sk_decision", "sk_explain"), 3
)
TREES = """'random_forest', hyperparams => '{"n_estimators": 20}'"""
FORESTS = """'[{"algorithm": "linear"}, {"algorithm": "random_forest"}]', folds => 3"""
CANCELLED = [
    Call("sk wide", train("sk", "wide", "'yes', 'x', 'linear'")),
    Call("sk long", train("sk", "long", f"'y', 'a, b, c', {TREES}")),
    Call("sk_compare long", f"SELECT FROM madlib.sk_compare('long', 'o', 'y', 'a, b, c', {FORESTS})"),
    using("sk_predict", "leveled", "'yes', 'a, class', 'linear'"),
    using("sk_predict_prob", "long", "'yes', 'a, b', 'linear'"),
]
