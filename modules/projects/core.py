"""The candidates of a training: from names, grids and random draws.  Pure: no database, no worker."""

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

from madpy.errors import MadpyError

# What `auto` tries, by task: from the fastest on, so that a time limit leaves out the slowest.
AUTO: dict[str, tuple[str, ...]] = {
    "regression": ("linear", "ridge", "hist_gradient_boosting", "random_forest"),
    "classification": ("linear", "hist_gradient_boosting", "random_forest"),
    "clustering": ("kmeans",),
    "decomposition": ("pca",),
}
NEAR = "nearest_neighbors"  # tried where rows are few
NEAR_ROWS = 10_000
MOST_CANDIDATES = 10_000


def automatic(task: str, rows: int) -> list[str]:
    """Return the algorithms that `auto` tries for a task over so many rows."""
    near = [NEAR] if task in ("regression", "classification") and rows <= NEAR_ROWS else []
    return [*AUTO[task], *near]


def grid(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of the values of each hyperparameter; the last one changes fastest."""
    count = 1
    for options in values.values():
        count *= len(options)
    if count > MOST_CANDIDATES:
        raise MadpyError(
            f"search_params has {count:,} combinations, more than {MOST_CANDIDATES:,}",
            hint="give fewer values, or search => 'random'",
        )
    return [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]


def drawn(values: Mapping[str, Sequence[Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Return `count` different combinations at random, or all where there are no more."""
    sizes = [len(options) for options in values.values()]
    total = 1
    for size in sizes:
        total *= size
    chosen = random.Random(seed).sample(range(total), min(count, total))
    return [_combination(values, sizes, number) for number in chosen]


def _combination(
    values: Mapping[str, Sequence[Any]], sizes: Sequence[int], number: int
) -> dict[str, Any]:
    """Return a combination by its number, the last hyperparameter changing fastest."""
    one = {}
    for (name, options), size in reversed(list(zip(values.items(), sizes, strict=True))):
        number, at = divmod(number, size)
        one[name] = options[at]
    return dict(reversed(one.items()))
