"""Macros over models and rows, compared with the library's tables of predictions and with numpy."""

import numpy as np
import pytest

from tests.dbt.conftest import Dbt
from tests.session import Session

SELECTION = "+path:models/macros"


@pytest.fixture(scope="module")
def run(dbt: Dbt) -> None:
    """Models of the folder macros: first only rendered, before there is a model, then run."""
    assert dbt("compile", "--select", SELECTION).success
    assert dbt("run", "--select", SELECTION, madpy_folds=2, madpy_parameters={"max_depth": [1, 4]}).success


@pytest.fixture
def made(run: None, models: Session) -> Session:
    return models


# --- predictions ---


@pytest.mark.parametrize(
    "method", ["regr", "regr_grouped", "glm", "logregr", "nb", "dtree", "dtree_grouped", "sk", "sk_class"]
)
def test_predictions_are_those_of_the_librarys_table(made: Session, method: str) -> None:
    """<method>_predict over tables is independent of the macros; some rows have missing or unknown values."""
    train = method.split("_")[0]
    made(f"SELECT madlib.{train}_predict('by_{method}', 'new_rows', 'pg_temp.expected')")
    assert made(
        """
        SELECT count(*), count(*) FILTER (WHERE e.prediction::text IS DISTINCT FROM p.prediction)
        FROM expected AS e JOIN all_predictions AS p USING (id) WHERE method = %s
        """.replace("%s", f"'{method}'")
    ) == [(248, 0)]
    assert made(f"SELECT count(DISTINCT prediction) > 1 FROM all_predictions WHERE method = '{method}'") == [
        (True,)
    ]


def test_clusters_are_those_of_the_librarys_table(made: Session) -> None:
    made("SELECT madlib.kmeans_predict('by_kmeans', 'new_rows', 'pg_temp.expected')")
    assert made(
        """
        SELECT count(*), count(DISTINCT cluster_id),
               count(*) FILTER (WHERE cluster_id::text IS DISTINCT FROM prediction)
        FROM expected JOIN all_predictions USING (id) WHERE method = 'kmeans'
        """
    ) == [(248, 3, 0)]


@pytest.mark.parametrize(("method", "function"), [("project", "predict"), ("project_class", "predict_class")])
def test_predictions_of_a_project_are_those_of_its_name(made: Session, method: str, function: str) -> None:
    label = "(p).label" if function == "predict_class" else "p::text"
    assert made(
        f"""
        SELECT count(*), count(*) FILTER (WHERE {label} IS DISTINCT FROM prediction)
        FROM (SELECT id, pgml.{function}(project_name, r) AS p FROM new_rows AS r, by_{method}) AS expected
        JOIN all_predictions USING (id) WHERE method = '{method}'
        """
    ) == [(248, 0)]


def test_rows_that_the_model_cannot_judge_have_no_prediction(made: Session) -> None:
    """1001 has an unknown wall, 1002 no size, 1003 a region without a model, 1004 no is_new.

    The months of 1005 are not those of its age; training found one to be twelve times the other.
    """
    assert made(
        "SELECT id FROM all_predictions WHERE method = 'regr' AND prediction IS NULL ORDER BY id"
    ) == [(1001,), (1002,), (1004,), (1005,)]
    assert made(
        "SELECT id FROM all_predictions WHERE method = 'regr_grouped' AND prediction IS NULL ORDER BY id"
    ) == [(1001,), (1002,), (1003,)]


@pytest.mark.parametrize("rows", ["cte", "ephemeral"])
def test_rows_within_the_statement_are_predicted(made: Session, rows: str) -> None:
    assert made(
        f"""
        SELECT count(*), count(*) FILTER (WHERE t.prediction = c.prediction)
        FROM all_predictions AS c JOIN all_predictions AS t USING (id)
        WHERE c.method = '{rows}' AND t.method = 'glm'
        """
    ) == [(248, 246)]


@pytest.mark.parametrize("method", ["logregr", "nb", "dtree_grouped", "sk_class", "project_class"])
def test_probabilities_of_the_classes_of_a_row_add_up(made: Session, method: str) -> None:
    """The class with the largest probability is the prediction."""
    assert made(
        f"""
        SELECT max(abs(sum - 1)) < 1e-12, count(*) FILTER (WHERE likeliest <> prediction), count(*) > 200
        FROM (SELECT id, sum(probability), (array_agg(prediction ORDER BY probability DESC))[1] AS likeliest
              FROM all_probabilities
              WHERE method = '{method}' AND probability IS NOT NULL GROUP BY id) AS each
        JOIN (SELECT id, prediction FROM all_predictions WHERE method = '{method}') AS p USING (id)
        """
    ) == [(True, 0, True)]


def test_a_submission_has_two_columns_and_no_gaps(made: Session) -> None:
    assert made(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'submission'::regclass AND attnum > 0"
    ) == [
        ("id",),
        ("sold",),
    ]
    rows = made("SELECT * FROM submission")
    assert [key for key, _ in rows] == sorted(key for key, _ in rows)
    assert {value for _, value in rows} == {0, 1} and len(rows) == 248
    assert dict(rows)[1001] == 0


@pytest.mark.parametrize(("relation", "method"), [("explained", "project"), ("explained_table", "dtree")])
def test_contributions_add_up_to_the_prediction(made: Session, relation: str, method: str) -> None:
    assert made(
        f"""
        SELECT count(*), max(abs(total - prediction::double precision)) < 1e-9
        FROM (SELECT id, sum(contribution) AS total FROM {relation} GROUP BY id) AS e
        JOIN all_predictions USING (id) WHERE method = '{method}'
        """
    ) == [(240, True)]
    assert {name for (name,) in made(f"SELECT DISTINCT feature FROM {relation}")} >= {None, "size"}


def test_the_figures_of_a_fit_on_its_rows_are_those_of_the_training(made: Session) -> None:
    assert made(
        "SELECT abs(value - r2) < 1e-12 FROM figures, by_regr WHERE part = 'metric' AND name = 'r2'"
    ) == [(True,)]
    assert made("SELECT feature FROM important LIMIT 1") == [("size",)]


# --- rows ---


def test_sides_of_a_split(made: Session) -> None:
    assert made(
        """
        SELECT abs(avg(is_test::integer) FILTER (WHERE way = 'random') - 0.3) < 0.1,
               count(*) FILTER (WHERE way = 'random') = 240,
               min(day) FILTER (WHERE way = 'time' AND is_test)
               > max(day) FILTER (WHERE way = 'time' AND NOT is_test)
        FROM split
        """
    ) == [(True, True, True)]
    assert made(
        "SELECT DISTINCT abs(count(*) FILTER (WHERE is_test) - 0.3 * count(*)) < 1 FROM split"
        " WHERE way = 'stratified' GROUP BY grade"
    ) == [(True,)]
    groups = made(
        "SELECT bool_and(is_test), bool_or(is_test) FROM split WHERE way = 'group' GROUP BY region, age"
    )
    assert {whole == some for whole, some in groups} == {True}
    assert {some for _, some in groups} == {True, False}


def test_scores_are_those_of_fits_by_numpy(made: Session) -> None:
    """Each fold is predicted by least squares over the other folds."""
    rows = np.array(made("SELECT fold, price, 1, size, age, age * age FROM folded ORDER BY id"), dtype=float)
    assert made("SELECT max(count) FROM (SELECT count(DISTINCT fold) FROM folded GROUP BY day) AS d") == [
        (1,)
    ]
    assert set(rows[:, 0]) == {1, 2, 3, 4}
    scores = made("SELECT score, num_rows_trained, num_rows_tested FROM cross_validated ORDER BY fold")
    for fold, (score, trained, tested) in enumerate(scores, 1):
        test = rows[:, 0] == fold
        coef = np.linalg.lstsq(rows[~test, 2:], rows[~test, 1], rcond=None)[0]
        errors = rows[test, 1] - rows[test, 2:] @ coef
        assert score == pytest.approx(
            1 - errors.var() / rows[test, 1].var() - errors.mean() ** 2 / rows[test, 1].var()
        )
        assert (trained, tested) == ((~test).sum(), test.sum())


def test_vars_are_folds_and_parameters(made: Session) -> None:
    assert made(
        "SELECT parameters::text, fold, metric, score = (metrics->>'f1')::float8 FROM searched ORDER BY 1, 2"
    ) == [(f'{{"max_depth": {depth}}}', fold, "f1", True) for depth in (1, 4) for fold in (1, 2)]
    assert made(
        "SELECT parameters->>'max_depth' FROM searched GROUP BY 1 ORDER BY avg(score) DESC LIMIT 1"
    ) == [("4",)]


def test_a_view_over_a_model_with_other_features_has_no_predictions(made: Session, dbt: Dbt) -> None:
    """The coefficients would be those of other columns, without a word."""
    made("BEGIN")
    made("DELETE FROM by_glm")
    made("SELECT madlib.glm_train('rows', 'others', 'price', 'age, width, id', 'gamma', link => 'log')")
    made("INSERT INTO by_glm SELECT * FROM others")
    assert made("SELECT count(*), count(prediction) FROM all_predictions WHERE method = 'glm'") == [(248, 0)]
    made("ROLLBACK")


def test_a_clone_predicts_as_its_model(made: Session, dbt: Dbt) -> None:
    """dbt clone makes a view of the model, and none of its summary."""
    made("CREATE VIEW clone AS SELECT * FROM by_regr")
    shown = dbt(
        "show",
        "--output",
        "json",
        "--inline",
        "select count(*) || ' rows, ' || count(prediction) || ' predictions' as counted from ("
        "{% set clone = api.Relation.create(schema=target.schema, identifier='clone') %}"
        "{{ dbt_madpy.predict(clone, ref('new_rows')) }}"
        ") as p",
    )
    assert "248 rows, 244 predictions" in shown.log
