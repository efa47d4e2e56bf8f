"""sk_compare: its holdout, models and candidates; models are those of sk_train."""

import json

import numpy as np
import pytest

from tests.sk.compared import FEATURES, close, tried
from tests.sk.conftest import literal

# --- the holdout and the models ---


@pytest.mark.parametrize(
    ("target", "algorithm"),
    [("y", "ridge"), ("y", "random_forest"), ("three", "lda"), ("pair", "decision_tree")],
)
def test_the_holdout_is_not_in_a_model(sql, rows, compare, target, algorithm):
    """Levels, classes and NULLs of the holdout change nothing: the model is that of the other rows alone."""
    sql("ALTER TABLE t ADD kind text; UPDATE t SET kind = CASE WHEN held THEN 'z' ELSE 'k' END || id % 3")
    sql(
        "UPDATE t SET three = 'b0', y = y * 100 WHERE held AND id < 40;"
        " UPDATE t SET a = NULL WHERE id IN (3, 4)"
    )
    features = "a, b, c, kind"
    compare(target, algorithm, holdout="held", features=features, seed=2, folds=3)
    sql("CREATE VIEW v AS SELECT * FROM t WHERE NOT held")
    sql(f"SELECT madlib.sk_train('v', 'm', '{target}', '{features}', '{algorithm}', seed => 2)")
    assert sql.value("SELECT o.model = m.model FROM o, m")
    assert sql.value("SELECT o.details = m.details FROM o, m")
    takes_nulls = algorithm in ("random_forest", "decision_tree")
    counts = (150, 0, 50) if takes_nulls else (149, 1, 49)
    assert tried(sql, "num_rows_processed, num_missing_rows_skipped, num_test_rows") == [counts]


@pytest.mark.parametrize("features", ["a, b, c", "a, three"])
def test_a_holdout_by_share_is_that_of_the_expression(sql, rows, compare, features):
    """Both calls hold out the same rows, and the sum over all rows is PostgreSQL's."""
    part = "pgml.__part(7, y, a) < 0.3"
    result = compare(
        "y", "linear", features=features, row_hash="pgml.__hash(0, y, a)", holdout_share=0.3, seed=7
    )
    sql("CREATE TABLE by_share AS SELECT * FROM o")
    compare("y", "linear", features=features, holdout=part, seed=7)
    same = "o.model = s.model AND o.metrics = s.metrics AND o.num_test_rows = s.num_test_rows"
    assert sql.value(f"SELECT {same} FROM o, by_share AS s")
    (expected,) = sql(
        f"SELECT count(*), count(*) FILTER (WHERE {part}), sum(pgml.__hash(0, y, a))::text FROM t"
    )
    assert (result["num_rows"], result["num_holdout_rows"], result["hash_sum"]) == expected


@pytest.mark.parametrize("where", ["true", "NOT held"])
@pytest.mark.parametrize("algorithm", ["linear", "hist_gradient_boosting"])
def test_features_without_a_value_are_left_out(sql, rows, compare, where, algorithm):
    """The model is the one without them, also where the holdout alone has values of them."""
    sql("ALTER TABLE t ADD kind text DEFAULT 'k', ADD later float8 DEFAULT 1, ADD yes boolean DEFAULT true")
    sql(f"UPDATE t SET kind = NULL, later = NULL, yes = NULL WHERE {where}")
    one = {"algorithm": algorithm, "preprocess": {"later": {"impute": "mean"}}}
    result = compare("y", one, holdout="held", features="kind, a, later, b, yes", folds=2)
    assert result["feature_names"] == ["a", "b"]
    assert [column["count"] for column in result["columns"]["features"]] == [0, 150, 0, 150, 0]
    sql("CREATE TABLE with_them AS SELECT * FROM o")
    compare("y", algorithm, holdout="held", features="a, b", folds=2)
    assert sql.value("SELECT o.metrics = w.metrics AND o.details = w.details FROM o, with_them AS w")
    assert sql.value("SELECT count(madlib.sk_predict(model, t)) FROM with_them, t") == 200


def test_a_class_of_the_holdout_alone_is_wrong(sql, rows, compare):
    sql("UPDATE t SET three = 'aa0' WHERE id = 0")
    result = compare("three", "lda", holdout="held")
    assert result["classes"] == ["aa", "bb", "cc", "aa0"]
    (found,) = tried(sql)
    assert (sum(found["confusion"][3]), found["confusion"][3][3], found["log_loss"]) == (1, 0, None)


def test_the_same_seed_gives_the_same_result(sql, rows, compare):
    candidates = ["random_forest", "mlp"]
    columns = "score, metrics, folds, encode(sha256(model), 'hex')"
    first = [(compare("y", *candidates, folds=2, seed=4), tried(sql, columns))[1] for _ in range(2)]
    assert first[0] == first[1]
    compare("y", *candidates, folds=2, seed=5)
    assert tried(sql, columns) != first[0]


def test_models_that_are_kept(sql, rows, compare):
    candidates = [{"algorithm": "ridge", "hyperparams": {"alpha": alpha}} for alpha in (100, 1, 1000)]
    result = compare("y", *candidates, keep="best", holdout="held")
    assert result["best_candidate"] == 2
    assert tried(sql, "model IS NOT NULL") == [False, True, False]
    compare("y", *candidates, holdout="held")
    assert tried(sql, "model IS NOT NULL") == [True] * 3


def test_rows_are_read_once(sql, rows, compare):
    sql("CREATE SEQUENCE reads; CREATE VIEW v AS SELECT *, nextval('reads') AS n FROM t")
    compare("three", "lda", "linear", source="v", folds=3, holdout="n < 0 OR held")
    assert sql.value("SELECT last_value FROM reads") == 200


@pytest.mark.parametrize(("target", "features"), [("pair", "v"), ("three", "v"), ("three = 'aa'", "a, pair")])
def test_features_and_targets_of_several_types(sql, rows, compare, target, features):
    """Arrays, and booleans as categories: the models are those of sk_train."""
    sql("ALTER TABLE t ADD v float8[]; UPDATE t SET v = ARRAY[a, b, c]")
    options = {"categorical_cols": "pair"} if "pair" in features else {}
    compare(target, "linear", holdout="NOT pair AND held", features=features, **options)
    sql("CREATE VIEW w AS SELECT * FROM t WHERE NOT (NOT pair AND held)")
    written = "".join(f", {name} => '{value}'" for name, value in options.items())
    sql(f"SELECT madlib.sk_train('w', 'm', {literal(target)}, '{features}', 'linear'{written})")
    assert sql.value("SELECT o.model = m.model FROM o, m")


# --- which candidates are tried ---


def test_halving(sql, rows, compare):
    """9 candidates, of which a third goes on: on 22, 66 and 200 rows; the smallest alphas are the best."""
    candidates = [{"algorithm": "ridge", "hyperparams": {"alpha": 10.0**n}} for n in range(9)]
    result = compare("y", *candidates, halving='{"factor": 3, "min_rows": 20}', folds=2)
    rungs = [[one["rows"] for one in rungs] for rungs in tried(sql, "rungs")]
    assert sorted(map(len, rungs)) == [1] * 6 + [2] * 2 + [3]
    assert [one for one in rungs if len(one) == 3] == [[22, 66, 200]]
    assert sorted(tried(sql, "status")) == ["dropped"] * 8 + ["successful"]
    assert tried(sql, "status")[result["best_candidate"] - 1] == "successful"
    assert sql.value("SELECT count(*) FROM o WHERE score IS NOT NULL OR model IS NOT NULL") == 1
    assert result["best_candidate"] <= 3


def test_a_time_limit(sql, rows, compare):
    """A forest of so many trees takes minutes; the worker that grows it is ended."""
    slow = {"algorithm": "random_forest", "hyperparams": {"n_estimators": 100_000}}
    result = compare("y", "ridge", slow, "linear", time_limit=5, folds=2)
    assert tried(sql, "status, error") == [
        ("successful", None), ("failed", "the time limit was reached"), ("skipped", None),
    ]  # fmt: skip
    assert result["best_candidate"] == 1
    assert compare("y", "linear")["best_candidate"] == 1  # by another worker


@pytest.mark.parametrize("halving", [None, '{"factor": 2, "min_rows": 20}'])
def test_a_time_limit_that_leaves_no_candidate(sql, rows, halving):
    given = "" if halving is None else f", halving => '{halving}'"
    error = sql.fails(f"SELECT madlib.sk_compare('t', 'o', 'y', 'a', '{RIDGE}', time_limit => 0{given})")
    assert (error.sqlstate, error.message, error.hint) == (
        "53400", "sk_compare: no candidate was fitted within time_limit",
        "Raise time_limit, or give candidates that take less time.",
    )  # fmt: skip


def test_a_candidate_that_fails(sql, rows, compare):
    wrong = {"algorithm": "ridge", "hyperparams": {"alpha": -1}}
    missing = {"algorithm": "ridge", "preprocess": {"z": {}}}
    result = compare(
        "y", wrong, missing, "ridge", {"algorithm": "nearest_neighbors", "hyperparams": {"n_neighbors": 500}}
    )
    assert result["best_candidate"] == 3
    assert tried(sql, "status, error")[:3] == [
        ("failed", 'hyperparameter "alpha" of ridge must be a number from 0'),
        ("failed", 'preprocess: there is no feature "z"'),
        ("successful", None),
    ]
    status, error = tried(sql, "status, error")[3]
    assert status == "failed"
    assert error.startswith("the fit failed: n_neighbors is ")


# --- errors ---

RIDGE = '[{"algorithm": "ridge"}]'


@pytest.mark.parametrize(
    ("options", "sqlstate", "message", "hint"),
    [
        ({"candidates": None}, "22004", "candidates must not be null", None),
        ({"candidates": "[]"}, "22023", "candidates must be an array of objects",
         'Write them like this: [{"algorithm": "ridge", "hyperparams": {"alpha": 1}}].'),
        ({"candidates": '[{"alpha": 1}]'}, "22023", "candidate 1 is not an object with an algorithm", None),
        ({"candidates": '[{"algorithm": "ridge", "alpha": 1}]'}, "22023", 'candidate 1: "alpha" is not known',
         "Known are: algorithm, hyperparams, preprocess."),
        ({"candidates": '[{"algorithm": "rigde"}]'}, "22023", 'there is no algorithm "rigde"',
         "Did you mean ridge?"),
        ({"candidates": '[{"algorithm": "ridge"}, {"algorithm": "kmeans"}]'}, "22023",
         "no task is common to all candidates", "Give candidates for one task."),
        ({"candidates": '[{"algorithm": "lda"}]', "task": "regression"}, "22023", "lda is not for regression",
         "Choose classification."),
        ({"candidates": '[{"algorithm": "ridge", "hyperparams": {"alpha": -1}}]'}, "22023",
         'hyperparameter "alpha" of ridge must be a number from 0', None),
        ({"metric": "f1"}, "22023", 'there is no metric "f1" for regression',
         "These are: r2, mse, rmse, mae, median_absolute_error, max_error, explained_variance."),
        ({"folds": 1}, "22023", "folds must be 0 or at least 2, not 1", "Give 0 for no folds."),
        ({"folds": 101}, "22023", "folds must be between 0 and 100, not 101", None),
        ({"folds": 100, "holdout": "id > 50"}, "22000", "the folds need at least 100 rows, there are 51",
         "Lower folds."),
        ({"folds": 10, "fold_groups": "g"}, "22000",
         "the folds need at least 10 values of fold_groups, there are 9", "Lower folds."),
        ({"fold_groups": "g"}, "22023", "fold_groups needs folds", "Set folds to the number of folds."),
        ({"folds": 2, "fold_groups": "g", "fold_order": "at"}, "22023",
         "folds are by groups or in an order, not both", "Leave out one of the two."),
        ({"holdout": "id"}, "42804", 'holdout: "id" is of type integer, a boolean is needed',
         "Cast it or choose another expression."),
        ({"holdout": "id < 0"}, "P0002", "holdout is true for no row", "Choose another expression or share."),
        ({"holdout": "id >= 0"}, "P0002", "holdout is true for every row",
         "Choose another expression or share."),
        ({"holdout_share": 0.5}, "22023", "holdout_share needs row_hash",
         "Give an expression of type bigint."),
        ({"holdout_share": 1.5, "row_hash": "id"}, "22023",
         "holdout_share must be between 0 and 1, not 1.5", None),
        ({"holdout_share": 0.5, "row_hash": "id", "holdout": "held"}, "22023",
         "holdout and holdout_share are both given", "Leave out one of them."),
        ({"row_hash": "three"}, "42804",
         'row_hash: "three" is of type text, a number is needed', "Cast it or choose another expression."),
        ({"keep": "none"}, "22023", 'keep: unknown value "none"', "Known are: all, best."),
        ({"halving": "3"}, "22023", "halving must be an object with factor and min_rows",
         'Write it like this: {"factor": 3, "min_rows": 200}.'),
        ({"halving": '{"factor": 1}'}, "22023", "halving: factor must be an integer from 2", None),
        ({"time_limit": -1}, "22023", "time_limit must be at least 0, not -1.0", None),
        ({"weights": "-w"}, "22003", None, "Give weights that are finite and not negative."),
        ({"target": "held::text", "candidates": '[{"algorithm": "lda"}]', "holdout": "held"},
         "22000", "the target has one class only: false", "Choose another target."),
    ],
)  # fmt: skip
def test_errors(sql, rows, options, sqlstate, message, hint):
    given = {"target": "y", "features": FEATURES, "candidates": RIDGE, **options}
    written = ", ".join(f"{name} => {literal(value)}" for name, value in given.items())
    error = sql.refuses(f"SELECT madlib.sk_compare('t', 'o', {written})")
    assert error.sqlstate == sqlstate
    if message is not None:
        assert error.message == f"sk_compare: {message}"
    if hint is not None:
        assert error.hint == hint


@pytest.mark.parametrize("features", ["a, b", "x"])
def test_a_table_without_classes(sql, rows, features):
    """An array of features, of a length that no row tells, comes before the target."""
    sql("CREATE TABLE few AS SELECT a, b, ARRAY[a, b] AS x, three FROM t LIMIT 0")
    call = f"""SELECT madlib.sk_compare('few', 'o', 'three', '{features}', '[{{"algorithm": "lda"}}]')"""
    assert sql.refuses(call).message == 'sk_compare: table "few" is empty'
    sql("INSERT INTO few SELECT a, b, ARRAY[a, b], NULL FROM t")
    assert sql.refuses(call).message == "sk_compare: the target is NULL in every row"


@pytest.mark.parametrize(
    ("target", "features", "message"),
    [
        ("i % 1001 || 'x'", "i", "the target has more than 1000 distinct values"),
        ("i || 'x'", "i", "the target has more than 1000 distinct values"),
        ("i % 9 || 'x'", "i, c", 'features: "c" has more than 100000 distinct values'),
    ],
)
def test_too_many_levels(sql, target, features, message):
    """Those of the target are in one file, those of features in another; the store counts both."""
    sql("CREATE TABLE t AS SELECT i, 'c' || i % 100001 AS c FROM generate_series(0, 100001) AS i")
    error = sql.refuses(
        f"SELECT madlib.sk_compare('t', 'o', {literal(target)}, '{features}', "
        """'[{"algorithm": "lda"}]', task => 'classification')"""
    )
    assert (error.sqlstate, error.message) == ("54000", f"sk_compare: {message}")


def test_a_candidate_that_fails_for_its_rows(sql, rows, compare):
    """Errors say what is unusual about the rows, as those of sk_train; naive_bayes can be fitted on them."""
    sql("UPDATE t SET a = a * 1e60 WHERE id = 7")
    result = compare("three", "linear_svm", "random_forest", "naive_bayes", weights="w")
    errors = tried(sql, "error")
    assert errors[0].startswith('feature "a" is ')
    assert errors[0].endswith("in some row, and linear_svm takes 1e+50 at most")
    assert errors[1].endswith("in some row, and random_forest takes 3e+38 at most")
    assert (errors[2], result["best_candidate"]) == (None, 3)
    error = sql.refuses(
        f"SELECT madlib.sk_compare('t', 'p', 'y', 'b', {literal(RIDGE)}, weights => 'w * 1e-300')"
    )
    assert error.sqlstate == "22003"
    assert "less than 1e-15" in error.message


def test_all_candidates_fail(sql, rows, compare):
    candidates = [{"algorithm": "ridge", "hyperparams": {"alpha": alpha}} for alpha in (-1, -2)]
    error = sql.refuses(f"SELECT madlib.sk_compare('t', 'o', 'y', 'a', '{json.dumps(candidates)}')")
    assert error.message == (
        "sk_compare: none of the 2 candidates could be fitted, the first one because:"
        ' hyperparameter "alpha" of ridge must be a number from 0'
    )


def test_analysis(sql, rows, compare):
    """Figures of the rows that are fitted on, against numpy."""
    sql("UPDATE t SET a = NULL WHERE id IN (1, 4)")
    columns = compare("three", "lda", holdout="held", features="a, three || 'x'")["columns"]
    held = rows["held"].copy()
    held[1] = True
    a = rows["X"][~held, 0]
    number, category = columns["features"]
    assert (number["name"], number["count"], number["nulls"]) == ("a", 149, 1)
    close(number, {"mean": a.mean(), "deviation": a.std(ddof=1), "min": a.min(), "max": a.max()})
    assert number["quantiles"] == pytest.approx(np.quantile(a, np.linspace(0, 1, 101)).tolist())
    counts = np.bincount(rows["three"][~rows["held"]]).tolist()
    assert category["levels"] == dict(zip(["aax", "bbx", "ccx"], counts, strict=True))
    assert columns["targets"][0]["levels"] == dict(zip(["aa", "bb", "cc"], counts, strict=True))
