"""The exception for everything that a user can do something about: a fact, then a hint."""


class MadpyError(Exception):
    """An error a user can act on.

    `message` is the fact: lower case, names in double quotes, no full stop.  `hint` says what to do about
    it, `detail` explains it: both are sentences, like PostgreSQL's.  `sqlstate` is the five-character code
    that SQL clients see.
    """

    def __init__(
        self, message: str, *, sqlstate: str = "22023", hint: str | None = None, detail: str | None = None
    ):
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.hint = _sentence(hint)
        self.detail = _sentence(detail)


class SqlError(MadpyError):
    """An error that PostgreSQL raised, with its own SQLSTATE; a cancel (57014) is one, never swallowed."""


def _sentence(text: str | None) -> str | None:
    """Return a text with a capital at its beginning and a full stop at its end."""
    if not text:
        return None
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?!" else ".")
