"""Models of nb_train as models of kind bayes in one format: the same numbers."""

from typing import Any

from numpy.typing import NDArray

from madpy.helper.features.design import Design
from madpy.modules.projects.models.layout import KIND_BAYES, MISSING_NAN
from madpy.modules.projects.tables.write import Content, coded

PRIORS, TERMS = 1, 2  # places of arrays (modules/nb/nb_predict.c)


def bayes_content(design: Design, labels: list[str], arrays: list[NDArray[Any]]) -> Content:
    """Return a model of naive Bayes, given its arrays, which C has checked."""
    inputs = [coded(feature.name, feature.levels or []) for feature in design.features]
    return Content(KIND_BAYES, labels, len(labels), inputs, [arrays[PRIORS], arrays[TERMS]], MISSING_NAN)
