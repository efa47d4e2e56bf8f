"""Calls of the drivers as SQL."""

from typing import Any

from tests.call import named

DEFAULTS = {"source_table": "t", "output_table": "m", "features": "x", "k": 2}


def call(function: str = "kmeans_train", **options: Any) -> str:
    """SQL of a call, all arguments by name; kmeans_train has source t, output m, features x and k = 2."""
    options = (DEFAULTS if function == "kmeans_train" else {}) | options
    return named(function, **options)
