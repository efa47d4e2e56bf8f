"""A fit that misbehaves is one clear error; the server, other sessions and the next call are well."""

import json

import pytest

from tests.worker.package import parents, within, workers

CRASHED = "Choose other hyperparameters or another algorithm: nothing else was affected."
MEMORY = ("53200", "sk_train: the fit needs more memory than the 200 MB of madpy.worker_memory")
LOST = ("58000", "sk_train: the worker was lost")


@pytest.fixture
def table(sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i::float8 AS y FROM generate_series(1, 100) AS i")
    sql("SET madpy.worker_memory = '200MB'")


def is_well(sql, fault):
    """The next fit of a session succeeds, and nothing of one that failed is left."""
    sql("DROP TABLE IF EXISTS m, m_summary")
    sql(fault("does_well"))
    sql("DROP TABLE m, m_summary")


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("raises", ("22000", "sk_train: the fit failed")),
        ("leaves", ("22000", "sk_train: the fit failed")),
        ("exits", ("58000", "sk_train: the fit crashed: exit code 3")),
        ("segfaults", ("58000", "sk_train: the fit crashed: SIGSEGV")),
        ("aborts", MEMORY),
        ("fails_to_start_a_thread", MEMORY),
        ("ignores_what_malloc_says", MEMORY),
        ("crashes_at_the_cap", MEMORY),
        ("lacks_memory_for_a_library", MEMORY),
        (
            "is_killed",
            ("53200", "sk_train: the fit was killed, probably because the machine ran out of memory"),
        ),
        ("allocates", MEMORY),
        ("eats", MEMORY),
        ("forks", ("22000", "sk_train: the fit failed")),
        ("starts_a_program", ("22000", "sk_train: the fit failed")),
        ("talks_nonsense", LOST),
        ("stops_listening", LOST),
    ],
)
def test_one_clear_error(sql, table, fault, connect, how, expected):
    other = connect()
    postmaster = sql.value("SELECT pg_postmaster_start_time()")
    error = sql.refuses(fault(how))
    assert (error.sqlstate, error.message) == expected
    assert within(5, lambda: not workers(fault.root))
    assert other.value("SELECT pg_postmaster_start_time()") == postmaster
    is_well(sql, fault)


def test_the_error_says_what_was_heard(sql, table, fault):
    error = sql.fails(fault("segfaults"))
    assert (error.detail, error.hint) == ("So far.", CRASHED)
    error = sql.fails(fault("exits"))
    assert (error.detail, error.hint) == ("About to exit.", CRASHED)
    error = sql.fails(fault("raises"))
    assert error.detail == "ZeroDivisionError: this fit ? raises."
    error = sql.fails(fault("forks"))
    assert error.detail == "PermissionError: [Errno 1] Operation not permitted."
    error = sql.fails(fault("eats"))
    assert error.hint == "Train on fewer rows, or ask a superuser to raise madpy.worker_memory."


def test_what_a_fit_prints_is_nobodys(sql, table, fault):
    sql(fault("prints"))
    assert sql.value("SELECT count(*) FROM m") == 1


def test_a_worker_that_has_kept_much_memory_is_replaced(sql, table, fault):
    sql(fault("does_well"))
    (before,) = workers(fault.root)
    sql("DROP TABLE m, m_summary")
    sql(fault("does_well"))
    assert workers(fault.root) == [before]
    sql("DROP TABLE m, m_summary")
    sql(fault("hoards"))
    assert within(5, lambda: not workers(fault.root))
    is_well(sql, fault)


def report(error):
    return json.loads(error.detail.removeprefix("ValueError: ").removesuffix("."))


def test_what_a_worker_has_of_the_server(sql, table, fault):
    """None of its descriptors, none of its variables, and its folder is not the data directory."""
    found = report(sql.fails(fault("reports")))
    assert found["cwd"] == "/"
    assert set(found["environment"]) <= {
        *("CUDA_PATH", "CUDA_VISIBLE_DEVICES", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PATH", "TZ"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SCIPY_ARRAY_API"),
        *("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "SKLEARN_RUNTIME"),  # set by libraries
    }
    # standard streams, two sockets, two files of rows and what maps one, and what /proc is being read with
    files = ["/dev/null", "/dev/null", "/memfd:madpy worker (deleted)", *["/memfd:madpy (deleted)"] * 3]
    assert sorted(found["files"]) == sorted([*files, "socket", "socket", ""])
    assert (found["core"], found["file"]) == ([0, 0], 65536)
    assert found["oom"] == 1000
    assert found["is_leader"]


def test_a_worker_cannot_change_the_rows_of_the_server(sql, table, fault):
    """Its changes are in pages of its own, and it cannot write into the files."""
    found = report(sql.fails(fault("writes_to_the_store")))
    assert found == {"maps": ["rw-p"], "writes": ["EBADF"] * 3}


def test_threads(sql, table, fault):
    """A fit has as many as the superuser allows, and one by default."""
    assert report(sql.fails(fault("uses_threads"))) == {"tasks": 1}
    sql("SET madpy.worker_threads = 2")
    assert report(sql.fails(fault("uses_threads")))["tasks"] > 1


def test_what_the_parent_has_open(sql, table, fault):
    sql("SELECT count(*) FROM madlib.sk_algorithms()")
    (parent,) = parents(fault.root)
    assert fault.links(parent) == sorted(
        ["/dev/null"] * 3  # standard streams
        + ["anon_inode:[eventpoll]", "anon_inode:[pidfd]", "pipe", "pipe"]
        + ["socket"]  # that it listens to
        + ["socket", "socket", "/memfd:madpy worker (deleted)"]  # of one worker
    )
