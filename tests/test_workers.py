"""Every kernel over a store, and every method, gives the same bits with 0, 1, 2 and 7 workers."""

import re
from pathlib import Path

import pg
import pytest

from madpy.dev.state import CHECKOUT
from tests.methods import Method, Parameters, gathered
from tests.ports.workers import COUNTS, with_workers
from tests.session import Failure, Session
from tests.shards.conftest import VALUES

KERNEL = re.compile(r"^MADPY_KERNEL\((\w+)\)", re.MULTILINE)
DIGEST = re.compile(r"[0-9a-f]{32}")
SOURCES = [path for folder in ("ports", "modules") for path in Path(CHECKOUT, folder).rglob("*.c")]
KERNELS = sorted(name for path in SOURCES for name in KERNEL.findall(path.read_text()))
PARAMETERS: dict[str, Parameters] = gathered("KERNELS")
METHODS: dict[str, Method] = gathered("METHODS")

# Enough rows for several chunks; sums of the features depend on the order of additions.
TABLE = """
    CREATE TABLE t AS
    SELECT (i * 0.37 % 3)::float8 AS x1, nullif(i % 6, 5)::float8 AS x2, i % 11 / 7.0::float8 AS x3,
           (i % 2)::float8 AS y, (1 + i % 3)::float8 AS w, CASE WHEN i % 5 > 0 THEN i % 50 END AS g
    FROM generate_series(1, 70000) AS i
"""


def scalars(sql: Session, kernel: str) -> list[str]:
    """The columns that a kernel takes beside the features: target and weights."""
    types = sql.value(
        f"SELECT proargtypes::regtype[]::text[] FROM pg_proc"
        f" WHERE proname = '{kernel}_state' AND pronamespace = 'madlib'::regnamespace AND prokind = 'a'"
    )
    return ["y", "w"][: types.count("double precision")]


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel(sql: Session, kernel: str) -> None:
    """Of all rows, and of each group, where rows have been filled in by workers too."""
    sql(TABLE)
    columns = ", ".join(["x1", "x2", "x3"][: kernel_features(kernel)] + scalars(sql, kernel))
    answers = [states(sql, kernel, columns, count) for count in COUNTS]
    assert any(DIGEST.match(answer) for answer in answers[0])
    assert answers == [answers[0]] * len(COUNTS)


def kernel_features(kernel: str) -> int:
    entry = PARAMETERS.get(kernel)
    return entry.features or 3 if entry else 3


def states(sql: Session, kernel: str, columns: str, workers: int) -> list[str]:
    """A digest of the state, and of those of the groups, for each list of parameters; or its error."""
    entry = PARAMETERS.get(kernel)
    with_workers(sql, workers)
    sql("BEGIN")
    whole = sql.value(f"SELECT madlib.__store_fill('SELECT {columns} FROM t')")
    grouped = sql.value(f"SELECT madlib.__store_fill('SELECT {columns}, g FROM t', 1)")
    digests = []
    for parameters in entry.parameters if entry else [[]]:
        argument = f"'{{{', '.join(map(str, parameters))}}}'" if parameters else "NULL"
        digests += [
            digest(sql, f"SELECT md5(madlib.__store_step({whole}, '{kernel}', 0, {argument}))"),
            digest(
                sql,
                f"SELECT string_agg(md5(madlib.__store_step({grouped}, '{kernel}', i, {argument})), ' ')"
                " FROM generate_series(0, 10) AS i",
            ),
        ]
    sql("ROLLBACK")
    return digests


def digest(sql: Session, query: str) -> str:
    sql("SAVEPOINT step")
    try:
        return str(sql.value(query))
    except pg.DatabaseError as error:
        sql("ROLLBACK TO step")
        return Failure(error).message


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_a_method(sql: Session, method: Method) -> None:
    sql(f"CREATE TABLE t AS SELECT v.* FROM ({VALUES}) AS v, generate_series(1, 20)")
    answers = []
    for count in COUNTS:
        with_workers(sql, count)
        sql(method.run("t", f"o{count}"))
        answers.append(sql(method.answers(f"o{count}")))
    assert len(answers[0]) > 0
    assert answers == [answers[0]] * len(COUNTS)
