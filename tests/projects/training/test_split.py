"""Rows for testing that pgml.train chooses.  The project of a test goes with ROLLBACK."""

import pytest

from tests.projects.sugar import TRAIN, metrics_of, of
from tests.session import Session


def test_parts_depend_on_values_and_seed_alone(sql: Session) -> None:
    parts = "SELECT pgml.__part({seed}, i, i::text, i::float8) FROM generate_series(1, 2000) AS i"
    first, again, other = ([part for (part,) in sql(parts.format(seed=seed))] for seed in (1, 1, 2))
    assert first == again != other
    assert all(0 <= part < 1 for part in first)
    # the share below 0.25 has a standard deviation of 0.0097
    assert abs(sum(part < 0.25 for part in first) / 2000 - 0.25) < 0.04


def test_equal_rows_have_equal_parts_whatever_their_bytes(sql: Session) -> None:
    (row,) = sql(
        """
        SELECT pgml.__part(0, 0.0::float8) = pgml.__part(0, '-0'::float8),
               pgml.__part(0, 1.0::numeric) = pgml.__part(0, 1.00::numeric),
               pgml.__part(0, NULL::int, 1) = pgml.__part(0, 1, NULL::int)
        """
    )
    assert row == (True, True, False)


def test_more_columns_than_a_function_has_arguments(project: Session) -> None:
    """The server takes 100 arguments: of more values the last ones are replaced by their hash."""
    columns = [f"c{n}" for n in range(250)]
    items = ", ".join(f"sin(i * {n + 1})::real AS {name}" for n, name in enumerate(columns))
    project(f"CREATE TABLE wide AS SELECT i::float8 AS y, {items} FROM generate_series(1, 60) AS i")
    train = "SELECT status, model_id FROM pgml.train('Wide', 'regression', 'wide', 'y', 'ridge')"
    ((status, model),) = project(train)
    assert status == "deployed"
    last = f"pgml.__hash(0, {', '.join(columns[-99:])})"
    middle = f"pgml.__hash(0, {', '.join(columns[-197:-99])}, {last})"
    part = f"pgml.__part(0, y, {', '.join(columns[:-197])}, {middle}) < 0.25"
    counted = project.value(f"SELECT count(*) FROM wide WHERE {part}")
    assert project(f"SELECT row_count, test_row_count FROM {of('snapshots', 'Wide')}") == [(60, counted)]
    assert project.value("SELECT count(pgml.predict('Wide', w)) FROM wide AS w") == 60
    assert project(f"SELECT data_is_equal, model_is_equal FROM pgml.reproduce({model})") == [(True, True)]
    assert project.value("SELECT count(*) FROM pgml.importance('Wide', 'coefficients')") == 250


def test_rows_for_testing_are_not_fitted_on(project: Session) -> None:
    """The model is that of sk_train over the other rows, and the figures are those of its predictions."""
    (row,) = project(TRAIN.format(more=", 'ridge', seed => 5, preprocess => '{}'"))
    model = row[4]
    project(
        """
        CREATE VIEW parts AS
        SELECT *, pgml.__part(5, target, age, sex, bmi, bp, s1, s2, s3, s4, s5, s6) < 0.25 AS is_test
        FROM sugar;
        CREATE VIEW fitted_on AS SELECT * FROM parts WHERE NOT is_test;
        SELECT madlib.sk_train(
            'fitted_on', 'm', 'target', 'age, sex, bmi, bp, s1, s2, s3, s4, s5, s6', 'ridge', seed => 5)
        """
    )
    (same, mse, rows) = project(
        f"""
        SELECT (SELECT bool_and(abs(pgml.predict({model}, p) - madlib.sk_predict(m.model, p)) < 1e-9)
                FROM parts AS p, m),
               (SELECT avg((target - madlib.sk_predict(m.model, p)) ^ 2) FROM parts AS p, m WHERE is_test),
               (SELECT count(*) FROM parts WHERE is_test)
        """
    )[0]
    assert same
    assert metrics_of(project, model)["mse"] == pytest.approx(mse, rel=1e-9)
    assert project(f"SELECT row_count, test_row_count FROM {of('snapshots')}") == [(442, rows)]


@pytest.mark.parametrize("sampling", ["stratified", "group", "last"])
def test_other_ways_to_choose_rows_for_testing(project: Session, sampling: str) -> None:
    project(
        """
        CREATE TABLE t AS
        SELECT i, i % 40 AS person, (i % 10 = 0)::text AS y, sin(i) AS x, DATE '2020-01-01' + i AS day
        FROM generate_series(1, 1000) AS i
        """
    )
    column = {"stratified": "NULL", "group": "'person'", "last": "'day'"}[sampling]
    (row,) = project(
        f"""
        SELECT * FROM pgml.train(
            'P', 'classification', 't', 'y', 'naive_bayes', test_sampling => '{sampling}',
            test_column => {column}, exclude => 'i', test_size => 0.2)
        """
    )
    tested = project.value(f"SELECT test_row_count FROM {of('snapshots', 'P')}")
    confusion = metrics_of(project, row[4])["confusion"]
    assert sum(map(sum, confusion)) == tested
    if sampling == "group":  # whole persons of 25 rows
        assert tested % 25 == 0 and 0 < tested < 1000
    elif sampling == "last":
        assert tested == 200
    else:
        assert (sum(confusion[0]), sum(confusion[1])) == (180, 20)


def test_an_earlier_snapshot_and_another_seed_choose_other_rows(project: Session) -> None:
    project(TRAIN.format(more=", 'linear'"))
    project(TRAIN.format(more=", 'lasso'"))
    project(TRAIN.format(more=", 'linear', seed => 1"))
    rows = project(f"SELECT test_row_count, checksum FROM {of('snapshots')} ORDER BY id")
    assert rows[0] == rows[1]
    assert rows[0][0] != rows[2][0]
    assert rows[0][1] == rows[2][1]
