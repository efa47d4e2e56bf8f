"""Estimators that scikit-learn itself fits over arrays of other modules (its array API dispatch)."""

from typing import Any

import sklearn
from sklearn.utils import get_tags


def takes(estimator: Any) -> bool:
    """Tell whether the installed scikit-learn can dispatch, with the estimator's hyperparameters."""
    return bool(getattr(get_tags(estimator), "array_api_support", False))


def takes_lda(estimator: Any) -> bool:
    """Tell the same of a linear discriminant analysis, whose tag does not depend on its solver."""
    return takes(estimator) and estimator.solver == "svd"


def fit(estimator: Any, device: Any, X: Any, y: Any, weights: Any) -> None:
    """Fit over arrays of the device, and bring the attributes back as arrays of numpy."""
    placed = {"y": y, "sample_weight": weights}
    moved = {name: device.put(one) for name, one in placed.items() if one is not None}
    rows = device.put(X)
    with sklearn.config_context(array_api_dispatch=True):
        estimator.fit(rows, **moved)
    for name, value in vars(estimator).items():
        setattr(estimator, name, _at_home(value, device, type(rows)))


def _at_home(value: Any, device: Any, kind: type) -> Any:
    if isinstance(value, kind):
        return device.get(value)
    if isinstance(value, list | tuple) and any(isinstance(one, kind) for one in value):
        return type(value)(_at_home(one, device, kind) for one in value)
    return value
