"""Features as numbers: the terms of a design, each as SQL over a source."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import NoneType
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import SHOWN, Expressions, check_expression, check_expressions
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import fill, identifier
from madpy.ports.postgres.session.types import NUMBERS, text_item

INTERCEPT = "(Intercept)"
MAX_LEVELS = 1000
COLUMN_OF: dict[str, tuple[type, ...]] = {
    "intercept": (NoneType,),
    "expression": (NoneType,),
    "number": (str,),
    "level": (str,),
    "vector": (str, NoneType),
}


@dataclass(frozen=True)
class Term:
    """One column of a design.  `column` is None for an expression, `level` is one level of a text column."""

    name: str
    kind: str  # intercept, number, level, expression, or vector: an array that fills the rest
    column: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Terms:
    """The columns of a design, and `items`, the SQL for each: double precision, or one double precision[]."""

    terms: list[Term]
    items: list[str]
    is_vector: bool
    references: dict[str, str]  # of each text column, the level that has no term

    @property
    def single_valued(self) -> list[str]:
        """List the text columns without a term, which had a single value in training."""
        with_terms = {term.column for term in self.terms if term.kind == "level"}
        return [column for column in self.references if column not in with_terms]

    @property
    def blocks(self) -> list[int]:
        """Returns for each term the number of its text column, 0 where it is no level; [] without levels."""
        if all(term.kind != "level" for term in self.terms):
            return []
        numbers: list[int] = []
        first: Term | None = None  # of the column; a column that is given twice begins again
        for n, term in enumerate(self.terms, 1):
            if first is None or term.column != first.column or term == first:
                first = term
                number = n
            numbers.append(number if term.kind == "level" else 0)
        return numbers

    @property
    def names(self) -> list[str]:
        return [term.name for term in self.terms]

    def levels(self, column: str) -> list[str]:
        """List the levels that a text column had in training, the reference level first."""
        if column not in self.references:
            raise MadpyError(
                f"the model has no text column {quoted(column)} among its features",
                hint=f"give them as in training: {', '.join(self.names[:SHOWN])}",
            )
        first = self.references[column]
        kept = [str(term.level) for term in self.terms if (term.kind, term.column) == ("level", column)]
        return [first, *(level for level in kept if level != first)]

    def as_json(self) -> dict[str, Any]:
        """Return the terms as they are kept with a model, to apply it to another table."""
        return {"terms": [asdict(term) for term in self.terms], "references": self.references}


def check_terms(
    source: Source,
    text: str | None,
    what: str = "features",
    model: Terms | None = None,
    conditions: Sequence[str] = (),
) -> Terms:
    """Return the design for `text`: ARRAY[...] or an array column as written; a list gets an intercept.

    In a list, a boolean is 0 or 1, and a text column has a term per level but the first, in its type's order;
    for a `model` that is applied again, the levels that it has.  Levels are those of the rows that training
    uses: all features are there, and the `conditions`, SQL, are true.
    """
    found = check_expressions(source, text, what, allowed="number, boolean or text")
    if found.is_vector:
        return vector_terms(source, found, what)
    columns = text_columns(found, what)
    used = [*conditions, *(f"{item} IS NOT NULL" for item in dict.fromkeys(found.items))]
    types = dict(zip(found.names, found.types, strict=True))
    levels = {
        column: model.levels(column) if model else _levels(source, column, types[column], what, used)
        for column in columns
        if column
    }
    return expanded(found, levels)


def text_columns(found: Expressions, what: str) -> list[str | None]:
    """Returns the text column that each expression is, None for a number; other text is an error."""
    columns: list[str | None] = []
    for item, name, kind in zip(found.items, found.names, found.kinds, strict=True):
        if kind == "text" and (found.is_array or item != identifier(name)):
            message = f"{what}: {quoted(name)} is text, a number is needed"
            hint = "list text columns by name: they are not encoded in ARRAY[...] or in an expression"
            raise MadpyError(message, sqlstate="42804", hint=hint)
        columns.append(name if kind == "text" else None)
    return columns


def expanded(found: Expressions, levels: dict[str, list[str]]) -> Terms:
    """Returns the design of expressions; `levels` are those of each text column, the reference first."""
    terms = [] if found.is_array else [Term(INTERCEPT, "intercept")]
    items = [] if found.is_array else ["1::double precision"]
    references: dict[str, str] = {}
    for item, name, kind, sql_type in zip(found.items, found.names, found.kinds, found.types, strict=True):
        column = name if item == identifier(name) else None
        if kind == "text":
            references[name], *others = levels[name]
            terms += [Term(f"{name}={level}", "level", name, level) for level in others]
            items += level_items(name, sql_type, references[name], others)
        else:
            terms.append(Term(name, "number" if column else "expression", column))
            items.append(number_item(item, kind))
    result = Terms(terms, items, False, references)
    if result.single_valued:
        types = dict(zip(found.names, found.types, strict=True))
        items[0] = intercept_item({column: types[column] for column in result.single_valued}, references)
    return result


def read_terms(text: str | None) -> Terms:
    """Read terms that `as_json` wrote, without items; check them, as anybody may have changed the table."""
    try:
        kept = json.loads(text or "null")
        terms = [Term(**term) for term in kept["terms"]]
        references = dict(kept["references"])
        whole = len({term.kind == "vector" for term in terms}) == 1
        whole = whole and all(_is_whole(term, references) for term in terms)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        whole = False
    if not whole:
        message = "what the model's terms are made of cannot be read"
        raise MadpyError(message, sqlstate="22P02", hint="train the model again")
    return Terms(terms, [], terms[0].kind == "vector", references)


def _is_whole(term: Term, references: dict[str, str]) -> bool:
    if term.kind == "level":
        reference = references[str(term.column)]
        if not (isinstance(term.level, str) and isinstance(reference, str)):
            return False
    return isinstance(term.name, str) and isinstance(term.column, COLUMN_OF[term.kind])


def check_same_order(given: list[str], kept: list[str]) -> None:
    """Raise an error for features of a model that are given again in another order."""
    names = [["1" if name == INTERCEPT else name for name in all_names] for all_names in (given, kept)]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        raise MadpyError(
            "the features are not in the order of training",
            hint=f"give them as in training: {', '.join(kept[:SHOWN])}",
        )


def check_number(source: Source, text: str | None, what: str) -> str:
    """Checks one expression, a number or boolean; returns SQL of it as double precision."""
    found = check_expression(source, text, what, "number or boolean")
    return number_item(found.items[0], found.kinds[0])


def number_item(item: str, kind: str) -> str:
    """Return SQL of a number or boolean as double precision."""
    return f"{item}::integer::double precision" if kind == "boolean" else f"{item}::double precision"


def checked_number(name: str, item: str, sql_type: str) -> str:
    """Return SQL of a model's feature over another table as double precision, if its type may be cast."""
    if sql_type not in (*NUMBERS, "boolean"):
        message = f"feature {quoted(name)} is of type {sql_type}, a number is needed"
        raise MadpyError(message, sqlstate="42804", hint="cast it in a view, and predict from the view")
    return number_item(item, sql_type)


def checked_vector(column: str, sql_type: str) -> str:
    """Return SQL of an array column as double precision[]; raise an error if it is not one of numbers."""
    if sql_type.removesuffix("[]") not in NUMBERS or not sql_type.endswith("[]"):
        message = f"feature {quoted(column)} is of type {sql_type}, an array of numbers is needed"
        raise MadpyError(message, sqlstate="42804", hint="cast it in a view, and predict from the view")
    return fill("{c:i}::double precision[]", {"c": column})


def level_item(column: str, sql_type: str, level: str) -> str:
    """Return SQL that is 1 where a text column has this level, else 0."""
    text = text_item(identifier(column), sql_type)
    return fill("({text:q} = {level:l})::integer::double precision", {"text": text, "level": level})


def level_items(column: str, sql_type: str, reference: str, others: list[str]) -> list[str]:
    """Return the items of a text column's levels except the reference level.

    The first item is NULL for any other value, which leaves the row out: one that training had not seen, or
    that came into the table between its statements, would count as the reference.
    """
    items = [level_item(column, sql_type, level) for level in others]
    if items:
        items[0] = fill(
            "CASE WHEN ({text:q}) = ANY ({known:l}) THEN {item:q} END",
            {
                "text": text_item(identifier(column), sql_type),
                "known": [reference, *others],
                "item": items[0],
            },
        )
    return items


def intercept_item(types: dict[str, str], references: dict[str, str]) -> str:
    """Return the item of the intercept: NULL where a text column without a term has an unknown value.

    `types` are the text columns that have no term, with their types.
    """
    known = (
        fill(
            "{text:q} = {level:l}",
            {"text": text_item(identifier(column), sql_type), "level": references[column]},
        )
        for column, sql_type in types.items()
    )
    return f"CASE WHEN {' AND '.join(known)} THEN 1::double precision END" if types else "1::double precision"


def vector_terms(source: Source, found: Expressions, what: str) -> Terms:
    """Return the terms of an array column: as many as the first array has elements."""
    item, name = found.items[0], found.names[0]
    if found.kinds[0] != "number":
        raise MadpyError(
            f"{what}: {quoted(name)} is an array of {found.types[0]}, numbers are needed", sqlstate="42804"
        )
    column = name if item == fill("{name:i}", {"name": name}) else None
    terms = [Term(f"{name}[{i + 1}]", "vector", column) for i in range(source.first_length(item))]
    return Terms(terms, [f"{item}::double precision[]"], True, {})


def _levels(source: Source, column: str, sql_type: str, what: str, used: Sequence[str]) -> list[str]:
    """Read the values of a text column in usable rows, in the order of its type; at least one."""
    rows = source.db.execute(
        """
        SELECT {text:q} AS level FROM ({values:q}) AS v WHERE value IS NOT NULL ORDER BY value
        """,
        text=text_item("value", sql_type),
        values=source.distinct_values(identifier(column), MAX_LEVELS + 2, used),
    )
    return checked_levels(column, [row["level"] for row in rows], what)


def checked_levels(column: str, levels: list[str], what: str) -> list[str]:
    """The levels of a text column, if they are not too many; one that no row has where there are none."""
    if len(levels) > MAX_LEVELS:
        raise MadpyError(
            f"{what}: column {quoted(column)} has more than {MAX_LEVELS} distinct values",
            sqlstate="54011",
            hint="group them first, or leave the column out: it may be a name or a key",
        )
    return levels or [""]
