"""A candidate of sk_compare that ends its worker has failed; the others go on in a new worker."""

import json

import pytest

from tests.ports.test_worker_ends import running
from tests.worker.package import within, workers

MEMORY = "the fit needs more memory than the 200 MB of madpy.worker_memory"


@pytest.fixture
def table(sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS x, i::float8 AS y FROM generate_series(1, 100) AS i")
    sql("SET madpy.worker_memory = '200MB'; SET client_min_messages = error")


def statement(*hows, **options):
    candidates = [{"algorithm": "fault", "hyperparams": {"how": how}} for how in hows]
    more = "".join(f", {name} => {value}" for name, value in options.items())
    return f"SELECT * FROM madlib.sk_compare('t', 'o', 'y', 'x', '{json.dumps(candidates)}'{more})"


def test_the_others_go_on(sql, table, fault):
    wrong = {
        "segfaults": "the fit crashed: SIGSEGV: So far",
        "eats": MEMORY,
        "raises": "the fit failed: ZeroDivisionError: this fit ? raises",
        "allocates": MEMORY,
        "leaves": "the fit failed: SystemExit: 3",
        "talks_nonsense": "the worker was lost",
    }
    hows = ["does_well", *wrong, "does_well"]
    (row,) = sql.rows(statement(*hows, folds=2, keep="'best'"))
    assert row["best_candidate"] == 1
    found = sql("SELECT status, error FROM o ORDER BY candidate")
    assert [status for status, _ in found] == ["successful", *["failed"] * len(wrong), "successful"]
    for how, (_, error) in zip(hows, found, strict=True):
        assert how == "does_well" or error.startswith(wrong[how]), (how, error)
    assert sql("SELECT candidate FROM o WHERE model IS NOT NULL") == [(1,)]


def test_all_of_them_crash(sql, table, fault):
    error = sql.refuses(statement("segfaults", "exits"))
    assert (error.sqlstate, error.message) == (
        "58000",
        "sk_compare: none of the 2 candidates could be fitted, the first one because:"
        " the fit crashed: SIGSEGV",
    )


def test_a_timeout(sql, table, fault):
    sql("SET statement_timeout = '1s'")
    error = sql.refuses(statement("does_well", "sleeps", "does_well"))
    assert (error.sqlstate, error.message) == (
        "57014",
        "sk_compare: canceling statement due to statement timeout",
    )
    assert within(5, lambda: not workers(fault.root))


@pytest.mark.parametrize("how", ["sleeps", "stops"])
def test_the_time_limit_counts_in_a_new_worker(sql, table, fault, how):
    """The second candidate ends the first worker, the third one would never end the second."""
    sql(statement("does_well", "segfaults", how, "does_well", time_limit=5, keep="'best'"))
    assert sql("SELECT status, error FROM o ORDER BY candidate") == [
        ("successful", None),
        ("failed", "the fit crashed: SIGSEGV: So far."),
        ("failed", "the time limit was reached"),
        ("skipped", None),
    ]
    assert sql("SELECT candidate FROM o WHERE model IS NOT NULL") == [(1,)]
    assert within(5, lambda: not workers(fault.root))


def test_a_time_limit_in_the_only_candidate(sql, table, fault):
    error = sql.refuses(statement("sleeps", time_limit=1))
    assert (error.sqlstate, error.message) == (
        "53400",
        "sk_compare: no candidate was fitted within time_limit",
    )
    assert within(5, lambda: not workers(fault.root))


def test_progress(sql, table, fault, connect, schema):
    """The first candidate ends; the first fold of the second one never does."""
    text = statement("does_well", "sleeps", folds=3)
    with running(connect, fault, schema, text) as (pid, _):
        doing = f"SELECT doing FROM madlib.progress WHERE pid = {pid}"
        assert within(20, lambda: sql(doing) == [("sk_compare: candidate 2 of 2, fold 1 of 3",)])
        sql(f"SELECT pg_cancel_backend({pid})")
        assert within(20, lambda: not workers(fault.root))
