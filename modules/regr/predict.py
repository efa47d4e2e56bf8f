"""regr_predict on a whole table: the model's terms rebuilt over another source, scored in C."""

from dataclasses import dataclass

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.expressions import columns_of
from madpy.helper.terms import Term, Terms, check_terms, level_item, number_item
from madpy.modules.regr.check import check_model, model_terms
from madpy.ports.postgres.db import Database, Relation, fill, identifier
from madpy.ports.postgres.scan import join_groups

PREDICTION = "prediction"


@dataclass(frozen=True)
class Predictions:
    """Field for field the SQL type regr_predictions."""

    output_table: str
    num_rows: int
    num_null_predictions: int


def predict(
    db: Database,
    model_table: str | None,
    source_table: str | None,
    output_table: str | None,
    features: str | None,
) -> Predictions:
    """Create `output_table`: the columns of the source, and `prediction`.

    A prediction is NULL where a feature is, where the model has no such group, and where a text column has a
    value that it did not have in training.
    """
    model = helper.check_source(db, model_table, "model_table")
    groups = check_model(db, model)
    source = helper.check_source(db, source_table)
    output = helper.check_new_table(db, output_table, source, room="")
    columns = columns_of(db, source)
    if PREDICTION in columns:
        raise MadpyError(
            f'table "{source.name}" has a column "{PREDICTION}" already',
            sqlstate="42701",
            hint="rename it, or predict from a view without it",
        )
    for group in groups:
        if group not in columns:
            raise MadpyError(
                f'table "{source.name}" has no column "{group}"',
                sqlstate="42703",
                hint=f"the model is grouped by it: {', '.join(groups)}",
            )
    if features is not None:
        vector = _given(db, source, features, model)
    else:
        vector = _remembered(model_terms(db, model), columns, source)
    return _create(db, model, groups, source, output, columns, vector)


def _given(db: Database, source: Relation, features: str, model: Relation) -> str:
    """SQL of the features that the caller wrote."""
    terms = check_terms(db, source, features)
    wanted = db.value(
        "SELECT pg_catalog.cardinality(coef) FROM {model:i} WHERE coef IS NOT NULL LIMIT 1", model=model
    )
    if terms.is_vector:
        return terms.items[0]
    if wanted is not None and len(terms.items) != wanted:
        raise MadpyError(
            f"{len(terms.items)} features do not fit the {wanted} terms of the model",
            hint="give the features in the order of training; see feature_names in the model",
        )
    return f"ARRAY[{', '.join(terms.items)}]"


def _remembered(terms: Terms, columns: dict[str, str], source: Relation) -> str:
    """SQL of the model's terms.  Only names and values are taken from the table, never SQL."""
    for term in terms.terms:
        if term.column is None and term.kind in ("expression", "vector") and not _is_number(term.name):
            raise MadpyError(
                f"the model has an expression among its features: {term.name}",
                hint="give them again, in the order of the model's feature_names: features => 'ARRAY[...]'",
            )
        if term.column is not None and term.column not in columns:
            raise MadpyError(
                f'column "{term.column}" of table "{source.name}" does not exist',
                sqlstate="42703",
                hint="the model was trained on it",
            )
    if terms.is_vector:
        return fill("{c:i}::double precision[]", {"c": terms.terms[0].column})
    return f"ARRAY[{', '.join(_item(term, terms, columns) for term in terms.terms)}]"


def _is_number(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _item(term: Term, terms: Terms, columns: dict[str, str]) -> str:
    match term.kind, term.column, term.level:
        case "level", str(column), str(level):
            levels = [other.level for other in terms.terms if other.column == column]
            known = [terms.references[column], *levels]
            item = level_item(column, level)
            return fill(
                "CASE WHEN {c:i}::text = ANY ({known:l}) THEN {item:q} END",
                {"c": column, "known": known, "item": item},
            )
        case "number", str(column), _:
            return number_item(identifier(column), columns[column])
        case "expression", _, _:
            return fill("{n:l}", {"n": float(term.name)})
    return "1::double precision"


def _create(
    db: Database,
    model: Relation,
    groups: list[str],
    source: Relation,
    output: Relation,
    columns: dict[str, str],
    vector: str,
) -> Predictions:
    features = "features"
    while features in columns:
        features += "_"
    db.execute(
        """
        CREATE TABLE {output:i} AS
        SELECT {columns:q} {schema:i}.regr_predict(m.coef, s.{features:i}) AS {prediction:i}
        FROM (SELECT *, {vector:q} AS {features:i} FROM {source:i}) AS s
             {model:q}
        """,
        output=output,
        columns="".join(fill("s.{c:i}, ", {"c": column}) for column in columns),
        features=features,
        prediction=PREDICTION,
        vector=vector,
        source=source,
        model=join_groups(fill("{m:i} AS m", {"m": model}), groups, "s", "m", "LEFT JOIN"),
    )
    counted = db.execute(
        """
        SELECT pg_catalog.count(*) AS all, pg_catalog.count(*) FILTER (WHERE {p:i} IS NULL) AS nulls
        FROM {output:i}
        """,
        p=PREDICTION,
        output=output,
    )[0]
    return Predictions(helper.full_name(db, output), counted["all"], counted["nulls"])
