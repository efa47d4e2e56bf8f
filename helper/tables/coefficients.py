"""Models that are coefficients of terms; predictions check the terms that were aliased in training."""

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.terms import (
    Term,
    Terms,
    check_same_order,
    check_terms,
    checked_number,
    checked_vector,
    intercept_item,
    level_items,
    read_terms,
)
from madpy.helper.tables.models import checked_summary, groups_before
from madpy.helper.tables.predictions import Job, Method, Model
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill, identifier

COEFFICIENTS = "coef"  # the first column of a model after its grouping columns
ALIASES = "aliases"  # a column of a model; one of an early version does not have it


class Coefficients(Model):
    """A model table with a row of coefficients for each group, and its terms, from the summary table."""

    summary: Source
    terms: Terms

    def vector(self, source: Source, features: str | None) -> str:
        """Return SQL of the features of a row, in the order of the coefficients."""
        if features is None:
            return remembered(self.terms, source)
        return _given(source, features, self.table, self.terms)

    def arguments(self, features: str) -> str:
        """Return SQL of the coefficients, the features and, if the model has them, the aliases."""
        has_aliases = self.table.types.get(ALIASES) == "double precision[]"
        return f"m.{COEFFICIENTS}, {features}" + f", m.{ALIASES}" * has_aliases

    def explain_nulls(self, job: Job) -> None:
        """Warn of rows that have no prediction only because of aliased terms, with their number."""
        db = self.table.db
        is_whole = "pg_catalog.array_position(coef, NULL::double precision) IS NULL"
        if not db.execute("SELECT FROM {m:i} WHERE NOT ({w:q}) LIMIT 1", m=self.table, w=is_whole):
            return
        features, rows = job.rows()
        whole = f"pg_catalog.array_replace(m.{COEFFICIENTS}, NULL, 0::double precision), {features}"
        count = db.value(
            """
            SELECT pg_catalog.count(*) FROM {rows:q} WHERE {now:q} IS NULL AND {otherwise:q} IS NOT NULL
            """,
            rows=rows,
            now=next(iter(job.score(self, self.arguments(features)).values())),
            otherwise=next(iter(job.score(self, whole).values())),
        )
        if count:
            db.warning(
                f"no prediction for {count} rows: a term that was not estimated is not the combination of"
                " others that it was in training"
            )


def read_coefficients(method: Method, table: Source) -> Coefficients:
    """Read and check a model, given its output table."""
    summary = checked_summary(table, method.name, {"terms": "jsonb"})
    return Coefficients(table, groups_before(table, COEFFICIENTS), summary, terms_of(summary))


def terms_of(summary: Source) -> Terms:
    """Read the terms of a model from its summary table, without SQL for them."""
    rows = summary.db.execute("SELECT terms::text AS terms FROM {summary:i}", summary=summary)
    return read_terms(rows[0]["terms"] if rows else None)


def _given(source: Source, features: str, model: Source, trained: Terms) -> str:
    """Return SQL of the features, from what the caller wrote in this call."""
    terms = check_terms(source, features, model=trained)
    if terms.is_vector:
        return terms.items[0]
    lengths = source.db.execute(
        "SELECT pg_catalog.cardinality(coef) AS k FROM {m:i} WHERE coef IS NOT NULL LIMIT 1", m=model
    )
    wanted = lengths[0]["k"] if lengths else len(terms.items)
    if len(terms.items) != wanted:
        raise MadpyError(
            f"{len(terms.items)} features do not fit the {wanted} terms of the model",
            hint="give the features in the order of training; see feature_names in the model",
        )
    check_same_order(terms.names, trained.names)
    if terms.terms[0].kind == "intercept":
        for column in trained.single_valued:
            if column not in terms.references:
                raise MadpyError(
                    f"the text column {quoted(column)} is not among the features",
                    hint="give the features as in training; see features in the summary of the model",
                )
    return f"ARRAY[{', '.join(terms.items)}]"


def remembered(terms: Terms, source: Source) -> str:
    """Return SQL of the model's terms.  Only names and values are taken from its table, never SQL."""
    columns = source.base_types
    for term in terms.terms:
        if term.column is None and not term.is_constant:
            raise MadpyError(
                f"the model has an expression among its features: {term.name}",
                hint="give them again, in the order of the model's feature_names: features => 'ARRAY[...]'",
            )
    for column in [*(term.column for term in terms.terms), *terms.single_valued]:
        if column is not None and column not in columns:
            raise MadpyError(
                f'column "{column}" of table "{source.name}" does not exist',
                sqlstate="42703",
                hint="add the column: the model was trained on it",
            )
    if terms.is_vector:
        column = str(terms.terms[0].column)
        return checked_vector(column, columns[column])
    of_levels = {term.column for term in terms.terms if term.kind == "level"}
    levels = {column: iter(_levels(str(column), columns[str(column)], terms)) for column in of_levels}
    single = {column: columns[column] for column in terms.single_valued}
    items = (
        next(levels[term.column])
        if term.kind == "level"
        else intercept_item(single, terms.references)
        if term.kind == "intercept"
        else _item(term, columns)
        for term in terms.terms
    )
    return f"ARRAY[{', '.join(items)}]"


def _levels(column: str, sql_type: str, terms: Terms) -> list[str]:
    """Return the items of a column's levels, in the order of its terms."""
    levels = [str(term.level) for term in terms.terms if (term.kind, term.column) == ("level", column)]
    return level_items(column, sql_type, terms.references[column], levels)


def _item(term: Term, columns: dict[str, str]) -> str:
    if term.column is not None:
        return checked_number(term.column, identifier(term.column), columns[term.column])
    return fill("{n:l}", {"n": float(term.name)})
