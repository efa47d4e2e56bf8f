"""Calls end at once, wherever they are: by cancels, timeouts, pg_terminate_backend, a fast shutdown.

The mark is 0.2 s on a quiet machine: `make bench-stop` measures it, over large tables.  Here a moment counts
as late where three tries took longer than LATE, so that a busy machine fails no test.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import pg
import pytest

from benchmarks.stop import CALLS, Stopper, create_tables, moments
from madpy.dev.server import Address
from madpy.dev.shards import Shard
from madpy.dev.state import here
from tests.methods import Call
from tests.session import Session

LATE = 1.0  # seconds
TRIES = 3
MOMENTS = 20  # of each driver, over all its calls
SIZES = {
    "columns": 200,
    "flags": 200,
    "wide_rows": 600,
    "rows": 30_000,
    "groups": 500,
    "group_rows": 20,
    "classes": 40,
    "levels": 500,
}
LONGEST = 0.4  # seconds of a call
MANY = "SELECT madlib.kmeans_train('long', 'o', 'a, b, c', k => 10000)"


def driver(call: Call) -> str:
    return call.sql.split("madlib.")[1].split("(")[0]


CALLS_OF = Counter(map(driver, CALLS))


@pytest.fixture(scope="module")
def stopper(database: Address) -> Iterator[Stopper]:
    with closing(database.connect()) as connection:
        connection.query("CREATE SCHEMA stops; SET search_path = stops")
        create_tables(connection, SIZES)
        with closing(Stopper(database, SIZES, "SET search_path = stops")) as made:
            yield made
        connection.set_notice_receiver(lambda notice: None)
        connection.query("DROP SCHEMA stops CASCADE")


@pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
def test_a_cancel_at_random_moments(stopper: Stopper, call: Call) -> None:
    stopper.prepare(call)
    seconds = min(stopper.whole(call, LONGEST), LONGEST)
    count = -(-MOMENTS // CALLS_OF[driver(call)])
    for moment in moments(seconds, count, seed=CALLS.index(call)):
        found = [stopper.delay(call, moment)]
        while (found[-1] or 0) > LATE and len(found) < TRIES:
            found.append(stopper.delay(call, moment))
        assert (found[-1] or 0) <= LATE, (moment, found)


def test_every_driver_is_among_the_calls(sql: Session) -> None:
    drivers = sql(
        "SELECT DISTINCT proname FROM pg_proc JOIN pg_language l ON l.oid = prolang"
        " WHERE pronamespace = 'madlib'::regnamespace AND lanname = 'plpython3u'"
    )
    short = {"load_dataset", "fmsketch_dcount", "nb_create_view", "logregr_summary"}
    short |= {"sk_algorithms", "sk_device", "sk_create_view"}  # a statement or two
    assert {name for (name,) in drivers} - short == {driver(call) for call in CALLS}


def test_a_timeout_of_many_clusters(stopper: Stopper) -> None:
    """Default seeding of kmeans_train with 10,000 of 60,000 rows takes minutes; a timeout ends it."""
    for milliseconds in (300, 700, 1500):
        assert stopper.whole(Call("many", MANY), milliseconds / 1000) < milliseconds / 1000 + LATE


@pytest.mark.parametrize("moment", [0.3, 1.5])
def test_the_end_of_a_session(stopper: Stopper, moment: float) -> None:
    call = Call("many", MANY)
    assert any((stopper.delay(call, moment, "pg_terminate_backend") or 9) < LATE for _ in range(TRIES))


def test_a_fast_shutdown(server: Address) -> None:
    """Shut a separate server down while kmeans_train seeds 10,000 clusters."""
    shard = Shard.numbered(here(), 9)
    address = shard.start()
    try:
        with closing(address.connect()) as connection:
            connection.set_notice_receiver(lambda notice: None)
            connection.query("DROP EXTENSION IF EXISTS madpy; CREATE EXTENSION madpy CASCADE")
            connection.query("DROP TABLE IF EXISTS long")
            connection.query(
                "CREATE TABLE long AS SELECT random() a, random() b, random() c"
                " FROM generate_series(1, 50000)"
            )
            ended: list[float] = []
            errors: list[str] = []

            def train() -> None:
                try:
                    connection.query(MANY)
                except pg.Error as error:
                    errors.append(str(error))
                ended.append(time.monotonic())

            thread = Thread(target=train)
            thread.start()
            time.sleep(1)
            started = time.monotonic()
            shard.stop()
            thread.join(timeout=60)
        assert "terminating connection due to administrator command" in errors[0]
        assert ended[0] - started < 5 * LATE
    finally:
        shard.stop()
