"""Decision trees and ensembles of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import ensemble, tree

from madpy.worker.estimators.algorithm import LARGEST, Algorithm
from madpy.worker.estimators.forest import Tree, trees_form
from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import Boolean, Choice, CountOrShare, Integer, OneOf, Parameter, Real
from madpy.worker.layout import (
    TREES_DECISIONS,
    TREES_EXP,
    TREES_LOGIT,
    TREES_LOGIT_TWICE,
    TREES_MEDIAN,
    TREES_PLAIN,
    TREES_SOFTMAX,
    TREES_VOTES,
)


def _numbers(estimator: Any) -> NDArray[np.float64]:
    """Return of each node the targets' means, or the shares of the classes."""
    values = estimator.tree_.value
    if hasattr(estimator, "classes_"):
        return np.asarray(values[:, 0, : len(estimator.classes_)])
    return np.asarray(values[:, :, 0])


def _tree(estimator: Any) -> Form:
    numbers = _numbers(estimator)
    return trees_form([Tree.of(estimator, numbers)], numbers.shape[1])


def _forest(estimator: Any) -> Form:
    trees = [Tree.of(one, _numbers(one)) for one in estimator.estimators_]
    return trees_form(trees, trees[0].numbers.shape[1], divisor=len(trees))


def _bagging(estimator: Any) -> Form:
    classes = len(estimator.classes_) if hasattr(estimator, "classes_") else 1
    trees = []
    for one, columns in zip(estimator.estimators_, estimator.estimators_features_, strict=True):
        numbers = np.zeros((one.tree_.node_count, classes))
        # A sample may lack classes; those of the members are the numbers of the model's.
        numbers[:, one.classes_.astype(int) if classes > 1 else [0]] = _numbers(one)
        trees.append(Tree.of(one, numbers, columns))
    return trees_form(trees, classes, divisor=len(trees))


def _gradient_boosting(estimator: Any) -> Form:
    stages = estimator.estimators_
    start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), np.float32))[0]
    rate = estimator.learning_rate
    link = TREES_PLAIN
    if hasattr(estimator, "classes_"):
        binary = TREES_LOGIT_TWICE if estimator.loss == "exponential" else TREES_LOGIT
        link = TREES_SOFTMAX if len(start) > 1 else binary
    trees = [Tree.of(one, rate * _numbers(one)) for one in stages.ravel()]
    return trees_form(trees, len(start), link=link, start=start, zero_is_second=True)


def _histograms(estimator: Any) -> Form:
    start = np.asarray(estimator._baseline_prediction, float).ravel()
    link = TREES_EXP if estimator.loss in ("poisson", "gamma") else TREES_PLAIN
    if hasattr(estimator, "classes_"):
        link = TREES_SOFTMAX if len(start) > 1 else TREES_LOGIT
    trees = [Tree.of_histograms(one) for stage in estimator._predictors for one in stage]
    return trees_form(trees, len(start), link=link, start=start, is_single=False)


def _ada_boost_classes(estimator: Any) -> Form:
    classes, weights = len(estimator.classes_), estimator.estimator_weights_[: len(estimator.estimators_)]
    trees = []
    for one in estimator.estimators_:
        chosen = one.classes_[_numbers(one).argmax(axis=1)]
        trees.append(Tree.of(one, np.searchsorted(estimator.classes_, chosen)[:, None].astype(float)))
    return trees_form(
        trees, 1 if classes == 2 else classes, rule=TREES_VOTES, link=TREES_DECISIONS,
        divisor=estimator.estimator_weights_.sum(), weights=weights, others=-1 / (classes - 1) * weights,
    )  # fmt: skip


def _ada_boost_median(estimator: Any) -> Form:
    trees = [Tree.of(one, _numbers(one)) for one in estimator.estimators_]
    return trees_form(trees, 1, rule=TREES_MEDIAN, weights=estimator.estimator_weights_[: len(trees)])


def _of_trees(
    members: Any, member: Any, names: Mapping[str, Parameter], **default: Any
) -> Callable[..., Any]:
    """Return a function that makes an ensemble; the hyperparameters `names` are those of its trees."""

    def build(**given: Any) -> Any:
        own = {name: given.pop(name) for name in names if name in given}
        return members(estimator=member(**{**default, **own}), **given)

    return build


PART = Real(0, 1, above=True, below=True)
ESTIMATORS = Integer(1, 100_000)
SHAPE: dict[str, Parameter] = {
    "max_depth": OneOf(Integer(1), Choice(None)),
    "min_samples_split": CountOrShare(2),
    "min_samples_leaf": OneOf(Integer(1), PART),
    "min_weight_fraction_leaf": Real(0, 0.5),
    "max_leaf_nodes": OneOf(Integer(2), Choice(None)),
    "min_impurity_decrease": Real(0),
    "ccp_alpha": Real(0),
}
FEATURES = OneOf(CountOrShare(1), Choice("sqrt", "log2", None))
BY_TASK: dict[str, dict[str, Parameter]] = {
    "classification": {
        "criterion": Choice("gini", "entropy", "log_loss"),
        "class_weight": Choice("balanced", None),
    },
    "regression": {"criterion": Choice("squared_error", "absolute_error", "poisson")},
}
FOREST: dict[str, Parameter] = {
    "n_estimators": ESTIMATORS,
    "max_features": FEATURES,
    "bootstrap": Boolean(),
    "max_samples": OneOf(CountOrShare(1), Choice(None)),
}
OF_FORESTS = {
    "classification": {"class_weight": Choice("balanced", "balanced_subsample", None)},
    "regression": {},
}
BAGGING: dict[str, Parameter] = {
    "n_estimators": ESTIMATORS,
    "max_samples": CountOrShare(1),
    "max_features": CountOrShare(1),
    "bootstrap": Boolean(),
    "bootstrap_features": Boolean(),
}
BOOSTING: dict[str, Parameter] = {
    "n_estimators": ESTIMATORS,
    "learning_rate": Real(0),
    "subsample": Real(0, 1, above=True),
    "max_features": FEATURES,
    "init": Choice("zero", None),
    "n_iter_no_change": OneOf(Integer(1), Choice(None)),
    "validation_fraction": PART,
    "tol": Real(0),
}
HISTOGRAMS: dict[str, Parameter] = {
    "max_iter": ESTIMATORS,
    "learning_rate": Real(0, above=True),
    "max_leaf_nodes": OneOf(Integer(2), Choice(None)),
    "max_depth": OneOf(Integer(1), Choice(None)),
    "min_samples_leaf": Integer(1),
    "l2_regularization": Real(0),
    "max_features": Real(0, 1, above=True),
    "max_bins": Integer(2, 255),
    "early_stopping": OneOf(Boolean(), Choice("auto")),
    "n_iter_no_change": Integer(1),
    "validation_fraction": OneOf(PART, Choice(None)),
    "tol": Real(0),
    "interaction_cst": Choice("pairwise", "no_interactions", None),
}
OF_HISTOGRAMS: dict[str, dict[str, Parameter]] = {
    "classification": {"class_weight": Choice("balanced", None)},
    "regression": {
        "loss": Choice("squared_error", "absolute_error", "gamma", "poisson", "quantile"),
        "quantile": Real(0, 1),
    },
}
ADA_BOOST: dict[str, Parameter] = {"n_estimators": ESTIMATORS, "learning_rate": Real(0, above=True)}

TREES = {"classification": tree.DecisionTreeClassifier, "regression": tree.DecisionTreeRegressor}


def _of_task(task: str) -> list[Algorithm]:
    """Return the algorithms for classification or for regression, which differ in their criteria."""
    is_class = task == "classification"
    shape = {**SHAPE, **BY_TASK[task]}
    member = {name: kind for name, kind in shape.items() if name != "class_weight"}
    losses = (
        Choice("log_loss", "exponential")
        if is_class
        else Choice("squared_error", "absolute_error", "huber", "quantile")
    )
    both: dict[str, Any] = {
        "encode": "ordinal",
        "is_seeded": True,
        "largest": 3e38,
    }  # trees compare in single precision
    return [
        Algorithm(
            "decision_tree", task, TREES[task], _tree,
            {**shape, "max_features": FEATURES, "splitter": Choice("best", "random")},
            takes_nan=True, several_targets=not is_class, **both,
        ),
        Algorithm(
            "random_forest", task,
            ensemble.RandomForestClassifier if is_class else ensemble.RandomForestRegressor,
            _forest, {**shape, **FOREST, **OF_FORESTS[task]},
            takes_nan=True, several_targets=not is_class, **both,
        ),
        Algorithm(
            "extra_trees", task,
            ensemble.ExtraTreesClassifier if is_class else ensemble.ExtraTreesRegressor,
            _forest, {**shape, **FOREST, **OF_FORESTS[task]},
            takes_nan=True, several_targets=not is_class, **both,
        ),
        Algorithm(
            "bagging", task,
            _of_trees(
                ensemble.BaggingClassifier if is_class else ensemble.BaggingRegressor, TREES[task], member
            ),
            _bagging, {**member, **BAGGING}, takes_nan=True, **both,
        ),
        Algorithm(
            "gradient_boosting_trees", task,
            ensemble.GradientBoostingClassifier if is_class else ensemble.GradientBoostingRegressor,
            _gradient_boosting,
            {**SHAPE, **BOOSTING, "loss": losses, **({} if is_class else {"alpha": PART})}, **both,
        ),
        Algorithm(
            "hist_gradient_boosting", task,
            ensemble.HistGradientBoostingClassifier if is_class else ensemble.HistGradientBoostingRegressor,
            _histograms, {**HISTOGRAMS, **OF_HISTOGRAMS[task]}, takes_nan=True,
            **{**both, "largest": LARGEST},
        ),
        Algorithm(
            "ada_boost", task,
            _of_trees(
                ensemble.AdaBoostClassifier if is_class else ensemble.AdaBoostRegressor,
                TREES[task], {**member, "max_features": FEATURES}, max_depth=1 if is_class else 3,
            ),
            _ada_boost_classes if is_class else _ada_boost_median,
            {
                **member, "max_features": FEATURES, **ADA_BOOST,
                **({} if is_class else {"loss": Choice("linear", "square", "exponential")}),
            },
            **both,
        ),
    ]  # fmt: skip


ALGORITHMS = [*_of_task("regression"), *_of_task("classification")]
