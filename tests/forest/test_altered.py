"""Models whose arrays were altered, with a right checksum: an error or a number, and never a crash."""

import numpy as np
import pg
import pytest

from madpy.modules.common.trees import layout
from madpy.modules.forest.layout import MODEL_FOREST
from madpy.ports.postgres.model import pack, unpack
from tests.forest.conftest import call

INTEGERS = (-(2**31), -1, 0, 1, 2, 7, 2**30, 2**31 - 1)
STATES = ("22P03", "22021", "22023", "22003", "42809", "2202E")
CALLS = (
    "SELECT madlib.forest_predict({m}, ARRAY['1', 'a'])",
    "SELECT * FROM madlib.forest_explain({m}, ARRAY['1', NULL])",
    "SELECT * FROM madlib.__forest_tree({m}, 1, 9)",
)


def altered(arrays):
    """Yield the arrays with one of them changed: shorter, longer, empty, or with another number in it."""
    for number, array in enumerate(arrays):
        changes = [array[:0], array[:-1], np.concatenate([array, array[:1]]), np.tile(array, 3)]
        if array.dtype.kind == "i":
            for at in range(min(len(array), 12)):
                for value in INTEGERS:
                    changes.append(array.copy())
                    changes[-1][at] = value
        else:
            changes += [np.full_like(array, value) for value in (np.nan, np.inf, -1e308, 0)]
        for change in changes:
            yield [*arrays[:number], change, *arrays[number + 1 :]]
    yield arrays[: layout.ENSEMBLE_START]
    yield arrays[: layout.ENSEMBLE_FACTS]


@pytest.mark.parametrize("target", ["y", "y > 5", "(ARRAY['l', 'm', 'h'])[1 + (id % 3)]"])
def test_altered_arrays(sql, load, target):
    n = 60
    load(y=[float(i % 11) for i in range(n)], x=[float(i % 7) for i in range(n)], c=list("abcdef" * 10),
         id=list(range(n)))  # fmt: skip
    sql(call("x, c", target, num_trees=3, max_depth=3))
    arrays = unpack(sql.value("SELECT model FROM m_summary"), MODEL_FOREST)[1]
    assert len(arrays) == layout.ENSEMBLE_FIELDS
    backend = sql.value("SELECT pg_backend_pid()")
    sql("SET statement_timeout = '20s'")
    errors = 0
    for changed in altered(arrays):
        data = pack(MODEL_FOREST, {"features": []}, changed).hex()
        for query in CALLS:
            try:
                sql(query.format(m=f"'\\x{data}'::bytea"))
            except pg.Error as error:
                errors += 1
                assert error.sqlstate in STATES, str(error)
    assert errors > 100
    assert sql.value("SELECT pg_backend_pid()") == backend


def test_truncated_bytes(sql, load):
    load(y=[1.0, 2.0] * 10, x=[1.0, 2.0] * 10)
    sql(call("x", num_trees=2))
    data = sql.value("SELECT model FROM m_summary")
    for length in range(0, len(data), 7):
        error = sql.fails(f"SELECT madlib.forest_predict('\\x{data[:length].hex()}'::bytea, ARRAY[1])")
        assert error.sqlstate == "22P03"
