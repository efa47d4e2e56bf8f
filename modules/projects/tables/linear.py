"""Models of coefficients, of regr_train, logregr_train and glm_train, as linear models in one format."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.terms import Terms
from madpy.helper.tables.coefficients import Coefficients, terms_of
from madpy.helper.tables.models import check_made_by, check_types, checked_summary
from madpy.modules.projects.models.layout import KIND_LINEAR, LINK_IDENTITY, LINK_LOGIT
from madpy.modules.projects.tables.found import Key, ModelTable
from madpy.modules.projects.tables.write import Content, Input, one_number, write_model

REFERENCE = 0.0  # coefficient of the reference level of a category
LINEAR = ("regr", "logregr", "glm")
COLUMNS = {"coef": "double precision[]", "feature_names": "text[]"}
SUMMARY = {"terms": "jsonb", "classes": "text[]", "target_type": "text", "link": "text", "options": "jsonb"}


def read_linear(model: ModelTable) -> Coefficients:
    """Check the tables of a model of coefficients, and read its terms."""
    check_made_by(model.table, f"{model.method}_train", COLUMNS)
    summary = checked_summary(model.table, f"{model.method}_train", SUMMARY)
    return Coefficients(model.table, model.groups, summary, terms_of(summary))


def coefficients_of(model: ModelTable, terms: Terms) -> Iterator[tuple[Key, list[float]]]:
    """Yield the coefficients of each group that has a model; raise an error where one was not estimated."""
    rows = model.table.db.execute(
        "SELECT {key:q} AS key, m.coef FROM {table:i} AS m WHERE m.coef IS NOT NULL",
        key=model.key_item("m"),
        table=model.table,
    )
    for row in rows:
        coefficients = row["coef"]
        if len(coefficients) != len(terms.terms) or any(isinstance(one, list) for one in coefficients):
            raise model.damaged()
        _check_estimated(terms, coefficients)
        yield row["key"], coefficients


def _check_estimated(terms: Terms, coefficients: list[float | None]) -> None:
    for value, term in zip(coefficients, terms.terms, strict=True):
        if value is None:
            raise MadpyError(
                f"term {quoted(term.name)} was not estimated, as it is a combination of others",
                sqlstate="0A000",
                hint="train without it",
            )


def linear_model(model: ModelTable, terms: Terms, coefficients: list[float]) -> bytes:
    """Return a model of coefficients; its output is the predictor: of logregr_train the logarithm of odds."""
    intercept = 0.0
    numbers: dict[str, list[float]] = {}  # the coefficient of each input, for a category those of its levels
    for term, value in zip(terms.terms, coefficients, strict=True):
        if term.is_constant:
            intercept += value if term.kind == "intercept" else value * float(term.name)
        elif term.kind == "level":
            numbers.setdefault(str(term.column), [REFERENCE]).append(value)
        else:
            numbers[term.name] = [value]
    numbers |= {column: [REFERENCE] for column in terms.single_valued}
    if not numbers:
        raise MadpyError("the model has no features", sqlstate="0A000", hint="choose another model")
    inputs = [
        one_number(name, terms.levels(name), own) if name in terms.references else Input(name)
        for name, own in numbers.items()
    ]
    factors = [1.0 if name in terms.references else own[0] for name, own in numbers.items()]
    labels = _labels(model)
    arrays = [
        np.array([LINK_LOGIT if labels else LINK_IDENTITY], np.int32),
        np.array(factors, float),
        np.array([intercept]),
        np.zeros(len(factors)),
    ]
    content = Content(KIND_LINEAR, labels, 1, inputs, arrays)
    return write_model(content, {"algorithm": model.method, "is_vector": terms.is_vector})


def _labels(model: ModelTable) -> list[str]:
    """Return the labels of the negative and the positive class; none of a regression."""
    if model.method != "logregr":
        return []
    labels: Any = model.facts.get("classes")
    if not isinstance(labels, list) or len(labels) != 2 or not all(isinstance(x, str) for x in labels):
        raise MadpyError(
            "the classes of the model cannot be read", sqlstate="22P02", hint="train the model again"
        )
    return labels


def link_of(model: ModelTable) -> str:
    """Return the name of the link of a model of glm_train; raise an error for one with an offset."""
    check_types(model.summary, SUMMARY)
    rows = model.table.db.execute(
        "SELECT link, options OPERATOR(pg_catalog.->>) 'offset' AS offset_text FROM {summary:i} LIMIT 1",
        summary=model.summary,
    )
    if not rows or rows[0]["link"] is None:
        raise model.damaged()
    if rows[0]["offset_text"] is not None:
        raise MadpyError(
            "the model was trained with an offset", sqlstate="0A000", hint="train without an offset"
        )
    return str(rows[0]["link"])
