"""`refuses` is a call that has to fail."""

from collections.abc import Callable

import pytest

from tests.session import Failure, Session


@pytest.fixture
def refuses(sql: Session) -> Callable[[str], Failure]:
    """The error of a call, after which the database has the relations it had before."""

    def fail(call: str) -> Failure:
        return sql.refuses(f"SELECT madlib.{call}")

    return fail
