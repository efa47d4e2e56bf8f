"""The distribution of a feature in a relation, as a snapshot has it: levels or quantiles, and NULLs."""

from collections.abc import Mapping
from typing import Any

from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import identifier
from madpy.ports.postgres.session.types import TIMES, text_item

MOST_LEVELS = 200


def analysed(source: Source, like: Mapping[str, Any]) -> dict[str, Any]:
    """Return the analysis of a column of a relation, of the kind of another analysis."""
    name = like["name"]
    if like["kind"] == "category":
        counts = levels_of(source, name)
        nulls = counts.pop(None, 0)
        first = dict(list(counts.items())[:MOST_LEVELS])
        total = sum(counts.values())
        rest = total - sum(first.values())
        return {
            "name": name,
            "kind": "category",
            "count": total,
            "nulls": nulls,
            "levels": first,
            "rest": rest,
        }
    row = source.db.execute(
        """
        SELECT count(*) AS rows, count(x) AS there,
               pg_catalog.percentile_disc({shares:l}) WITHIN GROUP (ORDER BY x) AS quantiles
        FROM (SELECT {item:q} AS x FROM {source:i}) AS one
        """,
        shares=[n / 100 for n in range(101)],
        item=number_of(source, name),
        source=source,
    )[0]
    there = int(row["there"])
    quantiles = row["quantiles"] if there else None
    return {
        "name": name,
        "kind": "number",
        "count": there,
        "nulls": row["rows"] - there,
        "quantiles": quantiles,
    }


def levels_of(source: Source, feature: str) -> dict[str | None, int]:
    """Return the rows of each level, of the commonest ones where there are many, the commonest first."""
    column, item = column_of(source, feature)
    rows = source.db.execute(
        "SELECT {item:q} AS level, count(*) AS rows FROM {source:i} GROUP BY 1 ORDER BY 2 DESC LIMIT 10000",
        item=text_item(item, source.columns[column].base),
        source=source,
    )
    return {row["level"]: int(row["rows"]) for row in rows}


def share_of_nulls(source: Source, item: str) -> float:
    row = source.db.execute(
        "SELECT count(*) AS rows, count({item:q}) AS there FROM {source:i}", item=item, source=source
    )[0]
    return 1 - row["there"] / row["rows"] if row["rows"] else 0.0


def column_of(source: Source, feature: str) -> tuple[str, str]:
    """Return the column of a feature and SQL of its value: image[3] is an element of the array image."""
    if feature in source.columns or not feature.endswith("]"):
        return feature, identifier(feature)
    column, _, place = feature.removesuffix("]").rpartition("[")
    return column, f"{identifier(column)}[{int(place)}]"


def number_of(source: Source, feature: str) -> str:
    """Return SQL of a number as models see it: times are seconds since 1970, false and true 0 and 1."""
    column, item = column_of(source, feature)
    base = source.columns[column].base
    if base in TIMES:
        return f"pg_catalog.date_part('epoch', {item})"
    return f"({item})::integer::double precision" if base == "boolean" else f"({item})::double precision"
