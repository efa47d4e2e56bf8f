"""`db`: a Database over madpy's own plpy, outside the server, in the test's schema."""

from collections.abc import Iterator

import pytest

from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database
from tests.ports.fault import fault, faulty  # noqa: F401  (fixtures)


@pytest.fixture
def db(database, sql, schema) -> Iterator[Database]:
    plpy.connect(database.database, database.host, database.port, database.user)
    plpy.execute(f"SET search_path = {schema}, public")
    yield Database(plpy)
    plpy.close()
