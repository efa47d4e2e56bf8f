"""Functions that model_sql writes of tables, beside the row functions of their methods."""

import math

import numpy as np
import pytest

from tests.projects.kept import quoted

WALLS = ["brick", "wo'od", "st\\one", "clay", "glass", "mud"]


@pytest.fixture
def homes(sql):
    """Table h: 400 rows of numbers, a text with quotes and a flag."""
    walls = ", ".join(" E" + quoted(wall.replace("\\", "\\\\")) for wall in WALLS)
    sql(
        f"""
        CREATE TABLE h AS
        SELECT CASE WHEN i % 17 > 0 THEN (i * 37 % 101) / 7.0::float8 END AS tax, i % 5 / 3.0::float8 AS bath,
               CASE WHEN i % 13 > 0 THEN (ARRAY[{walls}])[1 + i % 6] END AS wall, i % 2 = 0 AS new,
               CASE i % 4 WHEN 0 THEN 'a' WHEN 1 THEN E'b''\\\\' WHEN 2 THEN NULL ELSE 'c' END AS area,
               i % 2 AS side
        FROM generate_series(1, 400) AS i
        """
    )
    sql("ALTER TABLE h ADD price float8, ADD kind text")
    sql("UPDATE h SET price = coalesce(tax, 5) * bath + length(coalesce(wall, 'none')) * 2 + side * tax")
    sql("UPDATE h SET kind = CASE WHEN price > 25 THEN 'high' WHEN price > 15 THEN 'middle' ELSE 'low' END")


def write(sql, table="m", name="written"):
    statement = sql.value(f"SELECT pgml.model_sql('{table}', '{name}')")
    sql(statement)
    return statement


def edges(sql):
    """Every threshold of the tree m, its neighbours in double precision, and unusual numbers."""
    bounds = np.array([one for (one,) in sql("SELECT DISTINCT threshold FROM m WHERE threshold IS NOT NULL")])
    every = np.concatenate([bounds, np.nextafter(bounds, np.inf), np.nextafter(bounds, -np.inf)])
    return [*every.tolist(), 0.0, -0.0, 1e308, -1e308, math.inf, -math.inf, math.nan]


def grid(sql, numbers):
    """Make table e: all pairs of numbers and NULL with each wall, an unknown one and NULL, and a flag."""
    listed = ", ".join(f"('{one!r}'::float8)" for one in numbers)
    walls = ", ".join("(E" + quoted(wall.replace("\\", "\\\\")) + ")" for wall in [*WALLS, "air"])
    sql(
        f"CREATE TABLE e AS SELECT a.v AS tax, b.v AS bath, w.wall, f.new::boolean AS new"
        f" FROM (VALUES {listed}, (NULL)) AS a (v), (VALUES (0.0), (0.6), (NULL)) AS b (v),"
        f" (VALUES {walls}, (NULL)) AS w (wall), (VALUES (true), (false), (NULL)) AS f (new)"
    )


@pytest.mark.parametrize("target", ["price", "kind", "new"])
def test_trees_are_equal_at_the_bounds_of_every_leaf(sql, homes, target):
    features = ["tax", "bath", "wall"] + (["new"] if target != "new" else [])
    sql(
        f"SELECT madlib.dtree_train('h', 'm', '{target}', '{', '.join(features)}',"
        " min_bucket => 1, min_split => 2, max_depth => 12)"
    )
    write(sql)
    grid(sql, edges(sql))
    texts = ", ".join(f"{name}::text" for name in features)
    arguments = ", ".join(f"{name}::text" if name in ("wall", "new") else name for name in features)
    function = "dtree_predict_number" if target == "price" else "dtree_predict"
    wrong = sql(
        f"SELECT count(*), count(*) FILTER (WHERE written({arguments}) IS DISTINCT FROM"
        f" madlib.{function}(model, ARRAY[{texts}])) FROM e, m_summary"
    )
    assert wrong[0][0] > 4000 and wrong[0][1] == 0
    assert sql.value(f"SELECT count(DISTINCT written({arguments})) FROM e") > (5 if target == "price" else 1)


def test_a_tree_of_an_array(sql, homes):
    sql("CREATE TABLE v AS SELECT price, ARRAY[tax, bath] AS v FROM h")
    sql("SELECT madlib.dtree_train('v', 'm', 'price', 'v')")
    write(sql)
    assert sql("SELECT DISTINCT written(v) = madlib.dtree_predict_number(model, v) FROM v, m_summary") == [
        (True,)
    ]


MEAN = "madlib.__glm_predict(coef, {{x}}, aliases, '{}', false)"
CALLS = {
    "regr": ("price", "", "madlib.regr_predict(coef, {x})"),
    "logregr": ("price > 20", "", "madlib.logregr_predict(coef, {x})::text"),
    "glm identity": ("price", ", family => 'gaussian'", MEAN.format("identity")),
    "glm log": ("price + 1", ", family => 'gamma', link => 'log'", MEAN.format("log")),
    "glm inverse": ("price + 1", ", family => 'gamma', link => 'inverse'", MEAN.format("inverse")),
    "glm sqr_inverse": ("price + 1", ", family => 'inverse_gaussian'", MEAN.format("sqr_inverse")),
    "glm sqrt": ("round(price)", ", family => 'poisson', link => 'sqrt'", MEAN.format("sqrt")),
    "glm logit": ("price > 20", ", family => 'binomial'", MEAN.format("logit")),
}


@pytest.mark.parametrize("name", CALLS)
def test_coefficients_give_the_same_numbers_up_to_rounding(sql, homes, name):
    """Also for what is missing or infinite, and far from the rows of the training."""
    target, more, call = CALLS[name]
    sql(f"SELECT madlib.{name.split()[0]}_train('h', 'm', '{target}', 'tax, bath, new'{more})")
    write(sql)
    grid(sql, [-900.0, -20.0, 0.0, 3.3, 14.0, 900.0, 1e5, math.inf, -math.inf, math.nan])
    item = call.format(x="ARRAY[1, tax, bath, new::int]::float8[]")
    rows = sql(f"SELECT DISTINCT written(tax, bath, new::int), {item} FROM e, m")
    assert len(rows) > (2 if name == "logregr" else 10)
    for written, wanted in rows:
        if isinstance(wanted, float):
            assert written == pytest.approx(wanted, rel=1e-12, abs=1e-300, nan_ok=True)
        else:
            assert written == wanted


def test_levels_of_a_text(sql, homes):
    sql("SELECT madlib.regr_train('h', 'm', 'price', 'bath, wall')")
    write(sql)
    sql("SELECT madlib.regr_predict('m', 'h', 'p')")
    rows = sql("SELECT prediction, written(bath, wall) FROM p")
    assert [one for one in rows if (one[0] is None) != (one[1] is None)] == []
    assert all(one is None or one == pytest.approx(other, rel=1e-13) for one, other in rows)
    assert sql("SELECT written(1, 'air'), written(1, NULL)") == [(None, None)]


@pytest.mark.parametrize("method", ["regr", "dtree"])
def test_groups_are_parameters(sql, homes, method):
    sql(f"SELECT madlib.{method}_train('h', 'm', 'price', 'tax, bath', 'area, side')")
    write(sql)
    sql(f"SELECT madlib.{method}_predict('m', 'h', 'p')")
    named = "written(bath => bath, tax => tax, side => side, area => area)"
    for wanted, one, other in sql(f"SELECT prediction, written(area, side, tax, bath), {named} FROM p"):
        assert one == other and (one is None) == (wanted is None)
        assert one is None or one == pytest.approx(wanted, rel=1e-12)
    assert sql.value("SELECT written('z', 1, 2, 3)") is None


def test_it_is_immutable_inlined_and_named(sql, homes, schema):
    sql("SELECT madlib.regr_train('h', 'm', 'price', 'tax, bath')")
    sql(sql.value("SELECT pgml.model_sql('m')"))
    assert sql.value("SELECT provolatile FROM pg_proc WHERE proname = 'm_predict'") == "i"
    plan = "\n".join(row[0] for row in sql("EXPLAIN (VERBOSE, COSTS OFF) SELECT m_predict(tax, bath) FROM h"))
    assert "m_predict" not in plan and "* tax" in plan
    sql("DROP TABLE m, m_summary; SET search_path = pg_temp")
    assert sql.value(f"SELECT {schema}.m_predict(1, 2)") is not None


def test_errors(sql, homes):
    sql("SELECT madlib.nb_train('h', 'n', 'kind', 'tax'); SELECT madlib.kmeans_train('h', 'k', 'bath', 2)")
    sql("SELECT madlib.glm_train('h', 'p', 'new', 'bath', family => 'binomial', link => 'probit')")
    sql("""SELECT madlib.glm_train('h', 'o', 'side', 'bath', family => 'poisson', "offset" => 'bath')""")
    sql("CREATE TYPE mood AS ENUM ('a', 'b'); ALTER TABLE h ADD mood mood; UPDATE h SET mood = 'a'")
    sql("SELECT madlib.regr_train('h', 'g', 'price', 'bath', 'mood')")
    fails = {
        "n": "this model cannot be written in SQL",
        "k": "this is not possible for a model of kmeans_train",
        "p": "the link probit cannot be written in SQL",
        "o": "the model was trained with an offset",
        "g": 'grouping column "mood" is of type mood, which has no parameter in SQL',
        "nothing": 'there is no project and no table "nothing"',
    }
    for table, message in fails.items():
        assert sql.fails(f"SELECT pgml.model_sql('{table}')").message == f"pgml.model_sql: {message}"
