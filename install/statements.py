"""SQL scripts split into statements, and statements made repeatable over an older version."""

import re
from collections.abc import Iterator

from madpy.errors import MadpyError

TOKEN = re.compile(
    r"""  (?P<comment> --[^\n]* | /\*.*?\*/ )
        | (?P<quoted> [eE]'(?:[^'\\]|''|\\.)*' | '[^']*' | "[^"]*" )
        | (?P<dollar> (?P<tag>\$(?:[A-Za-z_]\w*)?\$) .*? (?P=tag) )
        | (?P<word> [A-Za-z_][\w$]* )
        | (?P<end> ; )
        | . """,
    re.DOTALL | re.VERBOSE,
)
NAME = r"(?P<name>[\w.]+)"
REPLACED = re.compile(
    rf"CREATE\s+(?:OR\s+REPLACE\s+)?(?P<kind>FUNCTION|PROCEDURE|AGGREGATE|VIEW)\s+{NAME}", re.I
)
KEPT = re.compile(rf"CREATE\s+(?P<kind>TABLE|INDEX|SEQUENCE|SCHEMA)\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}", re.I)
CAUGHT = re.compile(rf"CREATE\s+(?P<kind>TYPE|DOMAIN|CAST|OPERATOR)\s*{NAME}?", re.I)
REPEATABLE = re.compile(r"(?:COMMENT|GRANT|REVOKE|ALTER|DO|SET|SELECT)\b", re.I)


def repeatable(script: str, where: str) -> str:
    """Return `script` for a database with an older version: objects that are there are replaced or kept.

    A type that is there stays as it is, and so does a table: what changes in one belongs in a migration.
    """
    return "".join(_repeatable(comments, statement, where) for comments, statement in split(script))


def created_names(script: str) -> list[str]:
    """List the functions, views, types and tables that `script` creates, by name as written; each once."""
    patterns = (REPLACED, KEPT, CAUGHT)
    matches = (pattern.match(statement) for _, statement in split(script) for pattern in patterns)
    return sorted({match["name"] for match in matches if match and match["name"]})


def split(script: str) -> Iterator[tuple[str, str]]:
    """Yield pairs: comments and space before a statement, and the statement with its semicolon."""
    start, first, depth, previous = 0, None, 0, ""
    for token in TOKEN.finditer(script):
        word = (token["word"] or "").upper()
        if first is None and not token["comment"] and not token[0].isspace():
            first = token.start()
        # A body in standard SQL: BEGIN ATOMIC ... END, with statements and CASE ... END inside.
        if (previous, word) == ("BEGIN", "ATOMIC") or (depth and word == "CASE"):
            depth += 1
        elif depth and word == "END":
            depth -= 1
        previous = word or ("" if token[0].strip() else previous)
        if token["end"] and not depth and first is not None:
            yield script[start:first], script[first : token.end()]
            start, first, previous = token.end(), None, ""
    if first is not None:
        raise MadpyError(f"statement without its semicolon: {script[first : first + 60]!r}", sqlstate="42601")
    if script[start:].strip():
        yield script[start:], ""


def _repeatable(comments: str, statement: str, where: str) -> str:
    if not statement or REPEATABLE.match(statement):
        return comments + statement
    if match := REPLACED.match(statement):
        return f"{comments}CREATE OR REPLACE {match['kind']} {match['name']}{statement[match.end() :]}"
    if match := KEPT.match(statement):
        return f"{comments}CREATE {match['kind']} IF NOT EXISTS {match['name']}{statement[match.end() :]}"
    if CAUGHT.match(statement):
        return f"{comments}{_unless_there(statement)}"
    raise MadpyError(
        f"{where} has a statement that an upgrade cannot repeat: {statement[:60]!r}",
        sqlstate="0A000",
        hint="Write it so that it can be run twice, in a DO block for instance.",
    )


def _unless_there(statement: str) -> str:
    return (
        f"DO $unless_there$\nBEGIN\n    {statement}\n"
        "EXCEPTION WHEN duplicate_object OR duplicate_function THEN NULL;\nEND\n$unless_there$;"
    )
