"""Models that are fitted row by row: hyperparameters that they share, and passive-aggressive ones."""

from collections.abc import Callable
from typing import Any

import sklearn
from sklearn import linear_model

from madpy.worker.estimators.parameters import Boolean, Choice, Integer, OneOf, Parameter, Real

AT_RANDOM: dict[str, Parameter] = {
    "fit_intercept": Boolean(),
    "max_iter": Integer(1, 1_000_000),
    "tol": OneOf(Real(0), Choice(None)),
    "shuffle": Boolean(),
    "early_stopping": Boolean(),
    "validation_fraction": Real(0, 1, above=True, below=True),
    "n_iter_no_change": Integer(1),
}
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
# From this version on the rule is a learning rate of the SGD classes, and its own classes are deprecated.
FIRST_WITH_RULE = (1, 8)
CLASSES = {
    "regression": ("SGDRegressor", "PassiveAggressiveRegressor", "epsilon_insensitive"),
    "classification": ("SGDClassifier", "PassiveAggressiveClassifier", "hinge"),
}


def passive_aggressive(task: str) -> Callable[..., Any]:
    """Return a function that makes an estimator, whatever the version of scikit-learn calls its class."""
    descent, own, first = CLASSES[task]

    def make(C: float = 1.0, loss: str = first, **others: Any) -> Any:
        if VERSION < FIRST_WITH_RULE:
            return getattr(linear_model, own)(C=C, loss=loss, **others)
        rule = "pa1" if loss == first else "pa2"
        return getattr(linear_model, descent)(loss=first, penalty=None, learning_rate=rule, eta0=C, **others)

    return make
