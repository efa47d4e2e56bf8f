"""Python code of a driver is ended where it is: by a timeout, a cancel, or the end of the session."""

import threading
import time

import pytest

from tests.ports.test_udf import CALL

FOREVER = "while True: sum(range(1000))"


def lines(*code: str) -> str:
    return ("\n" + 12 * " ").join(code)


def test_a_loop_without_a_statement(sql):
    sql("SET statement_timeout = '200ms'")
    started = time.monotonic()
    error = sql.fails(CALL.format(body=FOREVER))
    assert (error.sqlstate, error.message) == (
        "57014",
        "fake_train: canceling statement due to statement timeout",
    )
    assert time.monotonic() - started < 5
    sql("RESET statement_timeout")
    assert sql.value("SELECT 1") == 1


def test_a_loop_in_numpy(sql):
    sql("SET statement_timeout = '500ms'")
    body = lines("import numpy", "x = numpy.ones(100000)", "while True: x = numpy.sort(x)")
    assert sql.fails(CALL.format(body=body)).sqlstate == "57014"


@pytest.mark.parametrize("how", ["except Exception: pass", "finally: pass"])
def test_a_cancel_that_is_swallowed_comes_again(sql, how):
    """Where an exception is caught, by us or by a library, the run does not end well."""
    sql("SET statement_timeout = '200ms'")
    body = lines(
        "import time",
        "try:",
        "    while True: pass",
        how,
        "db.execute('CREATE TABLE made ()')",
    )
    error = sql.fails(CALL.format(body=body))
    assert (error.sqlstate, error.message) == (
        "57014",
        "fake_train: canceling statement due to statement timeout",
    )
    assert sql.value("SELECT to_regclass('made')") is None


def test_nothing_is_left_when_a_run_is_over(sql):
    """No timer, and a signal that comes late does no harm."""
    sql(CALL.format(body="pass"))
    sql(
        """
        DO LANGUAGE plpython3u $do$
            import os, signal
            assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)
            os.kill(os.getpid(), signal.SIGVTALRM)
        $do$
        """
    )


def test_a_run_within_a_run(sql):
    """A feature may be a function that trains: the outer run sees a cancel when the inner one is over."""
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i % 2 = 0 AS y FROM generate_series(1, 100) AS i")
    sql("SET statement_timeout = '2s'")
    inner = """db.execute("SELECT madlib.regr_train('t', 'm', 'x', 'x')")"""
    assert sql.fails(CALL.format(body=lines(inner, FOREVER))).sqlstate == "57014"


def test_a_signal_while_a_result_is_converted(sql):
    """A check for cancels there would free the memory of the statement that called the function."""
    sql(
        """
        CREATE TYPE pair AS (first text, second text);
        CREATE FUNCTION late() RETURNS pair LANGUAGE plpython3u AS $late$
            import os, signal
            class Late:
                def __str__(self):
                    os.kill(os.getpid(), signal.SIGVTALRM)
                    return 'as a text'
            return {'first': 'before', 'second': Late()}
        $late$
        """
    )
    body = """assert db.value("SELECT first || ' ' || second FROM late()") == 'before as a text'"""
    sql(CALL.format(body=body))


def test_a_module_is_imported_whole(sql, tmp_path):
    """numpy cannot be imported again after half of it."""
    sql("SET statement_timeout = '300ms'")
    body = lines(
        "import types, importlib.util, importlib.abc",
        "class Loader(importlib.abc.Loader):",
        "    def exec_module(self, module):",
        "        import time",
        "        end = time.process_time() + 1",
        "        while time.process_time() < end: pass",
        "        module.whole = True",
        "class Finder(importlib.abc.MetaPathFinder):",
        "    def find_spec(self, name, path, target=None):",
        "        if name == 'slow_to_load': return importlib.util.spec_from_loader(name, Loader())",
        "sys.meta_path.insert(0, Finder())",
        "import slow_to_load",
        "while True: pass",
    )
    assert sql.fails(CALL.format(body=body)).sqlstate == "57014"
    sql("RESET statement_timeout")
    sql("DO LANGUAGE plpython3u $$ import sys; assert sys.modules['slow_to_load'].whole $$")


def test_the_end_of_a_session(sql, connect):
    other = connect()
    pid = other.value("SELECT pg_backend_pid()")
    thread = threading.Timer(0.3, sql, [f"SELECT pg_terminate_backend({pid})"])
    thread.start()
    error = other.fails(CALL.format(body=FOREVER))
    thread.join()
    assert error.message == "terminating connection due to administrator command"
