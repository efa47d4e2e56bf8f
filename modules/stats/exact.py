"""get_estimates => false: distinct values, frequent values and quantiles counted, a column at a time."""

from madpy.helper.features import category_item
from madpy.modules.stats.columns import Column, Wanted
from madpy.ports.postgres.db import Database, Relation, fill
from madpy.ports.postgres.parts import Part
from madpy.ports.postgres.scan import join_groups
from madpy.ports.postgres.shards import part_by_part, shards_of
from madpy.ports.postgres.types import PLAIN, TIMES, text_item


def count_exactly(
    db: Database, source: Relation, output: Relation, column: Column, groups: list[str], wanted: Wanted
) -> None:
    """Write what was counted into the rows of `output` that are this column's."""
    figures = _counted(db, source, column, groups, wanted)
    joined = join_groups(f"({figures}) AS f", groups, "r", "f")
    assignments = []
    if wanted.distinct:
        assignments += ['distinct_values = f."how many"', "distinct_error = 0"]
    if wanted.how_many:
        assignments += [
            'most_frequent_values = f."the values"',
            'mfv_frequencies = f."the counts"',
            "mfv_error = 0",
        ]
    if assignments:
        _update(db, output, column, joined, assignments)
    if wanted.fractions and (column.kind == "number" or column.sql_type in TIMES):
        figures = _quantiles(db, source, column, groups, wanted)
        joined = join_groups(f"({figures}) AS f", groups, "r", "f")
        names = ("first_quartile", "median", "third_quartile") if wanted.quartiles else ()
        assignments = [f'{name} = f."quantiles"[{n}]' for n, name in enumerate(names, 1)]
        if len(wanted.fractions) > len(names):
            assignments.append(f'quantile_array = f."quantiles"[{len(names) + 1}:]')
        _update(db, output, column, joined, [*assignments, "quantile_error = 0"])


def _counted(db: Database, source: Relation, column: Column, groups: list[str], wanted: Wanted) -> str:
    """SQL: per group how many distinct values, and the most frequent ones with their counts."""
    value = column.item if column.sql_type in PLAIN else text_item(column.item, column.sql_type)
    value = category_item(value, column.sql_type)
    return fill(
        """
        SELECT {groups:i,} pg_catalog.count(*) AS "how many",
               (pg_catalog.array_agg("the value"::text ORDER BY "the count" DESC, "the value"))[:{most:l}]
                   AS "the values",
               (pg_catalog.array_agg("the count" ORDER BY "the count" DESC, "the value"))[:{most:l}]
                   AS "the counts"
        FROM ({counts:q}) AS c WHERE "the value" IS NOT NULL {group:q}
        """,
        {
            "groups": groups,
            "most": wanted.how_many,
            "counts": _counts(db, source, value, groups),
            "group": _group_by(groups),
        },
    )


def _counts(db: Database, source: Relation, value: str, groups: list[str]) -> str:
    """SQL: per group and distinct value its count."""
    names = [*groups, "the value"]

    def of_part(part: Part) -> str:
        return fill(
            """
            SELECT {groups:i,} {value:q} AS "the value", pg_catalog.count(*) AS "the count"
            FROM {part:q} GROUP BY {groups:i,} {value:q}
            """,
            {"groups": groups, "value": value, "part": part.sql},
        )

    counts = part_by_part(db, source, of_part)
    if not shards_of(db, source).parts:
        return counts
    return fill(
        """
        SELECT {names:i,} pg_catalog.sum("the count")::bigint AS "the count" FROM ({counts:q}) AS p {group:q}
        """,
        {"names": names, "counts": counts, "group": _group_by(names)},
    )


def _quantiles(db: Database, source: Relation, column: Column, groups: list[str], wanted: Wanted) -> str:
    """SQL: per group the quantiles; of times as seconds since 1970."""
    is_time = column.sql_type in TIMES
    sharded = bool(shards_of(db, source).parts)
    item = '"the value"' if sharded else column.item
    number = fill("({n:q})::double precision", {"n": f"EXTRACT(epoch FROM {item})" if is_time else item})
    if sharded:
        return _quantiles_of_counts(number, _counts(db, source, column.item, groups), groups, wanted)
    return fill(
        """
        SELECT {groups:i,} pg_catalog.percentile_cont({fractions:l}::double precision[])
                   WITHIN GROUP (ORDER BY {number:q}) AS "quantiles"
        FROM {source:i} {group:q}
        """,
        {
            "groups": groups,
            "fractions": wanted.fractions,
            "number": number,
            "source": source,
            "group": _group_by(groups),
        },
    )


def _quantiles_of_counts(number: str, counts: str, groups: list[str], wanted: Wanted) -> str:
    """The same, and as percentile_cont has them, from values and their counts.

    `last` is the place, from 0, of a value's last copy in the order of all, `n` how many there are.
    """
    quantile = """
        CASE WHEN pg_catalog.bool_and(pg_catalog.ceil({rank:q}) OPERATOR(pg_catalog.=) {rank:q}) THEN {low:q}
             ELSE {low:q} + pg_catalog.max({rank:q} - pg_catalog.floor({rank:q})) * ({high:q} - {low:q}) END
        """
    first_from = "pg_catalog.min(x) FILTER (WHERE last OPERATOR(pg_catalog.>=) pg_catalog.{})"
    ranks = [fill("({f:l} * (n - 1))", {"f": float(fraction)}) for fraction in wanted.fractions]
    quantiles = [
        fill(
            quantile,
            {
                "rank": rank,
                "low": first_from.format(f"floor({rank})"),
                "high": first_from.format(f"ceil({rank})"),
            },
        )
        for rank in ranks
    ]
    return fill(
        """
        SELECT {groups:i,} CASE WHEN pg_catalog.bool_or(x IS NOT NULL) THEN ARRAY[{quantiles:q}] END
                   AS "quantiles"
        FROM (SELECT {groups:i,} x, (pg_catalog.sum(times) OVER (w ORDER BY x))::double precision - 1 AS last,
                     (pg_catalog.sum(times) FILTER (WHERE x IS NOT NULL) OVER w)::double precision AS n
              FROM (SELECT {groups:i,} {number:q} AS x, "the count" AS times FROM ({counts:q}) AS c) AS v
              WINDOW w AS ({partition:q})) AS o
        {group:q}
        """,
        {
            "groups": groups,
            "quantiles": ", ".join(quantiles),
            "number": number,
            "counts": counts,
            "partition": _group_by(groups).replace("GROUP", "PARTITION", 1),
            "group": _group_by(groups),
        },
    )


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
