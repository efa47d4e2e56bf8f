"""The connection of a test, and the errors and notices of PostgreSQL."""

import re
from dataclasses import dataclass
from typing import Any

import pg

FIELDS = re.compile(r"^(ERROR|FATAL|DETAIL|HINT|CONTEXT|QUERY|LINE \d+|STATEMENT): +", re.MULTILINE)


class Failure:
    """An error of PostgreSQL: sqlstate, message, detail, hint and context; None for a field that it lacks."""

    def __init__(self, error: pg.DatabaseError) -> None:
        parts = FIELDS.split(str(error))
        fields = {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}
        self.sqlstate = error.sqlstate
        self.message = fields.get("ERROR", fields.get("FATAL", str(error)))
        self.detail = fields.get("DETAIL")
        self.hint = fields.get("HINT")
        self.context = fields.get("CONTEXT")

    def __repr__(self) -> str:
        return f"{self.sqlstate}: {self.message!r}, detail {self.detail!r}, hint {self.hint!r}"


@dataclass(frozen=True)
class Notice:
    """A notice of PostgreSQL, copied: PyGreSQL's own object does not outlive the call."""

    severity: str
    message: str
    detail: str | None
    hint: str | None

    @classmethod
    def of(cls, notice: Any) -> "Notice":
        return cls(notice.severity, notice.primary, notice.detail, notice.hint)


class Session:
    """One connection, each statement its own transaction unless the test says BEGIN."""

    def __init__(self, connection: pg.Connection) -> None:
        self.connection = connection
        self.notices: list[Notice] = []  # what came since the last statement
        connection.set_notice_receiver(lambda notice: self.notices.append(Notice.of(notice)))

    def __call__(self, query: str) -> list[tuple[Any, ...]]:
        """The rows; for a statement that has none, an empty list."""
        self.notices.clear()
        result = self.connection.query(query)
        return result.getresult() if isinstance(result, pg.Query) else []

    def value(self, query: str) -> Any:
        """The first column of the first row."""
        return self(query)[0][0]

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows by column name."""
        self.notices.clear()
        return self.connection.query(query).dictresult()

    @property
    def warnings(self) -> list[str]:
        """The WARNINGs that came since the last statement."""
        return [notice.message for notice in self.notices if notice.severity == "WARNING"]

    def fails(self, query: str) -> Failure:
        """The error of a statement that has to fail."""
        try:
            result = self(query)
        except pg.DatabaseError as error:
            return Failure(error)
        raise AssertionError(f"did not fail, returned {result!r}: {query}")

    def refuses(self, query: str) -> Failure:
        """The error of a statement, after which the database has the relations it had before."""
        before = self("SELECT oid FROM pg_class ORDER BY oid")
        error = self.fails(query)
        assert self("SELECT oid FROM pg_class ORDER BY oid") == before
        return error
