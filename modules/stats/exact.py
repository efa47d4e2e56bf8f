"""get_estimates => false: distinct values, frequent values and quantiles counted, a column at a time."""

from madpy.helper.features import category_item
from madpy.modules.stats.columns import Column, Wanted
from madpy.ports.postgres.db import Database, Relation, fill
from madpy.ports.postgres.scan import join_groups
from madpy.ports.postgres.types import PLAIN, TIMES, text_item


def count_exactly(
    db: Database, source: Relation, output: Relation, column: Column, groups: list[str], wanted: Wanted
) -> None:
    """Write what was counted into the rows of `output` that are this column's."""
    figures = _counted(source, column, groups, wanted)
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
        figures = _quantiles(source, column, groups, wanted)
        joined = join_groups(f"({figures}) AS f", groups, "r", "f")
        names = ("first_quartile", "median", "third_quartile") if wanted.quartiles else ()
        assignments = [f'{name} = f."quantiles"[{n}]' for n, name in enumerate(names, 1)]
        if len(wanted.fractions) > len(names):
            assignments.append(f'quantile_array = f."quantiles"[{len(names) + 1}:]')
        _update(db, output, column, joined, [*assignments, "quantile_error = 0"])


def _counted(source: Relation, column: Column, groups: list[str], wanted: Wanted) -> str:
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
        FROM (SELECT {groups:i,} {value:q} AS "the value", pg_catalog.count(*) AS "the count"
              FROM {source:i} WHERE {value:q} IS NOT NULL GROUP BY {groups:i,} {value:q}) AS c
        {group:q}
        """,
        {
            "groups": groups,
            "value": value,
            "most": wanted.how_many,
            "source": source,
            "group": _group_by(groups),
        },
    )


def _quantiles(source: Relation, column: Column, groups: list[str], wanted: Wanted) -> str:
    """SQL: per group the quantiles; of times as seconds since 1970."""
    is_time = column.sql_type in TIMES
    number = f"EXTRACT(epoch FROM {column.item})" if is_time else column.item
    return fill(
        """
        SELECT {groups:i,} pg_catalog.percentile_cont({fractions:l}::double precision[])
                   WITHIN GROUP (ORDER BY ({number:q})::double precision) AS "quantiles"
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
