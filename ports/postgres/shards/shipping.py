"""A check of a statement's plan: other servers should compute its aggregates, not send their rows."""

import json
import re
from collections.abc import Iterator
from typing import Any

from madpy.ports.postgres.session.db import Database

GROUPING = ("enable_hashagg", "enable_sort")  # settings of the planner


def check_shipped(db: Database, text: str) -> None:
    """Warn of a plan that fetches rows, as postgres_fdw does not send some expression to the server.

    The planner may also fetch rows because it expects few of them, or as many groups as rows: if it helps to
    make grouping here expensive, these settings stay for the rest of the run.
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
            f"rows of {tables} are fetched from their servers: postgres_fdw does not send some expression"
            " (coalesce, a cast to text, a function of yours: use CASE, or a column there), or a column is of"
            " an enum or another type that was created, or there are as many groups as rows"
        )


def _fetched(db: Database, text: str) -> str:
    """Return the names of the tables whose rows a statement would fetch."""
    plan = db.value("EXPLAIN (VERBOSE, FORMAT JSON) {text:q}", text=text)
    tree = json.loads(plan) if isinstance(plan, str) else plan
    nodes = _nodes(tree[0]["Plan"])
    return ", ".join(sorted({f'"{node["Relation Name"]}"' for node in nodes if _fetches_rows(node)}))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _fetches_rows(node: dict[str, Any]) -> bool:
    """Tell whether a node of a plan fetches all rows of a table, not just one or two of them."""
    if node["Node Type"] != "Foreign Scan" or "Relations" in node:
        return False
    return "Remote SQL" in node and not re.search(r" LIMIT [12]::bigint$", node["Remote SQL"])
