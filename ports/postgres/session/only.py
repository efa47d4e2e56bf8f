"""Drivers that run in the server only, since what they need is there: from outside they are called there."""

import functools
from collections.abc import Callable
from typing import Any

from madpy.errors import MadpyError
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import literal

Driver = Callable[..., Any]


def in_server(function: str, *, is_set: bool = False) -> Callable[[Driver], Driver]:
    """Have Python outside the server call the SQL function of a driver, which takes the same arguments.

    `is_set` says that the function returns a set of rows, not one.
    """

    def decorate(driver: Driver) -> Driver:
        @functools.wraps(driver)
        def run(db: Database, *args: Any) -> Any:
            return driver(db, *args) if db.inside else _call(db, function, args, is_set)

        return run

    return decorate


def _call(db: Database, function: str, args: tuple[Any, ...], is_set: bool) -> Any:
    try:
        rows = db.execute(
            "SELECT * FROM {schema:i}.{function:i}({args:q})",
            function=function,
            args=", ".join(map(literal, args)),
        )
    except MadpyError as error:
        message = error.message.removeprefix(f"{function}: ")
        raise MadpyError(message, sqlstate=error.sqlstate, hint=error.hint, detail=error.detail) from None
    return rows if is_set else rows[0]
