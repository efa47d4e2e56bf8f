"""A replacement of the server's `plpy` outside the server: a connection over PyGreSQL's classic interface.

Results have the shape that PL/Python gives them: rows as dicts, arrays as lists, json and dates as text.
"""

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import pg

from madpy.errors import MadpyError

ON_MACHINE = re.compile(r"^while executing command on \S+$", re.MULTILINE)


class Error(Exception):
    """The exception that `error` raises."""


class SPIError(Error):
    """An error of the server, with `spidata` (None, detail, hint) as in the server's own plpy."""

    def __init__(self, message: str, sqlstate: str, detail: str | None = None, hint: str | None = None):
        super().__init__(message)
        self.sqlstate = sqlstate
        self.spidata = (None, detail, hint)


class Result(list[dict[str, Any]]):
    """Rows of a statement; `colnames()` and `coltypes()` are None where it has no result."""

    def __init__(
        self, rows: list[dict[str, Any]], names: list[str] | None, types: list[int] | None, count: int
    ):
        super().__init__(rows)
        self._names = names
        self._types = types
        self._count = count

    def nrows(self) -> int:
        return self._count

    def colnames(self) -> list[str] | None:
        return self._names

    def coltypes(self) -> list[int] | None:
        """Return the OIDs of the types; for a domain that of its base type, as libpq does not tell."""
        return self._types


class Connection:
    """A connection to a database; the functions below are those of the session's connection."""

    SPIError = SPIError

    def __init__(
        self,
        dbname: str | None = None,
        host: str | None = None,
        port: int | None = None,
        user: str | None = None,
        passwd: str | None = None,
    ):
        """Connect; arguments that are not given come from libpq's environment and defaults."""
        try:
            # In PyGreSQL -1 stands for libpq's own port.
            self._pg = pg.connect(dbname=dbname, host=host, port=port or -1, user=user, passwd=passwd)
        except pg.Error as error:
            raise _spi_error(error, "08001") from None
        self._pg.set_notice_receiver(_show)

    def close(self) -> None:
        self._pg.close()

    def execute(self, sql: str) -> Result:
        """Run a statement."""
        try:
            result = self._pg.query(sql)
        except pg.Error as error:
            raise _spi_error(error, "08006") from None
        if isinstance(result, pg.Query):
            with _json_as_text():
                rows = result.dictresult()
            names = list(result.listfields())
            types = [int(result.fieldinfo(n)[1]) for n in range(len(names))]
            return Result(rows, names, types, len(rows))
        return Result([], None, None, int(result) if str(result or "").isdigit() else 0)

    @contextlib.contextmanager
    def transaction(self, one_snapshot: bool = False) -> Iterator[None]:
        """Run a block from BEGIN to COMMIT, or in a savepoint of an open transaction; roll back on errors.

        With `one_snapshot` the isolation is REPEATABLE READ or more, which an open transaction has to have.
        """
        nested = self._pg.transaction() != pg.TRANS_IDLE
        self.execute("SAVEPOINT madpy_atomic" if nested else "BEGIN")
        try:
            if one_snapshot:
                self._isolate(nested)
            yield
            self.execute("RELEASE madpy_atomic" if nested else "COMMIT")
        except BaseException:
            # A lost connection has rolled back by itself; the first error is the one to report.
            with contextlib.suppress(SPIError):
                self.execute("ROLLBACK TO madpy_atomic; RELEASE madpy_atomic" if nested else "ROLLBACK")
            raise

    def _isolate(self, nested: bool) -> None:
        """Have all statements of the transaction see the same rows; refuse an open one of a lower level."""
        if not self.execute("SHOW transaction_isolation")[0]["transaction_isolation"].startswith("read "):
            return
        if nested:
            raise MadpyError(
                "in a READ COMMITTED transaction each pass would see different rows",
                sqlstate="25000",
                hint="begin it with BEGIN ISOLATION LEVEL REPEATABLE READ",
            )
        self.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

    def info(self, message: str) -> None:
        info(message)

    def notice(self, message: str) -> None:
        notice(message)

    def warning(self, message: str, hint: str | None = None) -> None:
        warning(message, hint)


_connection: Connection | None = None


def connect(
    dbname: str | None = None,
    host: str | None = None,
    port: int | None = None,
    user: str | None = None,
    passwd: str | None = None,
) -> None:
    """Open the session's connection, in place of the one before."""
    global _connection
    opened = Connection(dbname, host, port, user, passwd)
    close()
    _connection = opened


def close() -> None:
    """Close the connection, if there is one."""
    global _connection
    if _connection is not None:
        _connection.close()
    _connection = None


def execute(sql: str) -> Result:
    """Run a statement."""
    return _open().execute(sql)


def transaction(one_snapshot: bool = False) -> contextlib.AbstractContextManager[None]:
    """The transaction of the session's connection."""
    return _open().transaction(one_snapshot)


def info(message: str) -> None:
    print(f"INFO:  {message}", file=sys.stderr)


def notice(message: str) -> None:
    print(f"NOTICE:  {message}", file=sys.stderr)


def warning(message: str, hint: str | None = None) -> None:
    print(f"WARNING:  {message}" + (f"\nHINT:  {hint}" if hint else ""), file=sys.stderr)


def error(message: str) -> NoReturn:
    raise Error(message)


def _open() -> Connection:
    if _connection is None:
        raise SPIError("not connected to a database", "08003", hint="call plpy.connect(...) first")
    return _connection


def _show(notice: Any) -> None:
    """Print NOTICE, WARNING and INFO of the server to stderr, as psql does."""
    print(str(notice.message).rstrip(), file=sys.stderr)


@contextlib.contextmanager
def _json_as_text() -> Iterator[None]:
    """Have JSON returned as text; the switch is global to PyGreSQL, so it is put back afterwards."""
    decode = pg.get_jsondecode()
    pg.set_jsondecode(None)
    try:
        yield
    finally:
        pg.set_jsondecode(decode)


def _spi_error(error: Exception, lost: str) -> SPIError:
    """Make an SPIError from libpq's text, whose parts have their names at the beginning of a line."""
    parts = re.split(r"^([A-Z]+)(?: \d+)?: +", str(error), flags=re.MULTILINE)
    fields = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    message = next((fields[key] for key in ("ERROR", "FATAL", "PANIC") if key in fields), str(error).strip())
    sqlstate = getattr(error, "sqlstate", None) or lost
    # Citus says in the context alone which machine an error came from.
    where = ON_MACHINE.findall(fields.get("CONTEXT", ""))
    detail = "\n".join(filter(None, [fields.get("DETAIL"), *where])) or None
    return SPIError(message, sqlstate, detail, fields.get("HINT"))
