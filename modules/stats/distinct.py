"""fmsketch_dcount of a table by name: on several servers part by part, where an aggregate fetches rows."""

from madpy.helper import helper
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill


def fmsketch_dcount(db: Database, source_table: str | None, expression: str | None) -> int:
    """Estimate how many distinct values an expression has; NULL does not count."""
    source = helper.check_source(db, source_table)
    checked = helper.check_expression(source, expression, "expression", "any", may_be_vector=True)
    holes = {"schema": db.schema, "item": checked.items[0]}
    count: int
    if source.shards.is_citus:  # Citus sends no aggregate of anyelement
        count = db.value(
            "SELECT {schema:i}.__fmsketch_row(ROW({item:q}), 0) FROM {source:i}", **holes, source=source
        )
        return count
    states = source.part_by_part(
        lambda part: fill(
            "SELECT {schema:i}.fmsketch_dcount_state({item:q}) AS state FROM {part:q}",
            {**holes, "part": part.sql},
        ),
    )
    count = db.value("SELECT {schema:i}.fmsketch_dcount_merge(p.state) FROM ({states:q}) AS p", states=states)
    return count
