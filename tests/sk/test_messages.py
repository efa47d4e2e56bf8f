"""Errors of scikit-learn that users meet are in words of madpy: each is made by a fit."""

import pytest

from madpy.worker.messages import KNOWN, known
from tests.session import Session

TABLES = {  # columns a, b and c of row i, and the number of rows
    "one": ("i::float8 AS a, i AS b, 'c' AS c", 1),
    "two": ("i::float8 AS a, i AS b, i::text AS c", 2),
    "few": ("i::float8 AS a, i % 7 AS b, (i % 3)::text AS c", 30),
    "negative": ("-i::float8 AS a, -i % 7 AS b, 'c' AS c", 30),
    "double": ("i AS a, 2 * i AS b, (i % 3)::text AS c", 30),
    "rare": ("i AS a, i % 7 AS b, (i = 1)::text AS c", 30),
    "noise": ("(i - 1) / 8 AS a, (i - 1) / 8 AS b, (i % 2)::text AS c", 16),
}
CASES = [
    ("two", "nearest_neighbors", "regression", "{}", "n_neighbors is 5, and 2 row(s) can be used"),
    ("few", "kmeans", "clustering", '{"n_clusters": 99}', "n_clusters is 99, and 30 row(s) can be used"),
    ("few", "pca", "decomposition", '{"n_components": 9}',
     "n_components is 9, and the rows have 2 component(s) at most"),
    ("few", "truncated_svd", "decomposition", '{"n_components": 9}',
     "n_components is 9, and the rows have 2 component(s) at most"),
    ("few", "lda", "classification", '{"n_components": 9}',
     "n_components is larger than the number of columns, or of classes less one"),
    ("few", "orthogonal_matching_pursuit", "regression", '{"n_nonzero_coefs": 9}',
     "n_nonzero_coefs is larger than the number of columns"),
    ("two", "ransac", "regression", '{"min_samples": 9}',
     "min_samples is larger than the number of rows that can be used, 2"),
    ("one", "automatic_relevance_determination", "regression", "{}",
     "1 row(s) can be used, and the algorithm needs 2"),
    ("two", "lda", "classification", "{}", "there are no more rows than classes"),
    ("rare", "qda", "classification", "{}", "a class has one row only"),
    ("double", "qda", "classification", "{}", "in the rows of a class some features follow from others"),
    ("negative", "nmf", "decomposition", "{}", "a feature has numbers below zero"),
    ("noise", "ada_boost", "classification", "{}", "the features tell nothing about the classes"),
    ("rare", "nu_svm", "classification", "{}", "nu is too large for classes of such different sizes"),
    ("few", "nu_svm", "classification", '{"nu": 1.0}', "a coefficient is not finite"),
    ("few", "stochastic_gradient_descent", "classification", '{"alpha": 1e300}', "a coefficient overflows"),
]  # fmt: skip


def make(sql: Session, table: str) -> None:
    columns, count = TABLES[table]
    sql(f"CREATE TABLE t AS SELECT {columns}, i::float8 AS y FROM generate_series(1, {count}) AS i")


@pytest.mark.parametrize(("table", "algorithm", "task", "hyperparams", "message"), CASES)
def test_a_fit_that_fails_says_why_and_what_to_do(
    sql: Session, table: str, algorithm: str, task: str, hyperparams: str, message: str
) -> None:
    make(sql, table)
    target = {"regression": "'y'", "classification": "'c'"}.get(task, "NULL")
    call = f"madlib.sk_train('t', 'm', {target}, 'a, b', '{algorithm}', '{hyperparams}', task => '{task}')"
    error = sql.refuses(f"SELECT {call}")
    assert (error.sqlstate, error.message) == ("22000", f"sk_train: the fit failed: {message}")
    assert error.detail is None
    assert error.hint


def test_each_message_is_met_by_a_fit() -> None:
    """The cases above meet every pattern, by its fact."""
    facts = {fact.split("{")[0] for _, fact, _ in KNOWN if not fact.startswith("{")}
    met = [message for *_, message in CASES]
    assert [fact for fact in facts if not any(message.startswith(fact) for message in met)] == []
    assert known("something else") is None


@pytest.mark.parametrize("algorithm", ["lda", "qda", "naive_bayes"])
def test_priors_are_one_for_each_class(sql: Session, algorithm: str) -> None:
    make(sql, "few")
    call = f"madlib.sk_train('t', 'm', 'c', 'a, b', '{algorithm}', '{{\"priors\": [0.5, 0.5]}}')"
    assert (
        sql.refuses(f"SELECT {call}").message == "sk_train: priors has 2 number(s), and there are 3 classes"
    )
