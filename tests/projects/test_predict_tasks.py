"""Predictions of classes, clusters and several numbers: those that the functions of the model itself give."""

import math

import pytest

from tests.projects.made import NUMBERS, same


def test_the_class_of_a_row_and_its_likelihood(sql, project):
    name, model = project(
        "word", NUMBERS, "random_forest", "classification", hyperparams="'{\"n_estimators\": 5}'"
    )
    rows = sql(
        f"""
        SELECT (pgml.predict_class('{name}', h)).*,
               (pgml.predict_class({model}, tax, bath, rooms)).likelihood,
               pgml.predict_proba('{name}', h), madlib.sk_predict_class(model, h),
               (SELECT json_object_agg(class, probability) FROM madlib.sk_predict_prob(model, h))
        FROM h, m ORDER BY id
        """
    )
    assert len(rows) == 40
    for label, likelihood, by_number, proba, wanted, probabilities in rows:
        assert (label, by_number) == (wanted, likelihood)
        assert likelihood == max(probabilities.values()) == probabilities[wanted]
        assert proba == probabilities
        assert math.fsum(proba.values()) == pytest.approx(1)


def test_a_class_that_is_a_number_is_one(sql, project):
    options = {"hyperparams": "'{\"n_estimators\": 5}'"}
    classes = options | {"task": "'classification'"}
    name, _ = project("kind", NUMBERS, "random_forest", "classification", **classes)
    label = f"(pgml.predict_class('{name}', h)).label::int"
    assert sql.value(f"SELECT bool_and(pgml.predict('{name}', h) = {label}) FROM h")
    words, _ = project("word", NUMBERS, "random_forest", "classification", **options)
    error = sql.fails(f"SELECT pgml.predict('{words}', h) FROM h")
    assert (error.sqlstate, error.message) == ("42809", "this model predicts classes that are not numbers")
    assert error.hint == "Use predict_class."


def test_no_likelihood_where_there_are_no_probabilities(sql, project):
    name, _ = project("word", NUMBERS, "linear_svm", "classification")
    rows = sql(f"SELECT (pgml.predict_class('{name}', h)).*, madlib.sk_predict_class(model, h) FROM h, m")
    assert all(likelihood is None and label == wanted for label, likelihood, wanted in rows)
    error = sql.fails(f"SELECT pgml.predict_proba('{name}', h) FROM h")
    assert (error.message, error.hint) == ("this model has no probabilities", "Use predict_class.")


def test_a_row_that_cannot_be_predicted_has_no_class(sql, project):
    name, _ = project("word", NUMBERS, "lda", "classification")
    assert sql(
        f"SELECT (pgml.predict_class('{name}', NULL, 1, 2)).*, pgml.predict_proba('{name}', NULL, 1, 2)"
    ) == [(None, None, None)]


def test_clusters_and_components_and_several_targets(sql, project):
    clusters, _ = project(None, NUMBERS, "kmeans", "clustering", hyperparams="'{\"n_clusters\": 3}'")
    same(sql, f"pgml.predict('{clusters}', h)", NUMBERS)
    components, _ = project(None, NUMBERS, "pca", "decomposition", hyperparams="'{\"n_components\": 2}'")
    same(sql, f"pgml.predict_joint('{components}', h)", NUMBERS, "sk_predict_all")
    error = sql.fails(f"SELECT pgml.predict('{components}', h) FROM h")
    assert (error.message, error.hint) == ("this model has several numbers for a row", "Use predict_joint.")
    several, _ = project("price, tax", "bath, rooms")
    same(sql, f"pgml.predict_joint('{several}', h)", "bath, rooms", "sk_predict_all")
    for call in ("predict_class", "predict_proba"):
        error = sql.fails(f"SELECT pgml.{call}('{several}', h) FROM h")
        assert (error.message, error.hint) == ("this model has no classes", "Use predict or predict_joint.")
    error = sql.fails(f"SELECT pgml.predict_joint('{clusters}', h) FROM h")
    assert error.hint == "Use predict_class or predict."
