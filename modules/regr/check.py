"""What can be wrong with a fit: said as an error where nothing can be kept, else as a warning."""

import re
from dataclasses import dataclass

from madpy.errors import MadpyError, SqlError
from madpy.helper.arguments import quoted
from madpy.helper.terms import Terms, read_terms
from madpy.ports.postgres.db import Database, Relation
from madpy.ports.postgres.scan import Rows

NAMED = 10  # terms in a warning
ARRAY_SUBSCRIPT_ERROR = "2202E"


@dataclass(frozen=True)
class Counts:
    """Totals over the groups of a model; the figures are of the first group."""

    groups: int
    rows: int
    skipped: int
    largest: int  # rows of the largest group
    unused: int  # groups without a row to use
    constant: int  # groups with rows whose target is constant
    exhausted: int  # groups without residual degrees of freedom
    r2: float | None
    residual_std_err: float | None


def explained(error: SqlError, terms: Terms) -> SqlError:
    """A kernel's error in the user's words: "feature 2", which counts the intercept, by its name."""
    message, hint = error.message, error.hint
    numbered = re.fullmatch(r"feature (\d+) (is .*)", message)
    if numbered and int(numbered[1]) <= len(terms.names):
        message = f"feature {quoted(terms.names[int(numbered[1]) - 1])} {numbered[2]}"
    if error.sqlstate == ARRAY_SUBSCRIPT_ERROR and not hint:
        hint = "leave such rows out, in a view for instance, or make the arrays alike"
    return SqlError(message, sqlstate=error.sqlstate, hint=hint, detail=error.detail)


def count_rows(db: Database, output: Relation) -> Counts:
    row = db.execute(
        """
        SELECT pg_catalog.count(*) AS groups,
               coalesce(pg_catalog.sum(num_rows_processed), 0)::bigint AS rows,
               coalesce(pg_catalog.sum(num_missing_rows_skipped), 0)::bigint AS skipped,
               coalesce(pg_catalog.max(num_rows_processed), 0)::bigint AS largest,
               pg_catalog.count(*) FILTER (WHERE num_rows_processed = 0) AS unused,
               pg_catalog.count(*) FILTER (WHERE num_rows_processed > 0 AND r2 IS NULL) AS constant,
               pg_catalog.count(*) FILTER (WHERE df_residual = 0) AS exhausted,
               pg_catalog.min(r2) AS r2, pg_catalog.min(residual_std_err) AS residual_std_err
        FROM {output:i}
        """,
        output=output,
    )[0]
    return Counts(**row)


def check_fit(db: Database, rows: Rows, output: Relation, terms: Terms, counts: Counts) -> None:
    """Raise where no group could be fitted; warn of what is not estimated."""
    if counts.rows == 0:
        raise _nothing_to_use(db, rows, terms, counts)
    k = len(terms.names)
    if counts.largest < k:
        where = " in the largest group" if rows.groups else ""
        raise MadpyError(
            f"{counts.largest} rows{where} are fewer than the {k} terms",
            hint="use fewer features, or more rows",
            detail=f"{counts.skipped} rows with a NULL were skipped" if counts.skipped else None,
        )
    if counts.constant + counts.unused == counts.groups:
        where = " in every group" if rows.groups else ""
        raise MadpyError(f"the target is constant{where}", hint="there is nothing to explain: check target")
    if counts.unused:
        db.warning(f"no row could be used in {counts.unused} of {counts.groups} groups")
    if counts.constant:
        db.warning(f"the target is constant in {counts.constant} of {counts.groups} groups: it has no r2")
    _warn_of_aliases(db, output, terms, counts)
    if counts.exhausted:
        where = f" in {counts.exhausted} of {counts.groups} groups" if rows.groups else ""
        db.warning(f"as many rows as estimated terms{where}: the fit is exact and has no standard errors")


def _nothing_to_use(db: Database, rows: Rows, terms: Terms, counts: Counts) -> MadpyError:
    """No row counted: say which expression is the reason."""
    if counts.skipped == 0:
        return MadpyError(f'table "{rows.source.name}" is empty', hint="there is nothing to learn from")
    named = {"the target": rows.target}
    named |= {"a weight": rows.weights} if rows.weights else {}
    names = ["the array of features"] if terms.is_vector else map(quoted, terms.names)
    named |= dict(zip(names, rows.features, strict=True))
    columns = ", ".join(f"pg_catalog.count({item})" for item in named.values())
    known = db.value("SELECT ARRAY[{columns:q}] FROM {source:i}", columns=columns, source=rows.source)
    empty = [name for name, count in zip(named, known, strict=True) if count == 0]
    what = (
        f"{', '.join(empty[:NAMED])} is NULL in all of them"
        if empty
        else f"each has a NULL somewhere{', or weight zero' if rows.weights else ''}"
    )
    return MadpyError(
        f'none of the {counts.skipped} rows of table "{rows.source.name}" can be used',
        detail=what,
        hint="rows with a NULL are skipped: leave the expression out, or fill it with coalesce()",
    )


def _warn_of_aliases(db: Database, output: Relation, terms: Terms, counts: Counts) -> None:
    aliased = db.execute(
        """
        SELECT term, pg_catalog.count(*) AS groups
        FROM {output:i}, pg_catalog.unnest(coef) WITH ORDINALITY AS c(estimate, term)
        WHERE estimate IS NULL GROUP BY term ORDER BY term
        """,
        output=output,
    )
    if not aliased:
        return
    said = [
        terms.names[row["term"] - 1]
        + (f" (in {row['groups']} of {counts.groups} groups)" if counts.groups > 1 else "")
        for row in aliased[:NAMED]
    ]
    more = f" and {len(aliased) - NAMED} more" if len(aliased) > NAMED else ""
    db.warning(f"not estimated, being a combination of the terms before: {', '.join(said)}{more}")


def check_model(db: Database, model: Relation) -> list[str]:
    """The grouping columns of a table that regr_train made; an error if it is not one."""
    rows = db.execute(
        """
        SELECT attname AS name, atttypid::regtype::text AS type FROM pg_catalog.pg_attribute
        WHERE attrelid = {model:l}::regclass::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
        """,
        model=str(model),
    )
    types = {row["name"]: row["type"] for row in rows}
    wanted = {"coef": "double precision[]", "std_err": "double precision[]", "feature_names": "text[]"}
    if any(types.get(name) != sql_type for name, sql_type in wanted.items()):
        raise MadpyError(
            f'table "{model.name}" is not a model of regr_train',
            sqlstate="42809",
            hint="give the output_table of a call of regr_train",
        )
    names = list(types)
    return names[: names.index("coef")]


def model_terms(db: Database, model: Relation) -> Terms:
    """What the features of a model are made of, from its summary table; without SQL for them."""
    summary = Relation(model.schema, model.name + "_summary")
    if not db.value("SELECT pg_catalog.to_regclass({name:l}) IS NOT NULL", name=str(summary)):
        raise MadpyError(
            f'the summary table "{summary.name}" of the model does not exist',
            sqlstate="42P01",
            hint="keep the two tables that regr_train makes in one schema, under their names",
        )
    rows = db.execute("SELECT terms::text AS terms FROM {summary:i}", summary=summary)
    return read_terms(rows[0]["terms"] if rows else None)
