"""The entry point of SQL wrappers, and of Python outside the server: run a driver, return plain values."""

import contextlib
import importlib
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from madpy.errors import MadpyError
from madpy.ports.postgres.session.db import CANCELED, Database
from madpy.ports.postgres.session.interrupts import Watch
from madpy.ports.postgres.session.openblas import guard
from madpy.records import Record, as_dict

OUT_OF_MEMORY = "53200"


def run(connection: Any, schema: str, name: str, args: Sequence[Any], prefix: str | None = None) -> Any:
    """Call a function of a method: `name` is "module.function", of its driver.py, or names another file, too.

    All or nothing.  A MadpyError becomes the server's error ("regr_train: ..."), or outside the server a
    MadpyError with the same text; any other exception is a bug and is left as it is.  `prefix` is what the
    function's name in SQL begins with; not given, it is that of Config.yml.
    """
    db = Database(connection, schema)
    if db.inside:
        # read when numpy is loaded: like all sessions of the server, this one uses one core
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    module, *file, function = name.split(".")
    label = (_prefix(module) if prefix is None else prefix) + function
    path = ".".join(["madpy.modules", module, *(file or ["driver"])])
    try:
        driver = guard.load(path) if db.inside else importlib.import_module(path)
        with db.atomic(one_snapshot=True), Watch(db) if db.inside else contextlib.nullcontext():
            db.begin()
            _check_encoding(db)
            result = plain(getattr(driver, function)(db, *args))
            db.finish()
            return result
    except MadpyError as raised:
        from madpy.ports.postgres.shards.servers import server_error

        error = server_error(db, raised)
    except MemoryError as raised:
        error = MadpyError("out of memory", sqlstate=OUT_OF_MEMORY, detail=str(raised))
    raise _in_server(connection, label, error) if db.inside else _outside(label, error)


def plain(value: Any) -> Any:
    """Return a record (or a list of them) as a dict for PL/Python, with jsonb and interval as text."""
    if isinstance(value, list) and value and isinstance(value[0], Record):
        return [plain(item) for item in value]
    if not isinstance(value, Record):
        return value
    return {name: _field(content) for name, content in as_dict(value).items()}


def _prefix(module: str) -> str:
    from madpy.config import load  # takes time to import, and is needed outside of the server only

    return next((known.label for known in load().modules if known.name == module), f"{module}_")


def _check_encoding(db: Database) -> None:
    """Raise an error for a database that is not UTF8: PL/Python sends all statements in UTF-8."""
    encoding = db.session.encoding
    if encoding != "UTF8":
        raise MadpyError(
            f"the database has the encoding {encoding}, and madpy needs UTF8",
            sqlstate="0A000",
            hint="create the database with ENCODING 'UTF8'",
        )


def _field(value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():f} seconds"
    return value


def _in_server(connection: Any, label: str, error: MadpyError) -> Exception:
    """Return the error to raise in the server, of a class called `label`.

    PL/Python puts the name of the class before the message, and its module unless that is builtins.
    """
    canceled = error.sqlstate == CANCELED
    base = connection.spiexceptions.QueryCanceled if canceled else connection.Error
    fields = {"sqlstate": error.sqlstate, "detail": error.detail, "hint": error.hint}
    failure: Exception = type(label, (base,), {"__module__": "builtins", **fields})(error.message)
    return failure


def _outside(label: str, error: MadpyError) -> MadpyError:
    message = f"{label}: {error.message}"
    return type(error)(message, sqlstate=error.sqlstate, hint=error.hint, detail=error.detail)
