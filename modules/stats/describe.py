"""summary: figures of each column of a table, from one pass of the aggregate column_summary_state."""

from typing import Any

from madpy.helper import helper
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.stats.columns import Column, Wanted, check_columns, check_wanted
from madpy.modules.stats.exact import count_exactly
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name
from madpy.ports.postgres.shards.layout import Part

QUARTILES = ("first_quartile", "median", "third_quartile")
OWN_COLUMNS = (
    *("group_by", "group_by_value", "target_column", "column_number", "data_type"),
    *("row_count", "distinct_values", "missing_values", "blank_values", "fraction_missing", "fraction_blank"),
    *("positive_values", "negative_values", "zero_values", "mean", "variance", "confidence_interval"),
    *("min", "max", *QUARTILES, "quantile_array", "most_frequent_values", "mfv_frequencies"),
    *("stddev", "earliest", "latest", "distinct_error", "quantile_error", "mfv_error"),
)


class Result(Training, kw_only=True):
    """Field for field the SQL type summary_result."""

    num_col_summarized: int


def summary(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target_cols: str | None,
    grouping_cols: str | None,
    get_distinct: bool | None,
    get_quartiles: bool | None,
    ntile_array: list[float] | None,
    how_many_mfv: int | None,
    get_estimates: bool | None,
    verbose: bool | None,
) -> Result:
    """Create `output_table` with a row per column (and group), and its summary."""
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target_cols, grouping_cols)
    groups = helper.check_groups(source, grouping_cols, OWN_COLUMNS)
    columns = check_columns(source, target_cols, groups)
    wanted = check_wanted(get_distinct, get_quartiles, ntile_array, how_many_mfv)
    estimates = get_estimates is not False

    log = db.logger("summary", verbose)
    log(f"{', '.join(column.name for column in columns)}, from {tables.names['source_table']}")
    db.progress(f"summary: reading {len(columns)} columns")
    _create_output(source, tables.output, columns, groups, wanted, wanted.parts if estimates else 0)
    if not estimates:
        for number, column in enumerate(columns, 1):
            log(f"counting {column.name}")
            db.progress(f"summary: counting column {number} of {len(columns)}")
            count_exactly(source, tables.output, column, groups, wanted)
    totals = db.execute(
        """
        SELECT pg_catalog.count(*) / {columns:l} AS num_groups,
               coalesce(pg_catalog.sum(row_count), 0)::bigint / {columns:l} AS num_rows FROM {output:i}
        """,
        columns=len(columns),
        output=tables.output,
    )[0]
    log(f"{totals['num_groups']} group(s), {totals['num_rows']} rows")
    return create_summary(
        db,
        tables.summary,
        Result(
            method="summary",
            **tables.fields(),
            target=None,
            features=target_cols,
            feature_names=[column.name for column in columns],
            grouping_cols=grouping_cols,
            options={
                "get_distinct": wanted.distinct,
                "get_quartiles": wanted.quartiles,
                "ntile_array": ntile_array,
                "how_many_mfv": wanted.how_many,
                "get_estimates": estimates,
            },
            num_groups=totals["num_groups"],
            num_rows_processed=totals["num_rows"],
            num_missing_rows_skipped=0,
            num_col_summarized=len(columns),
        ),
    )


def _create_output(
    source: Source,
    output: Relation,
    columns: list[Column],
    groups: list[str],
    wanted: Wanted,
    parts: int,
) -> None:
    """Create the table by one pass.  A subquery renames columns, as a grouping column may have any name."""
    source.db.execute(
        """
        CREATE TABLE {output:i} USING heap AS
        SELECT {g_groups:q} {group_by:l}::text AS group_by, {group_value:q} AS group_by_value,
               v.name AS target_column, v.number AS column_number, v.type AS data_type, {figures:q}
        FROM ({states:q}) AS g
             CROSS JOIN LATERAL (
                 SELECT name, number, type, {schema:i}.column_summary_of(
                            state, {fractions:l}::double precision[], {how_many:l}) AS found
                 FROM (VALUES {values:q}) AS v(name, number, type, state) OFFSET 0) AS v
        """,
        output=output,
        g_groups="".join(fill("g.{g:i}, ", {"g": group}) for group in groups),
        group_by=", ".join(groups) or None,
        group_value=_group_value(source.texts(groups, "g")),
        figures=_figures(wanted),
        states=_states(source, columns, groups, parts),
        fractions=wanted.fractions,
        how_many=wanted.how_many,
        values=", ".join(_value(n, column) for n, column in enumerate(columns, 1)),
    )


def _states(source: Source, columns: list[Column], groups: list[str], parts: int) -> str:
    """Return SQL of a relation: the grouping columns, and the state of each column."""
    columns_here = ", ".join(f'{column.item} AS "summary column {n}"' for n, column in enumerate(columns, 1))
    keys = "".join(fill("c.{g:i}, ", {"g": group}) for group in groups)
    holes = {
        "schema": source.db.schema,
        "parts": parts,
        "keys": keys,
        "group": f"GROUP BY {keys.rstrip(', ')}" if keys else "",
    }

    def aggregated(call: str, relation: str) -> str:
        calls = (
            fill(call + ' AS "summary state {n:q}"', {**holes, "n": n}) for n in range(1, len(columns) + 1)
        )
        return fill(
            "SELECT {keys:q} {calls:q} FROM ({relation:q}) AS c {group:q}",
            {**holes, "calls": ", ".join(calls), "relation": relation},
        )

    def of_part(part: Part) -> str:
        rows = fill(
            "SELECT {groups:i,} {items:q} FROM {part:q}",
            {"groups": groups, "items": columns_here, "part": part.sql},
        )
        if shards.is_citus:
            return _row_states(rows, columns, groups, holes)
        return aggregated('{schema:i}.column_summary_state(c."summary column {n:q}", {parts:l})', rows)

    shards = source.shards
    states = source.part_by_part(of_part)
    if not shards.parts:
        return states
    return aggregated('{schema:i}.column_summary_merge(c."summary state {n:q}")', states)


def _row_states(relation: str, columns: list[Column], groups: list[str], holes: dict[str, Any]) -> str:
    """Return SQL of all columns' states by one aggregate of a row: Citus sends no aggregate of anyelement."""
    numbers = range(1, len(columns) + 1)
    all_states = free_name("summary states", groups)
    each = '{schema:i}.__row_summary_column(c.{all:i}, {n:l}) AS "summary state {n:q}"'
    return fill(
        """
        SELECT {keys:q} {each:q}
        FROM (SELECT {keys:q} {schema:i}.__row_summary(ROW({columns:q}), {parts:l}) AS {all:i}
              FROM ({relation:q}) AS c {group:q}) AS c
        """,
        {
            **holes,
            "all": all_states,
            "each": ", ".join(fill(each, {**holes, "all": all_states, "n": n}) for n in numbers),
            "columns": ", ".join(f'c."summary column {n}"' for n in numbers),
            "relation": relation,
        },
    )


def _value(n: int, column: Column) -> str:
    """Return SQL of a row with the properties of the n-th column and its state, from relation g."""
    return fill(
        '({name:l}, {number:l}::integer, {type:l}, g."summary state {n:q}")',
        {"name": column.name, "number": column.number, "type": column.sql_type, "n": n},
    )


def _group_value(texts: list[str]) -> str:
    """Return SQL of one text made of the grouping columns."""
    if len(texts) < 2:
        return "".join(texts) or "NULL::text"
    return " || ', ' || ".join(f"coalesce({text}, 'NULL')" for text in texts)


def _figures(wanted: Wanted) -> str:
    """Return SQL of the output's columns from row_count on, from v.found; counts of an empty table are 0."""
    figures = {name: f"(v.found).{name}" for name in OWN_COLUMNS[5:]}
    for n, name in enumerate(QUARTILES, 1):
        figures[name] = f"(v.found).quantile_array[{n}]" if wanted.quartiles else "NULL::double precision"
    first = 1 + len(QUARTILES) * wanted.quartiles
    more = len(wanted.fractions) >= first
    figures["quantile_array"] = f"(v.found).quantile_array[{first}:]" if more else "NULL::double precision[]"
    counts = [
        "row_count",
        "missing_values",
        *(["distinct_values", "distinct_error"] if wanted.distinct else []),
    ]
    for name in counts:
        figures[name] = f"coalesce({figures[name]}, 0)"
    return ", ".join(f"{sql} AS {name}" for name, sql in figures.items())
