"""The candidates of a training: from names, grids and random draws.  Pure: no database, no worker."""

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

# The algorithms of `auto`, by task, from the fastest on, so that a time limit leaves out the slowest.
AUTO: dict[str, tuple[str, ...]] = {
    "regression": ("linear", "ridge", "hist_gradient_boosting", "random_forest"),
    "classification": ("linear", "hist_gradient_boosting", "random_forest"),
    "clustering": ("kmeans",),
    "decomposition": ("pca",),
}
NEAR = "nearest_neighbors"  # tried where rows are few
NEAR_ROWS = 10_000
MOST_CANDIDATES = 10_000


def automatic(task: str, *, is_small: bool) -> list[str]:
    """Return the algorithms that `auto` tries for a task; over few rows nearest neighbours too."""
    near = [NEAR] if task in ("regression", "classification") and is_small else []
    return [*AUTO[task], *near]


def count(values: Mapping[str, Sequence[Any]]) -> int:
    """Return the number of combinations of the values of each hyperparameter."""
    return math.prod(len(options) for options in values.values())


def grid(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of the values of each hyperparameter; the last one changes fastest."""
    return [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]


def drawn(values: Mapping[str, Sequence[Any]], wanted: int, seed: int) -> list[dict[str, Any]]:
    """Return `wanted` different combinations at random, or all where there are no more."""
    sizes = [len(options) for options in values.values()]
    total = count(values)
    chosen = random.Random(seed).sample(range(total), min(wanted, total))
    return [_combination(values, sizes, number) for number in chosen]


def _combination(values: Mapping[str, Sequence[Any]], sizes: Sequence[int], number: int) -> dict[str, Any]:
    """Return a combination by its number, the last hyperparameter changing fastest."""
    one = {}
    for (name, options), size in reversed(list(zip(values.items(), sizes, strict=True))):
        number, at = divmod(number, size)
        one[name] = options[at]
    return dict(reversed(one.items()))


def best(scores: Sequence[float | None], is_lower: bool) -> int:
    """Return the position of the best score, of equal ones the last; None and NaN are worse than a number."""

    def worth(at: int) -> tuple[bool, float, int]:
        score = scores[at]
        if score is None or math.isnan(score):
            return False, 0.0, at
        return True, -score if is_lower else score, at

    return max(range(len(scores)), key=worth)


def before_last(history: Sequence[tuple[int | None, bool]]) -> int | None:
    """Return the model to which a rollback goes, None if there is none.

    `history` has each deployment, the first one first: its model, None if it was dropped since, and whether
    it was a rollback.  A rollback takes the last deployment away, so that the next one goes further back.
    """
    stack: list[int | None] = []
    for model, is_rollback in history:
        if is_rollback and stack:
            stack.pop()
            while model is not None and stack and stack[-1] != model:  # dropped models were passed over
                stack.pop()
        if model is not None and model not in stack[-1:]:
            stack.append(model)
        elif model is None and not is_rollback:
            stack.append(None)
    current = stack.pop() if stack else None
    while stack and stack[-1] in (None, current):
        stack.pop()
    return stack[-1] if stack else None
