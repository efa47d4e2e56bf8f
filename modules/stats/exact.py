"""get_estimates => false: exact distinct values, frequent values and quantiles, a column at a time."""

from madpy.helper.features.design import category_item
from madpy.modules.stats.columns import Column, Wanted
from madpy.ports.postgres.scan.scan import join_groups
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name
from madpy.ports.postgres.session.types import PLAIN, TIMES, text_item
from madpy.ports.postgres.shards.layout import Part


def count_exactly(
    source: Source, output: Relation, column: Column, groups: list[str], wanted: Wanted
) -> None:
    """Write the exact figures of a column into its rows of `output`."""
    own = _own(groups)
    figures = _counted(source, column, groups, wanted)
    joined = join_groups(f"({figures}) AS f", groups, "r", "f")
    assignments = []
    if wanted.distinct:
        assignments += [fill("distinct_values = f.{distinct:i}", own), "distinct_error = 0"]
    if wanted.how_many:
        assignments += [
            fill("most_frequent_values = f.{values:i}", own),
            fill("mfv_frequencies = f.{counts:i}", own),
            "mfv_error = 0",
        ]
    if assignments:
        _update(source.db, output, column, joined, assignments)
    if wanted.fractions and (column.kind == "number" or column.sql_type in TIMES):
        figures = _quantiles(source, column, groups, wanted)
        joined = join_groups(f"({figures}) AS f", groups, "r", "f")
        names = ("first_quartile", "median", "third_quartile") if wanted.quartiles else ()
        quantiles = fill("f.{quantiles:i}", own)
        assignments = [f"{name} = {quantiles}[{n}]" for n, name in enumerate(names, 1)]
        if len(wanted.fractions) > len(names):
            assignments.append(f"quantile_array = {quantiles}[{len(names) + 1}:]")
        _update(source.db, output, column, joined, [*assignments, "quantile_error = 0"])


def _counted(source: Source, column: Column, groups: list[str], wanted: Wanted) -> str:
    """Return SQL of each group's number of distinct values, and of the most frequent ones with counts."""
    value = column.item if column.sql_type in PLAIN else text_item(column.item, column.sql_type)
    value = category_item(value, column.sql_type)
    return fill(
        """
        SELECT {groups:i,} pg_catalog.count(*) FILTER (WHERE {value:i} IS NOT NULL) AS {distinct:i},
               (pg_catalog.array_agg({value:i}::text ORDER BY {count:i} DESC, {value:i})
                    FILTER (WHERE {value:i} IS NOT NULL))[:{most:l}] AS {values:i},
               (pg_catalog.array_agg({count:i} ORDER BY {count:i} DESC, {value:i})
                    FILTER (WHERE {value:i} IS NOT NULL))[:{most:l}] AS {counts:i}
        FROM ({counted:q}) AS c {group:q}
        """,
        {
            **_own(groups),
            "groups": groups,
            "most": wanted.how_many,
            "counted": _counts(source, value, groups),
            "group": _group_by(groups),
        },
    )


def _counts(source: Source, item: str, groups: list[str]) -> str:
    """Return SQL of the count of each distinct value in each group."""
    own = _own(groups)
    names = [*groups, own["value"]]

    def of_part(part: Part) -> str:
        return fill(
            """
            SELECT {groups:i,} {item:q} AS {value:i}, pg_catalog.count(*) AS {count:i}
            FROM {part:q} GROUP BY {groups:i,} {item:q}
            """,
            {**own, "groups": groups, "item": item, "part": part.sql},
        )

    counts = source.joinable(source.part_by_part(of_part))
    if not source.shards.parts:
        return counts
    return fill(
        """
        SELECT {names:i,} pg_catalog.sum({count:i})::bigint AS {count:i} FROM ({parts:q}) AS p {group:q}
        """,
        {**own, "names": names, "parts": counts, "group": _group_by(names)},
    )


def _quantiles(source: Source, column: Column, groups: list[str], wanted: Wanted) -> str:
    """Return SQL of each group's quantiles; those of times are seconds since 1970."""
    is_time = column.sql_type in TIMES
    shards = source.shards
    sharded = shards.is_spread or shards.is_citus
    item = fill("{value:i}", _own(groups)) if sharded else column.item
    number = fill("({n:q})::double precision", {"n": f"EXTRACT(epoch FROM {item})" if is_time else item})
    if sharded:
        return _quantiles_of_counts(number, _counts(source, column.item, groups), groups, wanted)
    return fill(
        """
        SELECT {groups:i,} pg_catalog.percentile_cont({fractions:l}::double precision[])
                   WITHIN GROUP (ORDER BY {number:q}) AS {quantiles:i}
        FROM {source:i} {group:q}
        """,
        {
            **_own(groups),
            "groups": groups,
            "fractions": wanted.fractions,
            "number": number,
            "source": source,
            "group": _group_by(groups),
        },
    )


def _quantiles_of_counts(number: str, counts: str, groups: list[str], wanted: Wanted) -> str:
    """Return SQL of the quantiles, those of percentile_cont too, from values and their counts.

    `last` is the position, from 0, of a value's last copy among all `n` sorted values.
    """
    own = _own(groups)
    quantile = """
        CASE WHEN pg_catalog.bool_and(pg_catalog.ceil({rank:q}) OPERATOR(pg_catalog.=) {rank:q}) THEN {low:q}
             ELSE {low:q} + pg_catalog.max({rank:q} - pg_catalog.floor({rank:q})) * ({high:q} - {low:q}) END
        """
    first = (
        "pg_catalog.min({x:i}) FILTER (WHERE {last:i} OPERATOR(pg_catalog.>=) pg_catalog.{end:q}({rank:q}))"
    )
    quantiles = []
    for fraction in wanted.fractions:
        rank = fill("({f:l} * ({n:i} - 1))", {**own, "f": float(fraction)})
        low, high = (fill(first, {**own, "end": end, "rank": rank}) for end in ("floor", "ceil"))
        quantiles.append(fill(quantile, {"rank": rank, "low": low, "high": high}))
    return fill(
        """
        SELECT {groups:i,} CASE WHEN pg_catalog.bool_or({x:i} IS NOT NULL) THEN ARRAY[{items:q}] END
                   AS {quantiles:i}
        FROM (SELECT {groups:i,} {x:i},
                     (pg_catalog.sum({count:i}) OVER (w ORDER BY {x:i}))::double precision - 1 AS {last:i},
                     (pg_catalog.sum({count:i}) FILTER (WHERE {x:i} IS NOT NULL) OVER w)::double precision
                         AS {n:i}
              FROM (SELECT {groups:i,} {number:q} AS {x:i}, {count:i} FROM ({counted:q}) AS c) AS v
              WINDOW w AS ({partition:q})) AS o
        {group:q}
        """,
        {
            **own,
            "groups": groups,
            "items": ", ".join(quantiles),
            "number": number,
            "counted": counts,
            "partition": _group_by(groups).replace("GROUP", "PARTITION", 1),
            "group": _group_by(groups),
        },
    )


def _own(groups: list[str]) -> dict[str, str]:
    """Return names for computed columns that no grouping column has."""
    names = ("distinct", "value", "values", "count", "counts", "quantiles", "x", "last", "n")
    return {name: free_name(name, groups) for name in names}


def _group_by(groups: list[str]) -> str:
    names = ", ".join(fill("{g:i}", {"g": group}) for group in groups)
    return f"GROUP BY {names}" if names else ""


def _update(db: Database, output: Relation, column: Column, joined: str, assignments: list[str]) -> None:
    db.execute(
        """
        UPDATE {output:i} AS o SET {assignments:q}
        FROM {output:i} AS r {joined:q}
        WHERE o.ctid = r.ctid AND r.target_column = {name:l}
        """,
        output=output,
        assignments=", ".join(assignments),
        joined=joined,
        name=column.name,
    )
