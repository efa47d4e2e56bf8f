"""Prediction over a whole table by a model with a row per group: its features rebuilt, scored in C.

Nothing read from a model is executed: of its terms only names and values are taken, and quoted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from madpy.errors import MadpyError
from madpy.helper import helper
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
from madpy.helper.helper import Target
from madpy.helper.tables.training import SUMMARY
from madpy.ports.postgres.scan.scan import join_groups
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Relation, fill, free_name, identifier
from madpy.ports.postgres.session.types import (
    INTEGERS,
    NUMBERS,
    ONE_COLLATION,
    TEXTS,
    json_item,
)

FEATURES = "features"
UNORDERED = ("xid", "cid", "aclitem")  # types with a hash and no order
# Types that can be compared with each other, and the one that they are cast to for it.
FAMILIES = (
    (INTEGERS, "bigint"),
    (INTEGERS | {"numeric"}, "numeric"),
    (NUMBERS, "double precision"),
    (TEXTS, "text"),
    *(({name}, name) for name in ("boolean", "date", "uuid", "timestamp without time zone")),
)


@dataclass(frozen=True)
class Predictions:
    """The result of a prediction over a table."""

    output_table: str
    num_rows: int
    num_null_predictions: int


@dataclass(frozen=True)
class Job:
    """The model, source and output of a prediction, all checked."""

    model: Source
    groups: list[str]
    source: Source
    output: Target
    casts: dict[str, str]  # of groups whose types differ in model and source: a type for both
    vector: str = ""  # SQL of the features of a row


def check_model(model: Source, method: str, wanted: Mapping[str, str]) -> list[str]:
    """The grouping columns of a table that `method` made, with the `wanted` columns, or an error."""
    names = list(check_made_by(model, method, wanted))
    return names[: names.index("coef")]


def check_made_by(model: Source, method: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """The columns of a table and their types; an error if the `wanted` ones are not there."""
    types = model.types
    if any(types.get(name) != sql_type for name, sql_type in wanted.items()):
        raise no_model(model, method)
    return types


def no_model(table: Relation, method: str) -> MadpyError:
    """That a table was not made by `method`."""
    return MadpyError(
        f"table {quoted(table.name)} is not a model of {method}",
        sqlstate="42809",
        hint=f"give the output_table of a call of {method}",
    )


def order_of(model: Source, groups: list[str], alias: str) -> str:
    """SQL that sorts a model by its groups, each with a comma; those of a type without an order by text."""
    types = model.types
    return "".join(
        fill("{alias:q}.{g:i}", {"alias": alias, "g": group})
        + ("::text, " if types[group] in UNORDERED else ", ")
        for group in groups
    )


def groups_item(model: Source, groups: list[str], alias: str) -> str:
    """SQL of the text of a JSON object: what group a row of a model is of; NULL without groups."""
    if not groups:
        return "NULL::text"
    types = model.base_types
    pairs = (
        fill("{g:l}, ", {"g": g}) + json_item(fill("{a:q}.{g:i}", {"a": alias, "g": g}), types[g])
        for g in groups
    )
    return f"pg_catalog.jsonb_build_object({', '.join(pairs)})::text"


def summary_of(model: Source, method: str) -> Source:
    """The summary table beside a model."""
    summary = Source(model.schema, model.name + SUMMARY, model.db)
    if not model.db.value("SELECT pg_catalog.to_regclass({name:l}) IS NOT NULL", name=str(summary)):
        raise MadpyError(
            f'the summary table "{summary.name}" of the model does not exist',
            sqlstate="42P01",
            hint=f"keep the two tables that {method} makes in one schema, under their names",
        )
    helper.check_holds_data(summary)
    return summary


def checked_summary(model: Source, method: str, wanted: Mapping[str, str]) -> Source:
    """Return the summary table if its columns have their original types: others may come with casts."""
    summary = summary_of(model, method)
    types = summary.types
    for name, sql_type in wanted.items():
        if types.get(name, sql_type) != sql_type:
            raise MadpyError(
                f'column "{name}" of table "{summary.name}" is of type {types[name]}, not {sql_type}',
                sqlstate="42809",
                hint="train the model again",
            )
    return summary


def model_terms(model: Source, method: str) -> Terms:
    """Read the terms of a model from its summary table, without SQL for them."""
    summary = checked_summary(model, method, {"terms": "jsonb"})
    rows = model.db.execute("SELECT terms::text AS terms FROM {summary:i}", summary=summary)
    return read_terms(rows[0]["terms"] if rows else None)


def check_job(
    model: Source,
    groups: list[str],
    method: str,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
    adds: Sequence[str],
) -> Job:
    """A prediction that puts the columns `adds` behind those of the source; the model has terms."""
    job = check_places(model, groups, source_table, output_table, adds)
    kept = model_terms(model, method)
    if features is not None:
        return replace(job, vector=_given(job.source, features, model, kept))
    return replace(job, vector=_remembered(kept, job.source))


def check_places(
    model: Source,
    groups: list[str],
    source_table: str | None,
    output_table: str | None,
    adds: Sequence[str],
    what: str = "output_table",
) -> Job:
    """Where from and where to, for a model of any kind: a job without its vector."""
    source, (output,) = helper.check_source_and_targets(model.db, source_table, output_table, what=what)
    for name in adds:
        if name in source.columns:
            raise MadpyError(
                f'table "{source.name}" has a column "{name}" already',
                sqlstate="42701",
                hint="rename it, or predict from a view without it",
            )
    for group in groups:
        if group not in source.columns:
            raise MadpyError(
                f'table "{source.name}" has no column "{group}"',
                sqlstate="42703",
                hint=f"add the grouping columns of the model: {', '.join(groups)}",
            )
    return Job(model, groups, source, output, casts_between(model, groups, source))


def casts_between(model: Source, groups: list[str], source: Source) -> dict[str, str]:
    """Return a common type for each grouping column whose types in model and source differ.

    Never one that the model names: a domain in it would run its checks.
    """
    casts = {}
    for group in groups:
        ours, theirs = model.columns[group], source.columns[group]
        if ours.type == theirs.type:
            if ours.collation != theirs.collation:
                # as "character" only the first one would be compared
                kind = "text" if theirs.base in TEXTS else theirs.base
                casts[group] = f"{kind} {ONE_COLLATION}"
            continue
        pair = {ours.base, theirs.base}
        common = next((cast for family, cast in FAMILIES if pair <= family), None)
        if common is None:
            raise MadpyError(
                f'grouping column "{group}" is of type {theirs.type} in table "{source.name}",'
                f" and of type {ours.type} in the model",
                sqlstate="42804",
                hint="cast it in a view, and predict from the view",
            )
        casts[group] = f"{common} {ONE_COLLATION}" if common == "text" else common
    return casts


def create_predictions(job: Job, score: Callable[[str], dict[str, str]]) -> Predictions:
    """Create the output: the columns of the source, then what `score` gives, names and their SQL.

    `score` gets SQL of a row's features; m is the row of its model, m.coef for instance are its coefficients.
    The number of rows without a prediction is that of NULLs in the first column.
    """
    create_scored(job, score)
    counted = job.source.db.execute(
        """
        SELECT pg_catalog.count(*) AS all, pg_catalog.count(*) FILTER (WHERE {p:i} IS NULL) AS nulls
        FROM {output:i}
        """,
        p=next(iter(score(""))),
        output=job.output,
    )[0]
    return Predictions(job.output.full_name, counted["all"], counted["nulls"])


def create_scored(job: Job, score: Callable[[str], dict[str, str]], kind: str = "TABLE") -> None:
    """Create the output, a table or (kind VIEW) a view.

    What `score` gives may have an entry "": an item of FROM that is joined to each row, with all of its rows.
    """
    _check_one_each(job)
    features, rows = rows_with_models(job)
    adds = score(features)
    beside = adds.pop("", None)
    scored = ", ".join(
        fill("{item:q} AS {name:i}", {"item": item, "name": name}) for name, item in adds.items()
    )
    job.source.db.execute(
        """
        CREATE {kind:q} {output:i} AS
        SELECT {columns:q} {scored:q} FROM {rows:q} {beside:q}
        """,
        kind=kind,
        output=job.output,
        columns="".join(fill("s.{c:i}, ", {"c": column}) for column in job.source.columns),
        scored=scored,
        rows=rows,
        beside=f"LEFT JOIN LATERAL {beside} ON true" if beside else "",
    )


def rows_with_models(job: Job) -> tuple[str, str]:
    """SQL of a row's features, and of an item of FROM: s, the source, and m, the row of a row's model."""
    features = free_name(FEATURES, job.source.columns)
    rows = fill(
        "(SELECT *, {vector:q} AS {features:i} FROM {source:i}) AS s {model:q}",
        {
            "vector": job.vector,
            "features": features,
            "source": job.source,
            "model": join_groups(
                fill("{m:i} AS m", {"m": job.model}), job.groups, "s", "m", "LEFT JOIN", job.casts
            ),
        },
    )
    return fill("s.{f:i}", {"f": features}), rows


def _check_one_each(job: Job) -> None:
    """Somebody may have changed the table: a row would be predicted by each model of its group."""
    several = job.source.db.execute(
        "SELECT FROM {model:i} {by:q} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1",
        model=job.model,
        by=fill("GROUP BY {g:i,}", {"g": job.groups}).rstrip(", ") if job.groups else "",
    )
    if several:
        raise MadpyError(
            f"table {quoted(job.model.name)} has several models" + " for one group" * bool(job.groups),
            sqlstate="21000",
            hint="train the model again",
        )


def _given(source: Source, features: str, model: Source, kept: Terms) -> str:
    """SQL of the features that the caller wrote."""
    terms = check_terms(source, features, model=kept)
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
    check_same_order(terms.names, kept.names)
    if terms.terms[0].kind == "intercept":
        for column in kept.single_valued:
            if column not in terms.references:
                raise MadpyError(
                    f"the text column {quoted(column)} is not among the features",
                    hint="give the features as in training; see features in the summary of the model",
                )
    return f"ARRAY[{', '.join(terms.items)}]"


def _remembered(terms: Terms, source: Source) -> str:
    """SQL of the model's terms.  Only names and values are taken from the table, never SQL."""
    columns = source.base_types
    for term in terms.terms:
        if term.column is None and term.kind in ("expression", "vector") and not _is_number(term.name):
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


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _levels(column: str, sql_type: str, terms: Terms) -> list[str]:
    """Items of a column's levels, in the order of its terms."""
    levels = [str(term.level) for term in terms.terms if (term.kind, term.column) == ("level", column)]
    return level_items(column, sql_type, terms.references[column], levels)


def _item(term: Term, columns: dict[str, str]) -> str:
    if term.column is not None:
        return checked_number(term.column, identifier(term.column), columns[term.column])
    return fill("{n:l}", {"n": float(term.name)})
