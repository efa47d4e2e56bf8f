"""Folds of sk_compare: they are those of scikit-learn, run here on the same rows."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.sk.compared import REGRESSION, close, tried


@pytest.mark.parametrize("kind", ["shuffled", "stratified", "groups", "order"])
def test_folds_are_those_of_scikit_learn(sql, rows, compare, kind):
    X, y, options = rows["X"], rows["y"], {}
    algorithm, estimator, scoring = "ridge", Ridge(), "r2"
    groups = None
    order = np.arange(200)
    if kind == "stratified":
        algorithm, estimator, scoring = "lda", LinearDiscriminantAnalysis(), "f1_macro"
        y, cut = rows["three"], StratifiedKFold(4, shuffle=True, random_state=3)
    elif kind == "groups":
        hashed = "SELECT hash_record_extended(ROW(g), 0) & 9007199254740991 FROM t ORDER BY id"
        groups, cut, options = [one for (one,) in sql(hashed)], GroupKFold(4), {"fold_groups": "g"}
    elif kind == "order":
        order, cut, options = np.argsort(rows["at"]), TimeSeriesSplit(4), {"fold_order": "at"}
    else:
        cut = KFold(4, shuffle=True, random_state=3)
    target = "three" if kind == "stratified" else "y"
    compare(
        target,
        {"algorithm": algorithm, "preprocess": {"*": {"scale": "standard"}}},
        folds=4,
        seed=3,
        **options,
    )
    pipeline = make_pipeline(StandardScaler(), estimator)  # learned in each fold
    scores = cross_validate(pipeline, X[order], y[order], cv=cut, groups=groups, scoring=scoring)[
        "test_score"
    ]
    (row,) = tried(sql, "folds, score, score_deviation, metrics, num_test_rows")
    name = "f1" if kind == "stratified" else "r2"
    assert [one[name] for one in row[0]] == pytest.approx(scores.tolist(), rel=1e-9)
    assert row[1:3] == pytest.approx((scores.mean(), scores.std()), rel=1e-9)
    assert row[4] == (160 if kind == "order" else 200)


def test_metrics_are_those_of_predictions_out_of_fold(sql, rows, compare):
    compare("y", "ridge", folds=5)
    predicted = np.zeros(200)
    for before, own in KFold(5, shuffle=True, random_state=0).split(rows["X"]):
        predicted[own] = Ridge().fit(rows["X"][before], rows["y"][before]).predict(rows["X"][own])
    close(tried(sql)[0], {name: run(rows["y"], predicted) for name, run in REGRESSION.items()})


def test_a_row_without_its_place_in_time_is_in_no_fold(sql, rows, compare):
    sql("ALTER TABLE t ADD day date; UPDATE t SET day = date '2020-01-01' + at::integer WHERE id >= 10")
    compare("y", "ridge", folds=4, fold_order="day")
    assert tried(sql, "num_rows_processed, num_test_rows") == [(200, 152)]  # blocks of 38 of 190 rows
    sql("CREATE VIEW v AS SELECT * FROM t WHERE id >= 10")
    first = tried(sql, "folds")
    compare("y", "ridge", folds=4, fold_order="at", source="v")
    assert tried(sql, "folds") == first
