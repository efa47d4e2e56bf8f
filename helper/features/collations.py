"""Categories distinguish texts that differ in bytes, also if the collation of a column calls them equal."""

from collections.abc import Sequence

from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill
from madpy.ports.postgres.session.types import ONE_COLLATION

COLLATED = {"text", "character varying", "character"}


def with_exact_collations(source: Source, items: Sequence[str], types: Sequence[str]) -> list[str]:
    """Return expressions with a deterministic collation in place of one that is not.

    It is that of the database.  Over several servers it is "C": postgres_fdw does not send the database's
    collation, and the other server would use that of the column.
    """
    texts = [n for n, sql_type in enumerate(types) if sql_type in COLLATED]
    if not texts:
        return list(items)
    loose = {
        row["oid"]
        for row in source.db.execute(
            "SELECT oid::bigint AS oid FROM pg_catalog.pg_collation WHERE NOT collisdeterministic"
        )
    }
    if not loose:
        return list(items)
    rows = source.db.execute(
        """
        SELECT pg_catalog.unnest(ARRAY[{collations:q}]::regcollation[])::oid::bigint AS collation
        FROM (SELECT) AS one LEFT JOIN (SELECT {items:q} FROM {part:q} LIMIT 0) AS s ON true
        """,
        collations=", ".join(f'pg_catalog.pg_collation_for(s."item {n}")' for n in texts),
        items=", ".join(f'{items[n]} AS "item {n}"' for n in texts),
        part=source.one_part,
    )
    changed = {n for n, row in zip(texts, rows, strict=True) if row["collation"] in loose}
    own = 'COLLATE pg_catalog."C"' if source.shards.parts else ONE_COLLATION
    return [
        fill("({item:q} {own:q})", {"item": item, "own": own}) if n in changed else item
        for n, item in enumerate(items)
    ]
