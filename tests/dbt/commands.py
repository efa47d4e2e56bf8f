"""Runs commands of dbt in one process of dbt's environment, for conftest.py.

Requests and answers are lines of JSON.  A process for each command would take two seconds, most of them for
imports.
"""

import json
import os
import sys
from typing import Any

from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg


def main() -> None:
    """Answer each request until the input ends.  What dbt prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Run a command in the folder of a project; return what became of each node, and the lines of the log."""
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    lines: list[str] = []

    def keep(event: EventMsg) -> None:
        if event.info.level in ("info", "warn", "error"):
            lines.append(event.info.msg)

    result = dbtRunner(callbacks=[keep]).invoke(["--no-use-colors", *request["arguments"]])
    reset_adapters()
    nodes = getattr(result.result, "results", None) or []
    return {
        "success": result.success,
        "error": str(result.exception) if result.exception else None,
        "listed": result.result if isinstance(result.result, list) else [],
        "nodes": {
            node.node.unique_id: {"status": str(node.status), "message": node.message or ""}
            for node in nodes
            if hasattr(node, "status")
        },
        "log": "\n".join(lines),
    }


if __name__ == "__main__":
    main()
