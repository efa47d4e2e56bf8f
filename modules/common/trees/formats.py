"""The formats in which trees are drawn."""

from madpy.modules.common.trees.display import dot, plain, text
from madpy.modules.common.trees.svg import svg
from madpy.ports.postgres.session.db import Database

FORMATS = {"text": text, "dot": dot, "svg": svg}
MOST_TREES = 100


def for_client(db: Database, drawn: str) -> str:
    """Return a drawing in characters that the client's encoding has."""
    encoding = db.value("SELECT pg_catalog.current_setting('client_encoding')")
    return drawn if encoding in ("UTF8", "SQL_ASCII") else plain(drawn)
