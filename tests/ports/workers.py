"""Settings for workers, and whether they took part."""

import re

from tests.session import Session

COUNTS = (0, 1, 2, 7)  # of workers
FEW_ROWS = "SET min_parallel_table_scan_size = 0"  # else a small table has no workers
DONE = re.compile(r"workers (?:did|read) (\d+) of \d+ (?:tasks|ranges)")


def with_workers(sql: Session, count: int) -> None:
    sql(f"{FEW_ROWS}; SET max_parallel_workers_per_gather = {count}")


def done_by_workers(sql: Session) -> int:
    """The tasks, or ranges of a table, that workers did in the last statement, which ran with client_min_messages = debug1."""
    found = [DONE.fullmatch(notice.message) for notice in sql.notices]
    return sum(int(match[1]) for match in found if match)
