"""A table in parts on several servers gives what it gives in one piece, and only states travel."""

import math
import re
from typing import Any

import pytest

from tests.methods import Method
from tests.session import Session
from tests.shards.methods import METHODS

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())


@every_method
def test_the_answer_is_that_of_one_table(sharded: Session, method: Method) -> None:
    sharded(method.run("flat", "one"))
    warnings = sharded.warnings
    sharded(method.run("rows", "parts"))
    assert sharded.warnings == warnings
    found, wanted = sharded(method.answers("parts")), sharded(method.answers("one"))
    assert len(wanted) > 0
    assert alike(found, wanted), f"{found}\n{wanted}"


@every_method
def test_states_travel_and_no_rows(explained: Session, method: Method) -> None:
    explained(method.run("rows", "parts"))
    if not method.kernels:  # rows come themselves, to a store or to the worker
        return
    run = plans(explained)
    merged = [plan for plan in run if "Foreign Scan" in plan and "_merge" in plan]
    for kernel in method.kernels:
        assert any(f"{kernel}_merge" in plan for plan in merged), kernel
    assert len(merged) >= method.passes
    for plan in run:
        for scan in foreign_scans(plan):
            assert "Relations: Aggregate on" in scan or stops_early(scan), plan
    for plan in merged:
        scans = foreign_scans(plan)
        assert len(scans) >= 4
        assert all(scan.startswith("Async Foreign Scan") for scan in scans), plan
        assert all(re.search(r"Remote SQL: .*madlib\.\w+_(state|columns)\(", scan) for scan in scans), plan


def plans(sql: Session) -> list[str]:
    """Return the plans of statements that ran, without a driver's own EXPLAIN, which locks its source."""
    shown = [notice.message for notice in sql.notices if notice.message.startswith("duration:")]
    return [plan for plan in shown if "Query Text: EXPLAIN SELECT FROM " not in plan]


def alike(found: Any, wanted: Any) -> bool:
    """Say whether two results are equal, numbers to 1e-9 of their size."""
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(alike, found, wanted))
    if isinstance(wanted, float) and isinstance(found, float):
        both_nan = math.isnan(found) and math.isnan(wanted)
        return both_nan or math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12)
    return bool(found == wanted)


def foreign_scans(plan: str) -> list[str]:
    """The text of each node of a plan that asks another server."""
    nodes = re.split(r"\n *->  |\n\t*(?=Foreign Scan)", plan)
    return [node for node in nodes if re.match(r"(Async )?Foreign Scan", node)]


def stops_early(scan: str) -> bool:
    """A look at a row or two, as at a server's version."""
    return re.search(r"Remote SQL: .* LIMIT [12]::bigint$", scan, re.MULTILINE) is not None
