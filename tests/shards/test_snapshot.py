"""Rows of several servers that change while they are read: each server shows those of one moment."""

import pytest

from madpy.dev.server import Address
from tests.methods import Method
from tests.session import Session
from tests.shards.conftest import Far
from tests.shards.methods import METHODS
from tests.shards.test_same import alike

# The foreign table of server 2 is a view there: where it is read, rows change there, and here in `near`.
CHANGE = """
    DELETE FROM {s}.{table} WHERE id IN (SELECT id FROM {s}.{table} WHERE id > 2 ORDER BY id LIMIT 40);
    UPDATE {s}.{table} SET y = y + 9, flag = NOT flag, colour = 'grey', x1 = -x1, amount = 7
    WHERE id IN (SELECT id FROM {s}.{table} ORDER BY id DESC LIMIT 40);
    INSERT INTO {s}.{table} SELECT id, -y, x1 * 9, x2, x3 + 9, NOT flag, 'new', place, day, 8
    FROM {s}.{table} WHERE id % 7 = 0 AND y > 0 LIMIT 60
"""
VIEW = """
    CREATE EXTENSION IF NOT EXISTS dblink SCHEMA public;
    ALTER TABLE {s}.t RENAME TO base;
    CREATE FUNCTION {s}.disturb() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM public.dblink_exec('{there}', $change${change_there}$change$);
        PERFORM public.dblink_exec('{here}', $change${change_here}$change$);
        RETURN true;
    END $$;
    CREATE VIEW {s}.t AS SELECT * FROM {s}.base WHERE CASE WHEN id = 2 THEN {s}.disturb() ELSE true END
"""


@pytest.fixture
def changing(sharded: Session, far: Far, database: Address, schema: str) -> Session:
    other = far.session(2)
    other(
        VIEW.format(
            s=schema,
            there=named(far.addresses[2]),
            here=named(database),
            change_there=CHANGE.format(s=schema, table="base"),
            change_here=CHANGE.format(s=schema, table="near"),
        )
    )
    other.connection.close()
    return sharded


def named(address: Address) -> str:
    """The address as libpq reads it."""
    return f"host={address.host} port={address.port} user={address.user} dbname={address.database}"


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_a_server_shows_one_moment(changing: Session, far: Far, schema: str, method: Method) -> None:
    changing(method.run("flat", "one"))
    changing(method.run("rows", "parts"))
    assert changing.value("SELECT count(*) FROM near WHERE colour = 'new'") > 0
    assert alike(changing(method.answers("parts")), changing(method.answers("one")))


def test_a_server_shows_the_moment_of_its_first_use_in_a_transaction(
    changing: Session, far: Far, schema: str
) -> None:
    """postgres_fdw keeps a REPEATABLE READ transaction open there: a second training sees nothing newer."""
    near, there = ("SELECT count(*) FROM near", "SELECT count(*) FROM far_2")
    changing("BEGIN")
    for name in ("one", "two"):
        changing(f"SELECT madlib.regr_train('rows', '{name}', 'y', 'x1, x3', robust => true)")
    assert changing.value(there) == 500
    assert changing.value(near) != 500
    counts = (
        "SELECT one.num_rows_processed, two.num_rows_processed - (SELECT count(*) FROM rows) FROM one, two"
    )
    assert changing(counts)[0][0] == 3000
    changing("COMMIT")
    assert changing.value(there) != 500
