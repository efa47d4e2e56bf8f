"""The tables of a model, which are checked before use, as any user may have made them."""

from collections.abc import Mapping

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.tables.training import SUMMARY
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import Relation, fill
from madpy.ports.postgres.session.types import INTEGERS, NUMBERS, ONE_COLLATION, TEXTS, json_item

# Columns of a table with their types, or the types that each may have.
Columns = Mapping[str, str | list[str]]

UNORDERED = ("xid", "cid", "aclitem")  # types with a hash and no order
# Types that can be compared with each other, and the one that they are cast to for it.
FAMILIES = (
    (INTEGERS, "bigint"),
    (INTEGERS | {"numeric"}, "numeric"),
    (NUMBERS, "double precision"),
    (TEXTS, "text"),
    *(({name}, name) for name in ("boolean", "date", "uuid", "timestamp without time zone")),
)


def check_made_by(model: Source, method: str, wanted: Columns) -> dict[str, str]:
    """Return the columns of a table with their types; raise an error if one of the `wanted` is missing."""
    types = model.types
    if any(types.get(name) not in ([one] if isinstance(one, str) else one) for name, one in wanted.items()):
        raise no_model(model, method)
    return types


def groups_before(table: Source, column: str) -> list[str]:
    """Return the grouping columns of a model table: those before the first column of its method."""
    names = list(table.columns)
    return names[: names.index(column)]


def no_model(table: Relation, method: str) -> MadpyError:
    """Return the error for a table that `method` did not make."""
    return MadpyError(
        f"table {quoted(table.name)} is not a model of {method}",
        sqlstate="42809",
        hint=f"give the output_table of a call of {method}",
    )


def summary_of(model: Source, method: str) -> Source:
    """Return the summary table of a model table."""
    summary = Source(model.schema, model.name + SUMMARY, model.db)
    if not helper.check_holds_data(summary):
        raise MadpyError(
            f'the summary table "{summary.name}" of the model does not exist',
            sqlstate="42P01",
            hint=f"keep the two tables that {method} makes in one schema, under their names",
        )
    return summary


def checked_summary(model: Source, method: str, wanted: Mapping[str, str]) -> Source:
    """Return the summary table of a model table; raise an error if its columns have other types."""
    summary = summary_of(model, method)
    check_types(summary, wanted)
    return summary


def check_types(summary: Source, wanted: Mapping[str, str]) -> None:
    """Check that columns of a summary have the types that training gave them."""
    types = summary.types
    for name, sql_type in wanted.items():
        if types.get(name, sql_type) != sql_type:
            raise MadpyError(
                f'column "{name}" of table "{summary.name}" is of type {types[name]}, not {sql_type}',
                sqlstate="42809",
                hint="train the model again",
            )


def order_of(model: Source, groups: list[str], alias: str) -> str:
    """Return items of ORDER BY for a model's groups, each with a comma; types without order go as text."""
    types = model.types
    return "".join(
        fill("{alias:q}.{g:i}", {"alias": alias, "g": group})
        + ("::text, " if types[group] in UNORDERED else ", ")
        for group in groups
    )


def groups_item(model: Source, groups: list[str], alias: str) -> str:
    """Return SQL of a JSON object as text, with the group of a row of a model; NULL without groups."""
    if not groups:
        return "NULL::text"
    types = model.base_types
    pairs = (
        fill("{g:l}, ", {"g": g}) + json_item(fill("{a:q}.{g:i}", {"a": alias, "g": g}), types[g])
        for g in groups
    )
    return f"pg_catalog.jsonb_build_object({', '.join(pairs)})::text"


def casts_between(model: Source, groups: list[str], source: Source) -> dict[str, str]:
    """Return a common type for each grouping column whose types in model and source differ.

    A type of the model itself is not used: a domain in it would run its checks.
    """
    casts = {}
    for group in groups:
        ours, theirs = model.columns[group], source.columns[group]
        if ours.type == theirs.type:
            if ours.collation != theirs.collation:
                # the type "character" would compare the first character only
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
