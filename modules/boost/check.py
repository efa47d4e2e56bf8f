"""The settings of boost_train."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.class_weights import BALANCED, ClassWeights
from madpy.helper.features.design import BOOLEANS, Category, Design, Feature
from madpy.helper.features.subject import Subject
from madpy.modules.boost import layout
from madpy.modules.boost.core import ALPHAS, OBJECTIVES
from madpy.ports.postgres.scan.source import Source
from madpy.records import Record

MOST_ROUNDS = 100_000
MOST_LEAVES = 10_000
DEEPEST = 2**31 - 1
LARGEST = 2**31 - 1  # no node has more rows
AUTO = "auto"


class Settings(Record):
    """The checked arguments that say how trees are grown; None: it depends on the features."""

    objective: str
    alpha: float | None
    num_rounds: int
    learning_rate: float
    max_leaves: int
    max_depth: int | None
    min_child: int
    l1: float
    l2: float
    subsample: float
    num_features: int | None
    monotone: dict[str, int]
    validation: float
    is_marked: bool  # the rows held out are those that a column marks
    early_stopping: int
    seed: int

    def numbers(self, subject: Subject, weights: ClassWeights) -> list[float]:
        """Return what the C functions take; `subject` has the objective that is used."""
        names = subject.features.names
        given = {
            layout.BOOST_OBJECTIVE: OBJECTIVES.index(subject.criterion),
            layout.BOOST_ALPHA: 1 if self.alpha is None else self.alpha,
            layout.BOOST_ROUNDS: self.num_rounds,
            layout.BOOST_LEARNING_RATE: self.learning_rate,
            layout.BOOST_MAX_LEAVES: self.max_leaves,
            layout.BOOST_MAX_DEPTH: DEEPEST if self.max_depth is None else self.max_depth,
            layout.BOOST_MIN_CHILD: self.min_child,
            layout.BOOST_L1: self.l1,
            layout.BOOST_L2: self.l2,
            layout.BOOST_SUBSAMPLE: self.subsample,
            layout.BOOST_NUM_FEATURES: len(names) if self.num_features is None else self.num_features,
            layout.BOOST_VALIDATION: self.validation,
            layout.BOOST_MARKED: self.is_marked,
            layout.BOOST_PATIENCE: self.early_stopping,
            layout.BOOST_BALANCED: weights == BALANCED,
            layout.BOOST_SEED: self.seed,
        }
        own = weights if isinstance(weights, list) else [1.0] * len(subject.classes)
        directions = [float(self.monotone.get(name, 0)) for name in names] + [0.0] * self.is_marked
        return [float(given[number]) for number in range(layout.BOOST_FIELDS)] + own + directions


def check_settings(
    objective: str | None,
    alpha: float | None,
    num_rounds: int | None,
    learning_rate: float | None,
    max_leaves: int | None,
    max_depth: int | None,
    min_child: int | None,
    l1: float | None,
    l2: float | None,
    subsample: float | None,
    num_features: int | None,
    monotone: Any,
    validation: str | None,
    early_stopping: int | None,
    seed: int | None,
    listed: Design,
) -> Settings:
    """Check each of these arguments; `listed` are the features."""
    chosen = helper.check_choice("objective", objective, [AUTO, *OBJECTIVES])
    share = _share(validation)
    patience = int(helper.check_range("early_stopping", early_stopping, 0, MOST_ROUNDS))
    if patience and validation is None:
        raise MadpyError(
            "early_stopping needs rows that are held out", hint="give validation, such as validation => '0.2'"
        )
    count = len(listed.features)
    return Settings(
        objective=chosen,
        alpha=_check_alpha(chosen, alpha),
        num_rounds=int(helper.check_range("num_rounds", num_rounds, 1, MOST_ROUNDS)),
        learning_rate=_check_above_zero("learning_rate", learning_rate),
        max_leaves=int(helper.check_range("max_leaves", max_leaves, 2, MOST_LEAVES)),
        max_depth=None if max_depth is None else int(helper.check_range("max_depth", max_depth, 1, DEEPEST)),
        min_child=min(int(helper.check_range("min_child", min_child, 1)), LARGEST),
        l1=helper.check_range("l1", l1, 0, 1e300),
        l2=helper.check_range("l2", l2, 0, 1e300),
        subsample=_check_above_zero("subsample", subsample),
        num_features=None
        if num_features is None
        else int(helper.check_range("num_features", num_features, 1, count)),
        monotone=_check_monotone(monotone, listed),
        validation=share or 0.0,
        is_marked=validation is not None and share is None,
        early_stopping=patience,
        seed=int(helper.check_range("seed", seed, 0, 2**31 - 1)),
    )


def _check_above_zero(name: str, value: float | None) -> float:
    number = helper.check_range(name, value, 0, 1)
    if number < 1e-9:
        raise MadpyError(f"{name} must be above 0, not {number:g}", hint="give a number from 0.001 to 1")
    return number


def _check_alpha(objective: str, alpha: float | None) -> float | None:
    """Return the parameter of an objective, None for one that has none."""
    if objective not in ALPHAS:
        if alpha is not None:
            raise MadpyError(
                f"objective {quoted(objective)} has no alpha",
                hint=f"leave alpha out, or choose {', '.join(ALPHAS)}",
            )
        return None
    default, above, below = ALPHAS[objective]
    if alpha is None:
        return default
    if not above < alpha < below:
        raise MadpyError(
            f"alpha of objective {quoted(objective)} must be above {above:g} and below {below:g},"
            f" not {alpha:g}",
            hint=f"give alpha => {default:g}, or leave it out",
        )
    return alpha


def _check_monotone(given: Any, listed: Design) -> dict[str, int]:
    """Return the direction of each feature that has one; jsonb comes as text."""
    directions = json.loads(given) if isinstance(given, str) else given
    if directions is None:
        return {}
    example = (
        f"""give '{{"{listed.names[0]}": 1}}': 1 for a prediction that never falls, -1 that never rises"""
    )
    if not isinstance(directions, dict):
        raise MadpyError("monotone must be an object of features and their directions", hint=example)
    categories = listed.categories or [None] * len(listed.features)
    kinds = dict(zip(listed.names, categories, strict=True))
    for name, direction in directions.items():
        if name not in kinds:
            raise MadpyError(
                f"monotone: {quoted(name)} is not among the features",
                hint=f"choose among: {', '.join(listed.names[:10])}",
            )
        if kinds[name] is not None:
            raise MadpyError(f"monotone: {quoted(name)} is a category", hint="name a feature of numbers")
        if isinstance(direction, bool) or direction not in (-1, 0, 1):
            raise MadpyError(f"monotone: the direction of {quoted(name)} must be 1, 0 or -1", hint=example)
    return {name: int(direction) for name, direction in directions.items()}


def _share(validation: str | None) -> float | None:
    """Return the share of rows to hold out, None if `validation` is not a number."""
    try:
        share = float(validation or "")
    except ValueError:
        return None
    if not 0 < share < 1:
        raise MadpyError(
            f"validation, as a share of the rows, must be above 0 and below 1, not {share:g}",
            hint="give a share such as '0.2', or a boolean expression",
        )
    return share


def with_mark(source: Source, validation: str | None, listed: Design) -> Design:
    """Return the features and, as the last one, the expression that marks the rows held out."""
    if listed.is_vector:
        raise MadpyError(
            "validation by a column goes with a list of features",
            hint="give a share of the rows, such as validation => '0.2'",
        )
    marked = helper.check_expression(source, validation, "validation", "boolean")
    category = Category(marked.items[0], "boolean")
    return Design(
        [*listed.features, Feature(str(validation), None, BOOLEANS)],
        [*listed.items, category.key],
        categories=[*listed.categories, category],
        is_list=listed.is_list,
    )
