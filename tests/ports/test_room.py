"""Little memory: numpy and scipy are not loaded where OpenBLAS would hang or end the session."""

import pytest

LIMIT = """
    DO LANGUAGE plpython3u $do$
        import resource
        with open('/proc/self/statm') as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        more = {more}
        most = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (used + more if more else most, most))
    $do$
"""
MANY = 64 << 20  # bytes: too few for another OpenBLAS


@pytest.fixture
def data(sql):
    sql("CREATE TABLE t AS SELECT i AS id, sin(i) AS a, i % 3 > 0 AS yes FROM generate_series(1, 60) AS i")


@pytest.mark.parametrize(
    ("loads", "before", "call"),
    [
        ("numpy", "regr_train('t', 'm', 'id', 'a')", "logregr_train('t', 'n', 'yes', 'a')"),
        ("scipy", "logregr_train('t', 'm', 'yes', 'a')", "regr_train('t', 'n', 'id', 'a', robust => true)"),
    ],
)
def test_a_library_that_has_no_room(data, connect, schema, loads, before, call):
    session = connect()
    session(f"SET search_path = {schema}")
    session(f"SELECT madlib.{before}")
    session(LIMIT.format(more=MANY))
    error = session.fails(f"SELECT madlib.{call}")
    method = call.split("(")[0]
    assert (error.sqlstate, error.message) == ("53200", f"{method}: out of memory")
    assert error.detail == f"There are no 128 MB for {loads}."
    session(LIMIT.format(more=0))
    session(f"SELECT madlib.{call}")
