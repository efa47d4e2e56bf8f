"""The terms of a design: features as numbers, each as SQL over a source."""

import json
from collections.abc import Sequence
from types import NoneType
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.expressions import SHOWN, check_expression, check_expressions
from madpy.helper.features.design import ALLOWED, Design, list_columns, number_item
from madpy.helper.features.levels import read_levels
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill, identifier
from madpy.ports.postgres.session.types import NUMBERS, text_item
from madpy.records import Record, as_dict

INTERCEPT = "(Intercept)"
MAX_LEVELS = 1000
COLUMN_OF: dict[str, tuple[type, ...]] = {
    "intercept": (NoneType,),
    "expression": (NoneType,),
    "number": (str,),
    "level": (str,),
    "vector": (str, NoneType),
}


class Term(Record):
    """A column of the matrix of a fit; `column` is None for an expression, `level` one of a text column."""

    name: str
    kind: str  # intercept, number, level, expression, or vector: an array that fills the rest
    column: str | None = None
    level: str | None = None

    @property
    def is_constant(self) -> bool:
        """Tell whether it is the intercept, or a number that was written among the features."""
        return self.kind == "intercept" or (self.column is None and self._is_number())

    def _is_number(self) -> bool:
        try:
            float(self.name)
        except ValueError:
            return False
        return True


class Terms(Record):
    """The columns of the matrix of a fit; `items` is SQL of each, double precision, or of one array."""

    terms: list[Term]
    items: list[str]
    is_vector: bool
    references: dict[str, str]  # for each text column, the level that has no term

    @property
    def single_valued(self) -> list[str]:
        """List the text columns without a term, which had a single value in training."""
        with_terms = {term.column for term in self.terms if term.kind == "level"}
        return [column for column in self.references if column not in with_terms]

    @property
    def blocks(self) -> list[int]:
        """Return the number of each term's text column, 0 if it is no level; [] if there are no levels."""
        if all(term.kind != "level" for term in self.terms):
            return []
        numbers: list[int] = []
        first: Term | None = None  # first term of the column; a column that is given twice begins again
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
        levels = [str(term.level) for term in self.terms if (term.kind, term.column) == ("level", column)]
        return [first, *(level for level in levels if level != first)]

    def as_json(self) -> dict[str, Any]:
        """Return the terms as they are kept with a model, to apply it to another table."""
        return {"terms": [as_dict(term) for term in self.terms], "references": self.references}


def check_terms(
    source: Source,
    text: str | None,
    what: str = "features",
    model: Terms | None = None,
    conditions: Sequence[str] = (),
) -> Terms:
    """Return the terms for `text`: ARRAY[...] or an array column as written; a list gets an intercept.

    In a list, a boolean is 0 or 1, and a text column has a term per level but the first, in its type's order;
    for a `model` that is applied again, the levels that it has.  Levels are those of the rows that training
    uses: all features are there, and the `conditions`, SQL, are true.
    """
    design = list_columns(source, text, what)
    if design.is_vector:
        return terms_of(design)
    if model is None:
        return terms_of(design.with_levels(term_levels(source, design, what, conditions)))
    levels = [
        None if category is None else model.levels(feature.name)
        for feature, category in zip(design.features, design.categories, strict=True)
    ]
    return terms_of(design.with_levels(levels))


def term_levels(
    source: Source, listed: Design, what: str, conditions: Sequence[str] = ()
) -> list[list[str] | None]:
    """Read the levels of a design's text columns in usable rows, None for a number; see `check_terms`."""
    used = [*conditions, *(f"{item} IS NOT NULL" for item in dict.fromkeys(listed.expressions))]
    texts = {n: category for n, category in enumerate(listed.categories) if category}
    levels: list[list[str] | None] = [None for _ in listed.features]
    for n, values in zip(texts, read_levels(source, list(texts.values()), MAX_LEVELS, used), strict=True):
        levels[n] = checked_levels(listed.names[n], values, what)
    return levels


def terms_of(design: Design) -> Terms:
    """Return the terms of a design: for a category, indicators of its levels but the first, the reference."""
    if design.is_vector:
        return Terms([Term(f.name, "vector", f.column) for f in design.features], design.items, True, {})
    terms = [Term(INTERCEPT, "intercept")] if design.is_list else []
    items = ["1::double precision"] if design.is_list else []
    references: dict[str, str] = {}
    types: dict[str, str] = {}
    for feature, category, item in zip(design.features, design.categories, design.items, strict=True):
        name = feature.name
        if category and feature.levels:
            types[name] = category.sql_type
            references[name], *others = feature.levels
            terms += [Term(f"{name}={level}", "level", name, level) for level in others]
            items += level_items(name, category.sql_type, references[name], others)
        else:
            terms.append(Term(name, "number" if feature.column else "expression", feature.column))
            items.append(item)
    result = Terms(terms, items, False, references)
    if result.single_valued:
        items[0] = intercept_item({column: types[column] for column in result.single_valued}, references)
    return result


def read_terms(text: str | None) -> Terms:
    """Read terms that `as_json` wrote, without items; check them, as any user may have changed the table."""
    try:
        record = json.loads(text or "null")
        terms = [Term(**term) for term in record["terms"]]
        references = dict(record["references"])
        whole = len({term.kind == "vector" for term in terms}) == 1
        whole = whole and all(_is_whole(term, references) for term in terms)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        whole = False
    if not whole:
        message = "the terms of the model cannot be read"
        raise MadpyError(message, sqlstate="22P02", hint="train the model again")
    return Terms(terms, [], terms[0].kind == "vector", references)


def _is_whole(term: Term, references: dict[str, str]) -> bool:
    if term.kind == "level":
        reference = references[str(term.column)]
        if not (isinstance(term.level, str) and isinstance(reference, str)):
            return False
    return isinstance(term.name, str) and isinstance(term.column, COLUMN_OF[term.kind])


def check_same_order(given: list[str], trained: list[str]) -> None:
    """Raise an error for features of a model that are given again in another order."""
    names = [["1" if name == INTERCEPT else name for name in all_names] for all_names in (given, trained)]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]):
        raise MadpyError(
            "the features are not in the order of training",
            hint=f"give them as in training: {', '.join(trained[:SHOWN])}",
        )


def check_number(source: Source, text: str | None, what: str) -> str:
    """Check one expression, a number or boolean; return SQL of it as double precision."""
    expressions = check_expression(source, text, what, "number or boolean")
    return number_item(expressions.items[0], expressions.kinds[0])


def check_numbers(source: Source, target: str | None, **others: str | None) -> dict[str, str]:
    """Return SQL of the target, and of those others that are given, by what messages call them."""
    given = {"target": target} | {what: text for what, text in others.items() if text is not None}
    return {what: check_number(source, text, what) for what, text in given.items()}


def used_rows(target: str, weights: str | None = None, offset: str | None = None) -> list[str]:
    """Return conditions of the rows that a fit uses, besides those of its features."""
    used = [f"{item} IS NOT NULL" for item in (target, offset) if item is not None]
    return [*used, *has_weight(weights)]


def has_weight(weights: str | None) -> list[str]:
    """Return the condition of a row that its weight, SQL, is not zero; [] without weights."""
    return [] if weights is None else [f"{weights} <> 0::double precision"]


def has_features(source: Source, text: str | None, what: str = "features") -> list[str]:
    """Return conditions of a row that none of its features is NULL, no element of an array column either."""
    expressions = check_expressions(source, text, what, allowed=ALLOWED)
    if not expressions.is_vector:
        return _are_there(expressions.items)
    condition = """
        CASE pg_catalog.array_ndims({vector:q})
            WHEN 1 THEN pg_catalog.array_position({vector:q}, NULL) IS NULL END
        """
    return [fill(condition, {"vector": expressions.items[0]})]


def _are_there(items: Sequence[str]) -> list[str]:
    return [f"{item} IS NOT NULL" for item in dict.fromkeys(items)]


def checked_number(name: str, item: str, sql_type: str) -> str:
    """Return SQL of a model's feature over another table, a number; raise an error for other types."""
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


def with_offset(vector: str, offset: str) -> str:
    """Return SQL of an array of features with the offset as its last element.

    An array that is NULL, empty or of several dimensions stays what it is, for C to skip or to refuse:
    array_append would make an array of the offset alone out of the first two.
    """
    return fill(
        "CASE pg_catalog.array_ndims({vector:q}) WHEN 1 THEN"
        " pg_catalog.array_append({vector:q}, {offset:q}) ELSE {vector:q} END",
        {"vector": vector, "offset": offset},
    )


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


def checked_levels(column: str, levels: list[str], what: str) -> list[str]:
    """Return the levels of a text column; raise an error for too many; [""] stands for none at all."""
    if len(levels) > MAX_LEVELS:
        raise MadpyError(
            f"{what}: column {quoted(column)} has more than {MAX_LEVELS} distinct values",
            sqlstate="54011",
            hint="group them first, or leave the column out: it may be a name or a key",
        )
    return levels or [""]
