"""A table to train on."""

import pytest

from tests.projects.sugar import loaded
from tests.session import Session


@pytest.fixture
def project(sql: Session) -> Session:
    """A session in a transaction that has the table sugar, of 442 rows."""
    return loaded(sql)
