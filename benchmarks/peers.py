"""The alternatives without madpy: pull the table to a client and fit in numpy or scikit-learn."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import quote

import numpy as np

from benchmarks.database import FEATURES, Bench, names
from benchmarks.timing import Case

QUERY = f"SELECT {names()}, y FROM t"


def peers(bench: Bench) -> list[Case]:
    """The peers of regr_train, each from a new connection, as a script is run; imported before."""
    import adbc_driver_postgresql.dbapi as adbc
    import connectorx

    address = bench.address
    url = f"postgresql://{address.user}@{quote(address.host, safe='')}:{address.port}/{address.database}"
    with closing(bench.connect()) as connection:
        (answer,) = connection.query(f"SELECT madlib.mregr_coef(y, ARRAY[1, {names()}]) FROM t").getresult()[
            0
        ]
        (pages,) = connection.query("SELECT pg_relation_size('t') / 8192").getresult()[0]

    def with_connectorx() -> Any:
        return connectorx.read_sql(url, QUERY, return_type="arrow")

    def with_two_connections() -> Any:
        middle = f"'({pages // 2},0)'"
        halves = [f"{QUERY} WHERE ctid < {middle}", f"{QUERY} WHERE ctid >= {middle}"]
        return connectorx.read_sql(url, halves, return_type="arrow")

    def with_adbc() -> Any:
        with adbc.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(QUERY)
            return cursor.fetch_arrow_table()

    def case(name: str, pull: Callable[[], Any]) -> Case:
        return Case(name, lambda: pull_and_fit(pull, answer))

    return [
        case("pull with ConnectorX, fit in numpy", with_connectorx),
        case("the same, pulled through two connections", with_two_connections),
        case("pull with ADBC, fit in numpy", with_adbc),
    ]


def pull_and_fit(pull: Callable[[], Any], answer: list[float]) -> dict[str, float]:
    """Seconds of both; a peer that does not find what madpy finds measures something else."""
    started = time.perf_counter()
    table = pull()
    pulled = time.perf_counter()
    x = np.column_stack([np.ones(table.num_rows), *(table[i].to_numpy() for i in range(FEATURES))])
    coef = np.linalg.lstsq(x, table[FEATURES].to_numpy())[0]
    fitted = time.perf_counter()
    np.testing.assert_allclose(coef, answer, rtol=1e-9)
    return {"pull": pulled - started, "fit": fitted - pulled}
