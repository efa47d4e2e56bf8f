"""Which device a fit gets, and what it says of it."""

import dataclasses
import sys
import types

import numpy as np
import pytest

from madpy.worker import device as devices
from madpy.worker.device import CPU, Device, chosen, described
from madpy.worker.errors import WorkerError
from madpy.worker.fit import Job, Rows, numbers_of
from tests.worker.devices import NUMPY, gpu

MEMORY_KB = 1024
MANY = devices.LEAST_NUMBERS


@pytest.fixture
def look(monkeypatch):
    """Have a look for a GPU come to this end."""

    def install(module, fact):
        monkeypatch.setattr(devices, "_look", lambda: (module, fact))

    return install


@pytest.fixture
def pretended(look, monkeypatch):
    """A module in the place of CuPy, which notes the limit of its pool."""
    pool = types.SimpleNamespace(limit=None, freed=0)
    pool.set_limit = lambda size: setattr(pool, "limit", size)
    pool.free_all_blocks = lambda: setattr(pool, "freed", pool.freed + 1)
    look(types.SimpleNamespace(get_default_memory_pool=lambda: pool), "Some GPU")
    monkeypatch.setattr(devices, "_namespace", lambda: np)
    return pool


def test_without_a_gpu_auto_is_the_cpu(look):
    look(None, "CuPy is not installed")
    assert chosen("auto", MEMORY_KB, MANY) is chosen("cpu", MEMORY_KB, MANY) is CPU
    assert described("auto") == {"device": "cpu", "detail": "CuPy is not installed"}
    assert described("cuda") == {"device": None, "detail": "CuPy is not installed"}
    with pytest.raises(WorkerError, match="no GPU can be used: CuPy is not installed") as error:
        chosen("cuda", MEMORY_KB, 0)
    assert (error.value.sqlstate, error.value.hint) == ("55000", "set madpy.device to auto or to cpu")


def test_cpu_looks_for_nothing(look):
    look(None, "was looked for")
    assert described("cpu") == {"device": "cpu", "detail": "madpy.device is cpu"}


def test_memory_of_the_gpu_is_capped_and_given_back(pretended):
    device = chosen("cuda", MEMORY_KB, MANY)
    assert (device.name, pretended.limit) == ("cuda: Some GPU", 1024 * MEMORY_KB)
    device.release()
    assert pretended.freed == 1


def test_auto_leaves_small_fits_to_the_cpu(pretended):
    assert chosen("auto", MEMORY_KB, MANY - 1) is CPU
    assert not chosen("auto", MEMORY_KB, MANY).is_worth(MANY - 1)
    assert chosen("auto", MEMORY_KB, MANY).is_worth(MANY)
    assert chosen("cuda", MEMORY_KB, MANY).is_worth(1)
    assert not CPU.is_worth(10**12)


def test_libraries_that_do_not_fit_are_a_fact(monkeypatch):
    broken = types.ModuleType("cupy")
    broken.__spec__ = types.SimpleNamespace()
    monkeypatch.setitem(sys.modules, "cupy", broken)
    devices._look.cache_clear()
    try:
        module, fact = devices._look()
    finally:
        devices._look.cache_clear()
    assert module is None
    assert fact.startswith("CuPy cannot be used: ")


def job(device, **more):
    request = {
        "task": "regression", "algorithm": "linear", "hyperparams": {},
        "inputs": [{"name": "x", "levels": None}], "preprocess": {}, "targets": [1],
        "weights": None, "classes": [], "seed": 0, **more,
    }  # fmt: skip
    return Job(request, device)


def rows(n=8):
    """x is 0, 1, ..., y is 2 x + 1."""
    x = np.arange(float(n))[:, None]
    return Rows(x, 2 * x + 1, None, 0)


def test_a_fit_says_where_it_ran():
    figures, arrays = job(NUMPY).fit(rows())
    assert (figures["details"]["device"], figures["warnings"]) == ("numpy", [])
    assert figures["details"]["coef"]["x"] == pytest.approx(2)
    assert job(CPU).fit(rows())[0]["details"]["device"] == "cpu"
    assert job(NUMPY, algorithm="lasso").fit(rows())[0]["details"]["device"] == "cpu"
    assert len(arrays) == len(job(CPU).fit(rows())[1])


class Full:
    """A module of arrays without any memory."""

    def asarray(self, array):
        raise MemoryError


def test_auto_gives_what_does_not_fit_the_gpu_to_the_cpu(monkeypatch):
    monkeypatch.setattr(devices, "LEAST_NUMBERS", 1)
    figures, _ = job(Device("full", Full(), is_optional=True)).fit(rows())
    assert figures["details"]["device"] == "cpu"
    assert figures["warnings"][0].startswith("the GPU has too little memory for the fit")


def test_cuda_without_memory_is_an_error():
    with pytest.raises(WorkerError, match="needs more memory of the GPU") as error:
        job(Device("full", Full())).fit(rows())
    assert error.value.sqlstate == "53400"


def test_the_cap_holds_on_a_gpu():
    device = dataclasses.replace(gpu(), is_optional=False)
    chosen("cuda", MEMORY_KB, MANY)
    try:
        with pytest.raises(WorkerError, match="needs more memory of the GPU"):
            job(device).fit(rows(2**20))
    finally:
        device.release()


def test_numbers_of_a_request():
    request = {"algorithm": "linear", "task": "regression", "inputs": [{}, {}], "groups": [[0, 5], [5, 105]]}
    assert numbers_of(request) == 200
    assert numbers_of({**request, "groups": []}) == 0
    assert numbers_of({**request, "algorithm": "lasso"}) == 0


@pytest.mark.parametrize(("others", "numbers"), [([], 0), (["linear"], 20)])
def test_numbers_of_a_comparison(others, numbers):
    """One of the candidates is enough."""
    candidates = [{"algorithm": name} for name in ["lasso", *others]]
    request = {"candidates": candidates, "task": "regression", "inputs": [{}, {}], "rows": [0, 10]}
    assert numbers_of(request) == numbers


# --- in SQL ---


def test_sql_says_which_device_there_is(sql):
    facts = sql.rows("SELECT * FROM madlib.sk_device()")[0]
    assert facts == described("auto")
    sql("SET madpy.device = 'cpu'")
    assert sql("SELECT * FROM madlib.sk_device()") == [("cpu", "madpy.device is cpu")]


def test_cuda_in_sql(sql):
    sql("CREATE TABLE t AS SELECT i AS x, 2 * i + 1 AS y FROM generate_series(1, 10) AS i")
    sql("SET madpy.device = 'cuda'")
    train = "SELECT madlib.sk_train('t', 'm', 'y', 'x', 'linear')"
    facts = sql.rows("SELECT * FROM madlib.sk_device()")[0]
    if facts["device"] is None:
        error = sql.refuses(train)
        assert error.sqlstate == "55000"
        assert error.message == (f"sk_train: madpy.device is cuda, but no GPU can be used: {facts['detail']}")
        assert error.hint == "Set madpy.device to auto or to cpu."
    else:
        sql(train)
        assert sql.value("SELECT details->>'device' FROM m") == f"cuda: {facts['detail']}"


def test_settings_are_for_superusers(sql):
    for name, value in (("device", "cpu"), ("gpu_memory", "1GB")):
        sql("CREATE ROLE without_gpu")
        try:
            sql("SET ROLE without_gpu")
            error = sql.fails(f"SET madpy.{name} = '{value}'")
        finally:
            sql("RESET ROLE")
            sql("DROP ROLE without_gpu")
        assert error.sqlstate == "42501"
