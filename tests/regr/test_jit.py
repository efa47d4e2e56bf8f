"""No JIT in the drivers: their small statements look dear to the planner, and are not."""

from tests.session import Session


def test_a_driver_compiles_nothing_and_leaves_the_setting_alone(sql: Session) -> None:
    sql("SET jit = on")
    sql("SET jit_above_cost = 0")
    sql("CREATE TABLE t AS SELECT i AS x, sin(i) AS y FROM generate_series(1, 20) AS i")
    sql("CREATE VIEW seen AS SELECT x, y, current_setting('jit') AS jit FROM t")
    sql("SELECT madlib.regr_train('seen', 'model', 'y', 'x, jit')")
    sql("SELECT madlib.regr_predict('model', 'seen', 'predicted')")
    assert sql("SELECT DISTINCT jit, current_setting('jit') FROM predicted") == [("off", "on")]
