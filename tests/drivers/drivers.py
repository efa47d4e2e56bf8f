"""All drivers and all functions that take a model, as the tests folders of methods list them."""

from tests.methods import Driver, entries, gathered
from tests.session import Failure

DRIVERS: dict[str, Driver] = {driver.name: driver for drivers in entries("DRIVERS") for driver in drivers}
LINEAR = {name for name, driver in DRIVERS.items() if driver.is_linear}
ROW_PER_GROUP = {name for name, driver in DRIVERS.items() if driver.has_row_per_group}
GROUPED = [name for name, driver in DRIVERS.items() if driver.has_groups]
MATRIX = {name for name, driver in DRIVERS.items() if driver.is_matrix}
USES: dict[str, tuple[str, str]] = gathered("USES")


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def said(error: Failure) -> tuple[str | None, str, str | None]:
    return error.sqlstate, error.message, error.hint
