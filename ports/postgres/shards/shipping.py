"""Whether a statement is sent to the servers whole: looked up in its plan."""

import json
import re
from collections.abc import Iterator
from typing import Any

from madpy.ports.postgres.session.db import Database

GROUPING = ("enable_hashagg", "enable_sort")  # settings of the planner


def check_shipped(db: Database, text: str) -> None:
    """Warn where a plan fetches rows: what the other server is not trusted to compute.

    The planner may think it cheaper too, where it expects few rows, or as many groups as rows: it is told not
    to group here, for the rest of the run, if that helps.
    """
    tables = _fetched(db, text)
    if tables and not db.facts.get("grouped there"):
        before = {name: db.value("SELECT pg_catalog.current_setting({n:l})", n=name) for name in GROUPING}
        for name in GROUPING:
            db.set(name, "off")
        tables = _fetched(db, text)
        db.facts["grouped there"] = not tables
        for name, value in before.items() if tables else ():
            db.set(name, value)
    if tables and tables not in db.facts.setdefault("fetched", set()):
        db.facts["fetched"].add(tables)
        db.warning(
            f"rows of {tables} are fetched from their servers, for what postgres_fdw does not send there, as"
            " coalesce, a cast to text or a function of yours (use CASE, or a column there), or a column of"
            " an enum or another type that was created, or as there are as many groups as rows"
        )


def _fetched(db: Database, text: str) -> str:
    """Names of the tables whose rows a statement would fetch."""
    plan = db.value("EXPLAIN (VERBOSE, FORMAT JSON) {text:q}", text=text)
    tree = json.loads(plan) if isinstance(plan, str) else plan
    nodes = _nodes(tree[0]["Plan"])
    return ", ".join(sorted({f'"{node["Relation Name"]}"' for node in nodes if _fetches_rows(node)}))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _fetches_rows(node: dict[str, Any]) -> bool:
    """All of a table's; a row or two are not worth a word."""
    if node["Node Type"] != "Foreign Scan" or "Relations" in node:
        return False
    return "Remote SQL" in node and not re.search(r" LIMIT [12]::bigint$", node["Remote SQL"])
