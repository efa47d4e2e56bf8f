"""Arithmetic of forests in Python.  Pure."""


def features_drawn(features: int, is_classification: bool) -> int:
    """Return how many features are drawn at each split: their root, or a third of them (Breiman 2001)."""
    return max(1, round(features**0.5) if is_classification else features // 3)
