"""predict_batch: the table that it makes has what predict gives for each row."""

import pytest

from tests.projects import made


@pytest.fixture
def rows(sql):
    """Table "rows of homes": 30 rows; tax is NULL in three of them."""
    sql(
        """
        CREATE TABLE "rows of homes" AS
        SELECT i AS id, NULLIF(i * 37 % 101, 37)::float8 AS tax, (i % 5)::int AS bath, 5.0 * i AS price,
               i % 3 = 0 AS kind, (i % 3)::smallint AS three, 'a' AS madpy_row
        FROM generate_series(1, 30) AS i
        """
    )


def project(sql, task, algorithm, target, hyperparams="{}"):
    """Make a project of this task with a deployed model; return its name."""
    sql("DROP TABLE IF EXISTS m, m_summary")
    given = f"'{target}'" if target else "NULL"
    train = f"madlib.sk_train('\"rows of homes\"', 'm', {given}, 'tax, bath', '{algorithm}', '{hyperparams}'"
    sql(f"SELECT {train}, task => '{task}')")
    name = made.fresh('Batch of "rows"')
    number = made.project(sql, name, task)
    targets = target.split(", ") if target else []
    snapshot = made.snapshot(sql, number, y_column_name=targets)
    made.deploy(sql, made.model(sql, number, snapshot, "(SELECT model FROM m)"))
    return name


def batch(sql, name, output="made"):
    (row,) = sql.rows(f"SELECT * FROM pgml.predict_batch('{name}', '\"rows of homes\"', '{output}')")
    return row


def types(sql):
    return dict(
        sql(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = 'made'::regclass AND attnum > 0 ORDER BY attnum"
        )
    )


def test_numbers(sql, rows, schema):
    name = project(sql, "regression", "linear", "price")
    assert batch(sql, name) == {"output_table": f"{schema}.made", "num_rows": 30, "num_null_predictions": 1}
    assert list(types(sql))[-2:] == ["madpy_row", "prediction"]
    assert sql.value("SELECT count(*) FROM made WHERE prediction IS NULL") == 1
    assert sql.value(f"SELECT bool_and(prediction = pgml.predict('{name}', o)) FROM made AS o")


@pytest.mark.parametrize(
    ("target", "kind"), [("kind", "boolean"), ("three", "smallint"), ("madpy_row || bath", "text")]
)
def test_classes_have_the_type_of_the_target(sql, rows, target, kind):
    sql('UPDATE "rows of homes" SET madpy_row = chr(97 + id % 2)')
    name = project(sql, "classification", "random_forest", target, '{"n_estimators": 5}')
    batch(sql, name)
    assert types(sql)["prediction"] == kind and types(sql)["likelihood"] == "double precision"
    rows = sql(f"SELECT prediction::text, likelihood, (pgml.predict_class('{name}', o)).* FROM made AS o")
    assert len(rows) == 30 and all(row[:2] == row[2:] for row in rows)


def test_clusters_components_and_several_targets(sql, rows):
    batch(sql, project(sql, "clustering", "kmeans", None, '{"n_clusters": 2}'))
    assert types(sql)["prediction"] == "integer"
    for task, algorithm, target in (("decomposition", "pca", None), ("regression", "linear", "price, three")):
        sql("DROP TABLE made")
        name = project(sql, task, algorithm, target)
        batch(sql, name)
        assert types(sql)["prediction"] == "double precision[]"
        wanted = f"SELECT bool_and(prediction = pgml.predict_joint('{name}', o)) FROM made AS o"
        assert sql.value(wanted) is True


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ("NULL, 'm', 'made'", "22004", "project_name must not be null"),
        ("'no such', 'm', 'made'", "42704", 'project "no such" does not exist'),
        ("'{name}', NULL, 'made'", "22004", "relation_name must not be null"),
        ("'{name}', 'no_such', 'made'", "42P01", 'table "no_such" does not exist'),
        ("'{name}', 'm', 'm'", "42P07", 'output table "m" is the source table itself'),
        ("'{name}', 'had', 'made'", "42701", 'table "had" has a column "prediction" already'),
        ("'{name}', 'short', 'made'", "42703", 'the row has no column "tax", which the model was trained on'),
    ],
)
def test_errors(sql, rows, arguments, sqlstate, message):
    name = project(sql, "regression", "linear", "price")
    sql(
        "CREATE TABLE had AS SELECT 1 AS tax, 1 AS bath, 1 AS prediction;"
        " CREATE TABLE short AS SELECT 1 AS bath"
    )
    error = sql.refuses(f"SELECT pgml.predict_batch({arguments.format(name=name)})")
    assert (error.sqlstate, error.message.removeprefix("pgml.predict_batch: ")) == (sqlstate, message)


def test_a_project_without_a_model(sql, rows):
    name = made.fresh()
    made.project(sql, name)
    error = sql.refuses(f"SELECT pgml.predict_batch('{name}', '\"rows of homes\"', 'made')")
    assert (error.sqlstate, error.message) == (
        "55000",
        f'pgml.predict_batch: no model of project "{name}" is deployed',
    )
