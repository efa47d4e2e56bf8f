"""Weights of the classes of a target."""

import json
from typing import Any

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.features.subject import Subject

BALANCED = "balanced"
LIGHTEST, HEAVIEST = 1e-12, 1e12

ClassWeights = list[float] | str | None  # a weight for each class, or "balanced"


def check_class_weights(given: Any, subject: Subject) -> ClassWeights:
    """Return the weight of each class, 1 for those that are not named; jsonb comes as text."""
    weights = json.loads(given) if isinstance(given, str) else given
    if weights is None:
        return None
    if not subject.classes:
        raise MadpyError("class_weights are for a classification", hint="leave them out, or use weights")
    if weights == BALANCED:
        return BALANCED
    if not isinstance(weights, dict):
        raise MadpyError(
            "class_weights must be an object of classes and their weights",
            hint=f"""give '{{"{subject.classes[0]}": 2}}', or '"{BALANCED}"'""",
        )
    result = [1.0] * len(subject.classes)
    for label, weight in weights.items():
        if label not in subject.classes:
            raise MadpyError(
                f"class_weights: {quoted(label)} is not a class of the target",
                hint=f"choose among: {', '.join(subject.classes[:10])}",
            )
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not is_number or not LIGHTEST <= weight <= HEAVIEST:
            raise MadpyError(
                f"class_weights: the weight of {quoted(label)} must be from {LIGHTEST:g} to {HEAVIEST:g}",
                hint="give a number above 0",
            )
        result[subject.classes.index(label)] = float(weight)
    return result


def named_weights(weights: ClassWeights, subject: Subject) -> dict[str, float] | str | None:
    """Return the weights of classes by their labels."""
    return dict(zip(subject.classes, weights, strict=True)) if isinstance(weights, list) else weights
