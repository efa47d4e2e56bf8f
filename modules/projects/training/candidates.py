"""The candidates of a training: one algorithm, several, or a search over hyperparameters."""

from collections.abc import Callable
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects import core
from madpy.ports.postgres.scan.source import Source
from madpy.records import Record

SEARCHES = ("grid", "random", "halving")
ARGUMENTS = ("n_iter", "folds", "factor", "min_rows")
FOLDS = 5
DRAWS = 10


class Wanted(Record):
    """Candidates as sk_compare takes them, and how they are compared."""

    candidates: list[dict[str, Any]]
    search: dict[str, Any] | None
    folds: int
    halving: dict[str, Any] | None


def wanted(
    task: str,
    is_small: Callable[[], bool],
    seed: int,
    algorithm: str,
    hyperparams: dict[str, Any],
    search: str | None,
    params: dict[str, Any],
    args: dict[str, Any],
    preprocess: Any,
) -> Wanted:
    """Check the arguments of a search and return what it tries; `is_small` is asked by `auto` alone."""
    if search is None:
        if params:
            raise MadpyError("search_params needs a search", hint=f"give search: {', '.join(SEARCHES)}")
        return _without_search(task, is_small, algorithm, hyperparams, preprocess)
    chosen = helper.check_choice("search", search, SEARCHES)
    if algorithm == "auto":
        raise MadpyError("a search needs an algorithm", hint="give algorithm => 'ridge' or another one")
    for name in args:
        helper.check_choice("search_args", name, ARGUMENTS)
    values = {name: _values(name, value) for name, value in params.items()}
    if not values:
        raise MadpyError("search_params is empty", hint='give values to try: {"alpha": [0.1, 1, 10]}')
    folds = _whole(args, "folds", FOLDS, 2)
    if chosen == "random" or "n_iter" in args:
        combinations = core.drawn(values, _whole(args, "n_iter", DRAWS, 1), seed)
    else:
        if core.count(values) > core.MOST_CANDIDATES:
            raise MadpyError(
                f"search_params has {core.count(values):,} combinations, more than {core.MOST_CANDIDATES:,}",
                hint="give fewer values, or search => 'random'",
            )
        combinations = core.grid(values)
    candidates = [
        {"algorithm": algorithm, "hyperparams": {**hyperparams, **one}, "preprocess": preprocess}
        for one in combinations
    ]
    halving = None
    if chosen == "halving":
        halving = {"factor": _whole(args, "factor", 3, 2), "min_rows": _whole(args, "min_rows", 200, 2)}
    return Wanted(
        candidates, {"search": chosen, "search_params": params, "search_args": args}, folds, halving
    )


def _without_search(
    task: str, is_small: Callable[[], bool], algorithm: str, hyperparams: dict[str, Any], preprocess: Any
) -> Wanted:
    if algorithm == "auto" and hyperparams:
        raise MadpyError("hyperparams need an algorithm", hint="give algorithm => 'ridge' or another one")
    names = core.automatic(task, is_small=is_small()) if algorithm == "auto" else [algorithm]
    candidates = [{"algorithm": name, "hyperparams": hyperparams, "preprocess": preprocess} for name in names]
    return Wanted(candidates, None, 0, None)


def has_few_rows(source: Source) -> Callable[[], bool]:
    """Return a function that tells whether a relation is small, and reads only as much as that takes."""

    def has() -> bool:
        count = source.db.value(
            "SELECT count(*) FROM (SELECT FROM {source:i} LIMIT {most:l}) AS few",
            source=source,
            most=core.NEAR_ROWS + 1,
        )
        return int(count) <= core.NEAR_ROWS

    return has


def _values(name: str, value: Any) -> list[Any]:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise MadpyError(f'search_params has no values for "{name}"', hint="give a list of values to try")
    return values


def _whole(args: dict[str, Any], name: str, default: int, low: int) -> int:
    value = args.get(name, default)
    if type(value) is not int or value < low:
        raise MadpyError(
            f"search_args: {name} must be a whole number from {low} on", hint=f"leave it out for {default}"
        )
    return value
