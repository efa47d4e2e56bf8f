"""Equal rows or features, written in another way, give the same model and the same predictions."""

import pytest

from tests.methods import Method
from tests.session import Session
from tests.shards.conftest import VALUES
from tests.shards.methods import METHODS
from tests.shards.test_same import alike

ARRAYS = """
    CREATE TABLE t AS
    SELECT i AS id, i % 4 > 0 AND i % 11 <> 2 AS y,
           CASE WHEN i % 5 > 0 THEN ARRAY[i % 3 + i % 2, nullif(i % 7, 6)]::double precision[] END AS x
    FROM generate_series(1, 120) AS i;
    CREATE VIEW v AS SELECT id, y, x[1] AS a, x[2] AS b FROM t
"""
PARALLEL = """
    SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
    SET max_parallel_workers_per_gather = 2
"""
SOURCES = {
    "in another order": "CREATE TABLE other AS SELECT * FROM t ORDER BY md5(id::text)",
    "in partitions": """
        CREATE TABLE other (LIKE t) PARTITION BY HASH (id);
        CREATE TABLE part_0 PARTITION OF other FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE part_1 PARTITION OF other FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO other SELECT * FROM t
        """,
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_the_same_rows(sql: Session, method: Method, source: str) -> None:
    """From the store, and streamed by workers."""
    sql(f"CREATE TABLE t AS SELECT * FROM ({VALUES}) AS v WHERE id <= 900")
    sql(source)
    sql(method.run("t", "one"))
    sql(method.run("other", "stored"))
    sql(f"{PARALLEL}; SET madpy.store_memory = 0")
    sql(method.run("other", "streamed"))
    wanted = sql(method.answers("one"))
    assert len(wanted) > 0
    for found in ("stored", "streamed"):
        assert alike(sql(method.answers(found)), wanted)


@pytest.mark.parametrize("memory", ["64MB", "0"])
@pytest.mark.parametrize("method", ["nb", "dtree"])
def test_an_array_or_its_elements(sql: Session, method: str, memory: str) -> None:
    """An array that is NULL is a row of which nothing is known, as is one whose elements are all NULL."""
    sql(f"SET madpy.store_memory = '{memory}'")
    sql(ARRAYS)
    for source, model, features in (("t", "arrays", "x"), ("v", "columns", "a, b")):
        call = f"madlib.{method}_train('{source}', '{model}', 'y', '{features}')"
        assert sql.value(f"SELECT num_rows_processed FROM {call}") == 120
    figures = "prior, mean, variance, count" if method == "nb" else "node, num_rows, threshold, null_goes"
    one, other = (sql(f"SELECT {figures} FROM {model}") for model in ("arrays", "columns"))
    assert one == other
    for function, order in ((f"{method}_predict", "1"), (f"{method}_predict_prob", "1, 2")):
        predicted = []
        for model, source, again in (
            ("arrays", "t", "NULL"),
            ("arrays", "t", "'x'"),
            ("columns", "v", "NULL"),
            ("columns", "t", "'x'"),
        ):
            call = f"madlib.{function}('{model}', '{source}', 'p', {again})"
            assert sql.value(f"SELECT num_null_predictions FROM {call}") == 0
            shown = "id, prediction" + (", probability" if order == "1, 2" else "")
            predicted.append(sql(f"SELECT {shown} FROM p ORDER BY {order}"))
            sql("DROP TABLE p")
        assert predicted[1:] == predicted[:1] * 3


def test_weights_are_rows(sql: Session) -> None:
    """A weight of 2 is a row twice, one of 0 none."""
    sql(f"CREATE TABLE t AS SELECT * FROM ({VALUES}) AS v WHERE id <= 300")
    sql("CREATE TABLE u AS SELECT t.* FROM t, generate_series(1, x3)")
    sql("SELECT madlib.regr_train('t', 'm', 'y', 'x1, x2, colour', 'flag', weights => 'x3')")
    sql("SELECT madlib.regr_train('u', 'n', 'y', 'x1, x2, colour', 'flag')")
    one, other = (sql(f"SELECT flag, coef, r2, condition_no FROM {name} ORDER BY flag") for name in "mn")
    assert alike(one, other)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_tree_of_rows_twice(sql: Session, task: str) -> None:
    sql(f"CREATE TABLE t AS SELECT *, x3 > 2 AS z FROM ({VALUES}) AS v WHERE id <= 300")
    sql("CREATE TABLE u AS TABLE t UNION ALL TABLE t")
    call = "SELECT madlib.dtree_train('{}', '{}', 'z', 'x1, x2, colour, flag', 'place', task => '{}', {})"
    sql(call.format("t", "m", task, "min_split => 10, min_bucket => 4"))
    sql(call.format("u", "n", task, "min_split => 20, min_bucket => 8"))
    figures = "place, node, split, impurity, prediction, null_goes, complexity"
    one = sql(f"SELECT {figures}, 2 * num_rows, 2 * num_null, 2 * gain FROM m ORDER BY 1, 2")
    assert len(one) > 12
    assert alike(sql(f"SELECT {figures}, num_rows, num_null, gain FROM n ORDER BY 1, 2"), one)
