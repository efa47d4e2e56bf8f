"""Errors that a worker sends back: they become the server's, with the SQL function's name in front."""

from madpy.worker.messages import known

ROWS = "22000"  # SQLSTATE of what only the rows show; a wrong argument has 22023


class WorkerError(Exception):
    """A fact, its SQLSTATE, what can be done, and what a library says of it."""

    def __init__(
        self, message: str, sqlstate: str = "22023", hint: str | None = None, detail: str | None = None
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.hint = hint
        self.detail = detail

    def fields(self) -> dict[str, str | None]:
        """Return the fields of an answer."""
        return {"message": str(self), "sqlstate": self.sqlstate, "hint": self.hint, "detail": self.detail}


def fields_of(error: BaseException) -> dict[str, str | None]:
    """Return the fields of an answer for an error of a library: the session gets its text only."""
    if (said := known(str(error))) is not None:
        return WorkerError(f"the fit failed: {said[0]}", ROWS, said[1]).fields()
    hint = "choose other hyperparameters or another algorithm"
    detail = f"{type(error).__name__}: {error}"[:2000]
    return WorkerError("the fit failed", ROWS, hint, detail).fields()
