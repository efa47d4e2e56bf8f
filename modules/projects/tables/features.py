"""The columns that a model table reads."""

from madpy.helper.features.design import read_features
from madpy.helper.tables.coefficients import terms_of
from madpy.helper.tables.models import check_types
from madpy.modules.projects.tables.found import ModelTable
from madpy.modules.projects.tables.linear import LINEAR
from madpy.modules.projects.tables.packed import header_of


def columns_of_features(model: ModelTable) -> list[str] | None:
    """Return the names of the columns, or of elements of one: v[1]; None if a feature is an expression."""
    if model.method in (*LINEAR, "kmeans"):
        check_types(model.summary, {"terms": "jsonb"})
        terms = terms_of(model.summary)
        features = [
            (str(term.column or "") if term.kind == "level" else term.name, term.column)
            for term in terms.terms
            if not term.is_constant
        ]
        features += [(column, column) for column in terms.single_valued]
    else:
        header = header_of(model)
        design = read_features(header.get("features"), header.get("is_vector", False))
        features = [(feature.name, feature.column) for feature in design.features]
    if any(column is None for _, column in features):
        return None
    return list(dict.fromkeys(name for name, _ in features))
