"""Real libraries that reach the cap: libsvm, which checks nothing, BLAS, trees, and others."""

import pytest

from tests.worker.package import within, workers

CAN = "sk_train: the fit needs more memory than the {} MB of madpy.worker_memory"
HINT = "Train on fewer rows, or ask a superuser to raise madpy.worker_memory."


@pytest.fixture
def wide(sql):
    """Table t: 4000 rows of 30 numbers, an array x, with a number y and a class c."""
    sql(
        """
        SELECT setseed(0.5);
        CREATE TABLE t AS
        SELECT i % 7 + random() AS y, i % 3 = 0 AS c,
               ARRAY(SELECT random() + i - i FROM generate_series(1, 30)) AS x
        FROM generate_series(1, 4000) AS i
        """
    )


@pytest.mark.parametrize(
    ("algorithm", "target", "megabytes", "threads"),
    [
        ("svm", "c", 6, 1),
        ("nu_svm", "c", 6, 2),
        ("nu_svm", "y", 16, 1),
        ("gaussian_process", "y", 60, 1),  # a matrix of 128 MB
        ("kernel_ridge", "y", 200, 2),  # a second one
        ("bagging", "y", 3, 1),
        ("hist_gradient_boosting", "y", 3, 2),
        ("nearest_neighbors", "c", 3, 2),
        ("affinity_propagation", None, 100, 1),
        ("birch", None, 5, 1),
    ],
)
def test_libraries(sql, wide, fault, algorithm, target, megabytes, threads):
    sql(f"SET madpy.worker_memory = '{megabytes}MB'; SET madpy.worker_threads = {threads}")
    sql("SET statement_timeout = '60s'")
    given = "NULL" if target is None else f"'{target}'"
    error = sql.refuses(f"SELECT madlib.sk_train('t', 'm', {given}, 'x', '{algorithm}')")
    assert (error.sqlstate, error.message, error.hint) == ("53200", CAN.format(megabytes), HINT)
    assert within(5, lambda: not workers(fault.root))


def test_threads_take_nothing_of_the_cap(sql, wide, fault):
    """OpenBLAS would ask for ever for the buffer of a second thread, OpenMP end the process."""
    sql("SET madpy.worker_threads = 2; SET statement_timeout = '60s'; SET madpy.worker_memory = '8MB'")
    for target, algorithm in [("'y'", "linear"), ("NULL", "mini_batch_kmeans"), ("NULL", "pca")]:
        sql(f"SELECT madlib.sk_train('t', '{algorithm}_m', {target}, 'x', '{algorithm}')")
    (first,) = workers(fault.root)
    sql("SELECT madlib.sk_train('t', 'm', 'y', 'x', 'linear')")
    assert workers(fault.root) == [first]
