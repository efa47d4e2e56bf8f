"""The drivers outside the server, over madpy's own plpy, write the same tables as inside it."""

import pytest

from madpy.errors import MadpyError
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run


@pytest.fixture(autouse=True)
def connection(database, sql, schema):
    """madpy's own connection, in the test's schema, where there is a table t."""
    sql(
        "CREATE TABLE t AS SELECT i::float8 AS a, sin(i) AS b, 'k' || i % 3 AS k, 1 AS one, i % 4 AS g"
        " FROM generate_series(1, 60) AS i"
    )
    plpy.connect(database.database, database.host, database.port, database.user)
    plpy.execute(f"SET search_path = {schema}, public")
    yield
    plpy.close()


@pytest.mark.parametrize("groups", [None, "g", "g, k"])
@pytest.mark.parametrize("method", ["correlation", "covariance"])
def test_the_same_matrix(sql, method, groups):
    given = "NULL" if groups is None else f"'{groups}'"
    inside = sql.rows(f"SELECT * FROM madlib.{method}('t', 'o', 'a, b, one', false, {given})")[0]
    result = run(plpy, "madlib", f"stats.{method}", ["t", "outside", "a, b, one", False, groups])
    assert (result["num_groups"], result["matrix"]) == (inside["num_groups"], inside["matrix"])
    assert sql("TABLE o EXCEPT TABLE outside") == sql("TABLE outside EXCEPT TABLE o") == []


@pytest.mark.parametrize("estimates", [True, False])
def test_the_same_summary(sql, estimates):
    sql(
        f"SELECT madlib.summary('t', 'o', NULL, 'k', ntile_array => ARRAY[0.1], get_estimates => {estimates})"
    )
    arguments = ["t", "outside", None, "k", True, True, [0.1], 10, estimates, False]
    assert run(plpy, "madlib", "stats.summary", arguments)["num_col_summarized"] == 4
    assert sql("TABLE o EXCEPT TABLE outside") == sql("TABLE outside EXCEPT TABLE o") == []


def test_an_error_has_the_name_of_the_function():
    with pytest.raises(MadpyError, match=r'^correlation: table "tt" does not exist$'):
        run(plpy, "madlib", "stats.correlation", ["tt", "outside", None, False, None])
