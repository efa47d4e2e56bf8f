"""Output tables with rows that were computed in Python, for each group of a scan."""

from collections.abc import Iterable, Sequence
from typing import Any

from madpy.ports.postgres.db import Database, Relation, fill, literal
from madpy.ports.postgres.scan import GROUP, Scan

AT_ONCE = 5000  # rows in one statement


def create_output(
    db: Database,
    scan: Scan,
    output: Relation,
    columns: Sequence[tuple[str, str]],
    rows: Iterable[tuple[int, Sequence[Any]]],
) -> None:
    """Create `output`: the grouping columns of the scan, then `columns`, pairs of a name and an SQL type.

    `rows` are pairs of a group's number and the values of the columns, plain Python, None for NULL.
    """
    waiting = list(rows)
    names = "".join(fill(", {name:i}", {"name": name}) for name, _ in columns)
    create = True
    while waiting or create:
        part, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        values = (
            ", ".join(
                f"({number}"
                + "".join(
                    f", {literal(value)}::{sql_type}"
                    for value, (_, sql_type) in zip(row, columns, strict=True)
                )
                + ")"
                for number, row in part
            )
            or "(NULL::integer" + "".join(f", NULL::{sql_type}" for _, sql_type in columns) + ")"
        )
        db.execute(
            """
            {verb:q} SELECT {groups:q} {columns:q}
            FROM ({relation:q}) AS g JOIN (VALUES {values:q}) AS v({group:i}{names:q}) USING ({group:i})
            """,
            verb=fill("CREATE TABLE {o:i} AS" if create else "INSERT INTO {o:i}", {"o": output}),
            groups="".join(fill("g.{c:i}, ", {"c": column}) for column in scan.rows.groups),
            columns=", ".join(fill("v.{name:i}", {"name": name}) for name, _ in columns),
            relation=scan.group_relation(),
            values=values,
            group=GROUP,
            names=names,
        )
        create = False
