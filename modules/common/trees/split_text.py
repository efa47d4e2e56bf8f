"""Splits as readable texts.  Pure."""

from collections.abc import Sequence

import numpy as np

SHOWN = 6  # levels in the text of a split


def below(name: str, limit: float) -> str:
    return f"{name} is not null" if limit == np.inf else f"{name} <= {_short(limit)}"


def among(name: str, levels: Sequence[str], is_left: Sequence[str]) -> str:
    left = set(is_left)
    others = [level for level in levels if level not in left]
    if list(levels) == ["false", "true"] and len(is_left) == 1:
        return name if list(is_left) == ["true"] else f"not {name}"
    if len(others) < len(is_left):
        return f"{name} not in ({_listed(others)})" if len(others) > 1 else f"{name} <> {_listed(others)}"
    return f"{name} in ({_listed(is_left)})" if len(is_left) > 1 else f"{name} = {_listed(is_left)}"


def _short(number: float) -> str:
    """Round a number to readable digits; the model and `threshold` have all of them."""
    return f"{number:.6g}"


def _listed(levels: Sequence[str]) -> str:
    more = f", and {len(levels) - SHOWN} more" if len(levels) > SHOWN else ""
    return ", ".join(levels[:SHOWN]) + more
