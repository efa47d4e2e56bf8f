"""Over a table that Citus distributes: where CITUS_DSN names a coordinator's database (docs/citus.md)."""

import os
from collections.abc import Iterator
from contextlib import closing

import pg
import pytest

from tests.session import Session
from tests.shards.conftest import COLUMNS, VALUES
from tests.shards.methods import METHODS, Method
from tests.shards.test_same import alike

DSN = os.environ.get("CITUS_DSN")
pytestmark = pytest.mark.skipif(DSN is None, reason="CITUS_DSN is not set")


@pytest.fixture(scope="module")
def citus() -> Iterator[Session]:
    """`flat` and the same rows distributed, in a schema of this run; Citus may not fetch rows."""
    with closing(pg.connect(dbname=DSN)) as connection:
        sql = Session(connection)
        schema = f"madpy_test_{os.getpid()}"
        sql("CREATE EXTENSION IF NOT EXISTS madpy CASCADE")
        sql(f"CREATE SCHEMA {schema}")
        sql(f"SET search_path = {schema}, public")
        sql(f"CREATE TABLE flat AS SELECT * FROM ({VALUES}) AS v")
        sql(f"CREATE TABLE rows ({COLUMNS})")
        sql("SELECT create_distributed_table('rows', 'id', shard_count => 8)")
        sql("INSERT INTO rows SELECT * FROM flat")
        sql("SET citus.coordinator_aggregation_strategy = 'disabled'")
        yield sql
        sql("ROLLBACK")
        sql(f"DROP SCHEMA {schema} CASCADE")


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_the_answer_is_that_of_one_table(citus: Session, method: Method) -> None:
    citus("DROP TABLE IF EXISTS one, one_summary, parts, parts_summary")
    citus(method.run("flat", "one"))
    citus(method.run("rows", "parts"))
    found, wanted = citus(method.answers("parts")), citus(method.answers("one"))
    assert alike(found, wanted), f"{found}\n{wanted}"


def test_a_row_is_scored_where_it_is(citus: Session) -> None:
    """With the model as a scalar subquery; a function that looks a model up by name cannot be sent."""
    citus("DROP TABLE IF EXISTS one, one_summary")
    citus(METHODS["regr"].run("flat", "one").replace("x1, x2, x3, flag, colour", "x1, x3"))
    scored = "SELECT sum(madlib.regr_predict((SELECT coef FROM one), ARRAY[1, x1, x3])) FROM {}"
    assert alike(citus.value(scored.format("rows")), citus.value(scored.format("flat")))
