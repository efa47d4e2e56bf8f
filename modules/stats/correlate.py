"""correlation and covariance: a pass of the kernel "column_moments", the matrix as a table, its summary."""

import re

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import all_null
from madpy.helper.features.design import number_item
from madpy.helper.tables.training import Training, check_tables, create_summary_from
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name
from madpy.records import replace

NAMED = 10  # variables in a warning
MAX_VARIABLES = 950  # 8 bytes each in a row of 8 kB, with space for its name and grouping columns
OWN_COLUMNS = ("column_position", "variable")  # columns of the output table
FUNCTIONS = {"correlation": "column_correlation", "covariance": "column_covariance"}


class Result(Training, kw_only=True):
    """Field for field the SQL type correlation_result; the arrays are NULL where there are several groups."""

    column_names: list[str]
    mean_vector: list[float] | None
    total_rows_processed: int
    matrix: list[float] | None


def correlation(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target_cols: str | None,
    verbose: bool | None,
    grouping_cols: str | None,
) -> Result:
    """Create `output_table` with Pearson's correlations, a row per column (and group), and its summary."""
    return _matrix(db, "correlation", source_table, output_table, target_cols, verbose, grouping_cols)


def covariance(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target_cols: str | None,
    verbose: bool | None,
    grouping_cols: str | None,
) -> Result:
    """Compute covariances of columns, over the number of rows less one; otherwise like `correlation`."""
    return _matrix(db, "covariance", source_table, output_table, target_cols, verbose, grouping_cols)


def _matrix(
    db: Database,
    method: str,
    source_table: str | None,
    output_table: str | None,
    target_cols: str | None,
    verbose: bool | None,
    grouping_cols: str | None,
) -> Result:
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target_cols, grouping_cols)
    groups = helper.check_groups(source, grouping_cols, OWN_COLUMNS, Result.__fields__)
    names, items = _check_variables(source, target_cols, groups)
    _check_names(db, names)
    helper.check_apart(groups, names)
    log = db.logger(method, verbose)
    log(f"{', '.join(names)}, from {tables.names['source_table']}")
    record = Result(
        method=method,
        **tables.fields(),
        target=None,
        features=target_cols,
        feature_names=names,
        grouping_cols=grouping_cols,
        options={},
        num_groups=1,
        num_rows_processed=0,
        num_missing_rows_skipped=0,
        column_names=names,
        mean_vector=None,
        total_rows_processed=0,
        matrix=None,
    )
    try:
        db.progress(f"{method}: reading rows")
        scan = Scan(Rows(source, None, items, groups=groups))
        record = _create_summary(db, scan, tables.summary, record)
        scan.close()
    except SqlError as error:
        raise _with_names(error, names) from None
    record = _totals(db, tables.summary, record)
    _check_rows(source, record, dict(zip(names, items, strict=True)))
    if method == "correlation":
        _warn_of_constants(db, tables.summary, record)
    _create_output(db, tables.summary, tables.output, names, groups)
    record = _finish(db, tables.summary, replace(record, **tables.fields()))
    log(f"{record.num_groups} group(s), {record.num_rows_processed} rows used")
    return record


def _check_variables(source: Source, text: str | None, groups: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of the variables, and SQL of each as double precision."""
    if text is None or text.strip() in ("", "*"):
        columns = source.columns
        text = ", ".join(fill("{c:i}", {"c": c}) for c in columns if c not in groups)
        expressions = helper.check_expressions(source, text, "target_cols", "any") if text else None
        numeric = [i for i, kind in enumerate(expressions.kinds) if kind == "number"] if expressions else []
        if not expressions or not numeric or expressions.is_vector:
            raise MadpyError(f"table {quoted(source.name)} has no column of numbers", sqlstate="42804")
        return [expressions.names[i] for i in numeric], [
            number_item(expressions.items[i], "number") for i in numeric
        ]
    expressions = helper.check_expressions(source, text, "target_cols", "number or boolean")
    if expressions.is_vector:
        name = expressions.names[0]
        message = f"target_cols: {quoted(name)} is an array, numbers are needed"
        raise MadpyError(message, sqlstate="42804", hint=f"name its elements: {name}[1], {name}[2]")
    items = [number_item(item, kind) for item, kind in zip(expressions.items, expressions.kinds, strict=True)]
    return expressions.names, items


def _check_names(db: Database, names: list[str]) -> None:
    """Check the variables' names and number: each becomes a column of the output table."""
    limit = db.session.longest_name
    if len(names) > MAX_VARIABLES:
        raise MadpyError(
            f"target_cols: {len(names)} variables are too many",
            sqlstate="54011",
            hint="take fewer, or the aggregate correlation_agg or covariance_agg, which returns an array",
            detail=f"a row of the output table has space for {MAX_VARIABLES}",
        )
    for name in names:
        if len(name.encode()) > limit:
            message = f"target_cols: {quoted(name)} is too long for the name of a column"
            raise MadpyError(
                message, sqlstate="42622", hint="name the expression in a view, and use the view"
            )
        if names.count(name) > 1:
            raise MadpyError(f"target_cols: {quoted(name)} is named twice", sqlstate="42701")
    for name in names:
        if name in OWN_COLUMNS:
            message = f'target_cols: "{name}" has the name of a column of the output table'
            raise MadpyError(message, sqlstate="42701", hint="rename it in a view, and use the view")


def _create_summary(db: Database, scan: Scan, side: Relation, record: Result) -> Result:
    """Create the summary table by one pass: all figures, a row per group."""
    own = {name: free_name(name, scan.rows.groups) for name in ("used", "skipped", "means", "entries")}
    figures = fill(
        """
        (SELECT {groups:i,} {schema:i}.__column_rows({state:i}, false) AS {used:i},
                {schema:i}.__column_rows({state:i}, true) AS {skipped:i},
                {schema:i}.column_means({state:i}) AS {means:i},
                {schema:i}.{function:i}({state:i}) AS {entries:i}
         FROM ({states:q}) AS s OFFSET 0) AS f
        """,
        {
            **own,
            "groups": scan.rows.groups,
            "schema": db.schema,
            "state": scan.state,
            "function": FUNCTIONS[record.method],
            "states": scan.states("column_moments"),
        },
    )
    return create_summary_from(
        db,
        side,
        record,
        figures,
        computed={
            "num_rows_processed": fill("coalesce({used:i}, 0)", own),
            "num_missing_rows_skipped": fill("coalesce({skipped:i}, 0)", own),
            "total_rows_processed": fill("coalesce({used:i}, 0)", own),
            "mean_vector": fill("{means:i}", own),
            "matrix": fill("{entries:i}", own),
        },
        groups=scan.rows.groups,
    )


def _totals(db: Database, side: Relation, record: Result) -> Result:
    """Return the record with figures over all groups."""
    total = db.execute(
        """
        SELECT pg_catalog.count(*) AS num_groups,
               coalesce(pg_catalog.sum(num_rows_processed), 0)::bigint AS num_rows_processed,
               coalesce(pg_catalog.sum(num_missing_rows_skipped), 0)::bigint AS num_missing_rows_skipped
        FROM {side:i}
        """,
        side=side,
    )[0]
    return replace(record, **total, total_rows_processed=total["num_rows_processed"])


def _check_rows(source: Source, record: Result, items: dict[str, str]) -> None:
    if record.num_rows_processed > 0:
        return
    if record.num_missing_rows_skipped == 0:
        raise MadpyError(f"table {quoted(source.name)} is empty", hint="give a table that has rows")
    _, known = source.counts(list(items.values()))
    empty = [quoted(name) for name, count in zip(items, known, strict=True) if count == 0]
    raise MadpyError(
        f"none of the {record.num_missing_rows_skipped} rows of table {quoted(source.name)} can be used",
        detail=all_null(empty) if empty else "each has a NULL somewhere",
        hint="leave the column out, or fill it with coalesce(): rows with a NULL are skipped",
    )


def _warn_of_constants(db: Database, side: Relation, record: Result) -> None:
    """Warn of constant variables, which have no correlations."""
    rows = db.execute(
        """
        SELECT n, pg_catalog.count(*) AS groups
        FROM ({matrices:q}) AS s, pg_catalog.generate_series(1, {count:l}) AS n
        WHERE matrix[n][n] = 'NaN' GROUP BY n ORDER BY n
        """,
        matrices=_matrices(side, []),
        count=len(record.column_names),
    )
    if not rows:
        return
    said = [
        record.column_names[row["n"] - 1]
        + (f" (in {row['groups']} of {record.num_groups} groups)" if record.num_groups > 1 else "")
        for row in rows[:NAMED]
    ]
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    db.warning(f"constant, and so without correlations: {', '.join(said)}{more}")


def _create_output(
    db: Database, side: Relation, output: Relation, names: list[str], groups: list[str]
) -> None:
    """Create the lower triangle from the matrix in the summary table; undefined values become NULL."""
    triangle = ", ".join(
        fill(
            "CASE WHEN v.n >= {n:l} THEN nullif(s.matrix[v.n][{n:l}], 'NaN') END AS {name:i}",
            {"n": n, "name": name},
        )
        for n, name in enumerate(names, 1)
    )
    db.execute(
        """
        CREATE TABLE {output:i} AS
        SELECT v.n::integer AS column_position, v.name AS variable, {groups:q} {triangle:q}
        FROM ({matrices:q}) AS s,
             pg_catalog.unnest({names:l}::text[]) WITH ORDINALITY AS v(name, n)
        """,
        output=output,
        matrices=_matrices(side, groups),
        groups="".join(fill("s.{g:i}, ", {"g": group}) for group in groups),
        triangle=triangle,
        names=names,
    )


def _matrices(side: Relation, groups: list[str]) -> str:
    """Return SQL of the matrices in the summary table.

    An empty array is appended so that each is fetched and decompressed once, not for each of its elements.
    """
    return fill(
        "SELECT {groups:i,} pg_catalog.array_cat(matrix, '{braces:q}') AS matrix FROM {side:i} OFFSET 0",
        {"groups": groups, "braces": "{}", "side": side},
    )


def _finish(db: Database, side: Relation, record: Result) -> Result:
    """Add fields that are known at the end to the summary, and a single group's arrays to the record."""
    db.execute(
        """
        UPDATE {side:i} SET num_groups = {groups:l}, duration = {duration:l},
                            matrix = pg_catalog.array_replace(matrix, 'NaN', NULL)
        """,
        side=side,
        groups=record.num_groups,
        duration=record.duration,
    )
    if record.num_groups != 1:
        return record
    one = db.execute("SELECT mean_vector, matrix FROM {side:i}", side=side)[0]
    return replace(record, **one)


def _with_names(error: SqlError, names: list[str]) -> SqlError:
    """Replace "feature 2" in a kernel's error by the name of the variable."""
    message = error.message
    numbered = re.fullmatch(r"feature (\d+) (is .*)", message)
    if numbered and int(numbered[1]) <= len(names):
        message = f"{quoted(names[int(numbered[1]) - 1])} {numbered[2]}"
    return SqlError(message, sqlstate=error.sqlstate, hint=error.hint, detail=error.detail)
