"""Output tables of numpy arrays."""

import numpy as np
import pytest

from madpy.helper import figures
from madpy.helper.figures import Derived, create_figures
from madpy.ports.postgres.db import Relation
from madpy.ports.postgres.scan import Rows, Scan

COLUMNS = [
    *(("n", "bigint"), ("v", "double precision[]"), ("m", "double precision[]")),
    *(("ok", "boolean"), ("said", "text"), ("names", "text[]")),
    *(("of", "double precision[]"), ("error", "double precision[]")),
]


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize("at_once", [1, 64 * 2**20])
def test_figures_by_group(db, schema, monkeypatch, memory, at_once):
    """Also where each row is a statement of its own."""
    monkeypatch.setattr(figures, "AT_ONCE", at_once)
    db.execute(
        "CREATE TABLE t AS SELECT i::float8 AS x, i % 3 AS g FROM pg_catalog.generate_series(1, 9) AS i"
    )
    db.execute("SET madpy.store_memory = {kb:l}", kb=memory)
    with db.atomic():
        scan = Scan(db, Rows(Relation(schema, "t"), "x", ["x"], groups=["g"]), passes=2)
        g = np.array([int(values["g"]) for values in scan.group_values])
        given = {
            "n": g * 2**40,
            "v": np.where(g[:, None] == 2, np.nan, [[1.5, np.nan]]),
            "m": g[:, None, None] + np.arange(4.0).reshape(2, 2),
            "ok": g == 1,
            "said": g % 2,
        }
        words = {"said": ["it's", "odd"]}
        # one coefficient of each, with a Hessian of 4 to 1: a standard error of 1/2
        given["fit"] = np.column_stack([0 * g, g, 0 * g, 0 * g + 4])
        more = Derived("__logregr_estimate", "fit", 1, {"condition": [], "of": [1], "error": [1]})
        constants = {"names": ["a", "b"]}
        create_figures(db, scan, Relation(schema, "o"), COLUMNS, given, words, constants, more)
        scan.close()
    found = [tuple(row.values()) for row in db.execute("SELECT * FROM o ORDER BY g")]
    assert found == [
        (0, 0, [1.5, None], [[0, 1], [2, 3]], False, "it's", ["a", "b"], [0], [0.5]),
        (1, 2**40, [1.5, None], [[1, 2], [3, 4]], True, "odd", ["a", "b"], [1], [0.5]),
        (2, 2**41, None, [[2, 3], [4, 5]], False, "it's", ["a", "b"], [2], [0.5]),
    ]


@pytest.mark.parametrize(
    "arguments", ["'', 0, '{1}'", "'\\x00', 0, '{1}'", "'', -1, '{0}'", "'', 0, '{}'", "'', 0, '{-1}'"]
)
def test_numbers_that_are_not_there(sql, arguments):
    assert sql.fails(f"SELECT madlib.__numbers({arguments})").sqlstate[:2] in ("22", "2202E"[:2], "54")


@pytest.mark.parametrize("arguments", ["'', 0", "'\\x00', 0", "'\\x0000000000000000', 1", "'', -1"])
def test_a_number_that_is_not_there(sql, arguments):
    assert sql.fails(f"SELECT madlib.__number({arguments})").sqlstate == "2202E"


def test_a_number_that_is_there(sql):
    data = np.array([1.5, np.nan, -0.0]).tobytes().hex()
    assert [sql.value(f"SELECT madlib.__number('\\x{data}', {n})") for n in range(3)] == [1.5, None, 0]
