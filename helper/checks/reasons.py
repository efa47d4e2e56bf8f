"""Reasons why a fit is not possible, or not completely, in terms of the arguments."""

import re

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.design import Design
from madpy.helper.features.terms import Terms
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import identifier

NAMED = 10  # terms in a message
ARRAY_SUBSCRIPT_ERROR = "2202E"
TOO_MANY_COLUMNS = "54011"


def with_feature_names(error: SqlError, terms: Terms | Design) -> SqlError:
    """Replace "feature 2" in a kernel's error, which counts the intercept, by the name of the feature."""
    message, hint = error.message, error.hint
    numbered = re.fullmatch(r"feature (\d+) ((?:is|has) .*)", message)
    if numbered and int(numbered[1]) <= len(terms.names):
        message = f"feature {quoted(terms.names[int(numbered[1]) - 1])} {numbered[2]}"
    if error.sqlstate == ARRAY_SUBSCRIPT_ERROR and not hint:
        hint = "leave such rows out, in a view for instance, or make the arrays alike"
    if error.sqlstate == TOO_MANY_COLUMNS and not hint:
        hint = "put the features into one array column, which has no such limit, or use fewer"
    return SqlError(message, sqlstate=error.sqlstate, hint=hint, detail=error.detail)


def nothing_to_use(rows: Rows, terms: Terms, skipped: int) -> MadpyError:
    """Return the error for a training without usable rows, with the expressions that are the reason."""
    if skipped == 0:
        return MadpyError(f'table "{rows.source.name}" is empty', hint="give a table that has rows")
    named = {"the target": rows.target} if rows.target else {}
    named |= {"a weight": rows.weights} if rows.weights else {}
    named |= _features(rows, terms)
    _, known = rows.source.counts(list(named.values()))
    empty = [name for name, count in zip(named, known, strict=True) if count == 0]
    if rows.weights and not empty:
        what = "each has a NULL somewhere, or weight zero"
        hint = "check that some row has a weight above 0, and no NULL"
    else:
        what = all_null(empty) if empty else "each has a NULL somewhere"
        hint = "leave the expression out, or fill it with coalesce(): rows with a NULL are skipped"
    return MadpyError(
        f'none of the {skipped} rows of table "{rows.source.name}" can be used',
        detail=what,
        hint=hint,
    )


def _features(rows: Rows, terms: Terms) -> dict[str, str]:
    """Return the names of features, and SQL for each that is NULL in the rows where the feature is."""
    if terms.is_vector:
        return {"the array of features": rows.features[0]}
    columns = {quoted(column): identifier(column) for column in terms.references}
    return columns | {
        quoted(term.name): item
        for term, item in zip(terms.terms, rows.features, strict=True)
        if term.kind not in ("intercept", "level")
    }


def all_null(names: list[str]) -> str:
    """Return the sentence that these expressions are NULL in all rows."""
    return f"{', '.join(names[:NAMED])} {'is' if len(names) == 1 else 'are'} NULL in all of them"


def warn_of_single_values(db: Database, terms: Terms) -> None:
    """Warn of text columns that have no term in the model."""
    if columns := terms.single_valued:
        said = [f"{column} ({quoted(terms.references[column])})" for column in columns]
        more = f" and {len(said) - NAMED} more" if len(said) > NAMED else ""
        db.warning(
            f"the same in all rows that are used, and so without a term: {', '.join(said[:NAMED])}{more}"
        )


def warn_of_aliases(db: Database, aliased: dict[str, int], groups: int) -> None:
    """Warn of terms without a coefficient of their own; `aliased` has the number of groups for each."""
    said = [
        term + (f" (in {count} of {groups} groups)" if groups > 1 else "") for term, count in aliased.items()
    ]
    more = f" and {len(said) - NAMED} more" if len(said) > NAMED else ""
    db.warning(f"a combination of earlier terms, and so not estimated: {', '.join(said[:NAMED])}{more}")
