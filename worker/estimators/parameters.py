"""Hyperparameters: of each the type and range; nothing else reaches an estimator."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from madpy.worker.errors import WorkerError


class Parameter(Protocol):
    """A check of a value that came as JSON."""

    def checked(self, value: Any) -> Any:
        """Return the value as the estimator takes it; raise ValueError if it is none."""

    def __str__(self) -> str:
        """Return which values there are, as an error says it."""


@dataclass(frozen=True)
class Integer:
    """An integer from `low` to `high`."""

    low: int
    high: int = 2**31 - 1

    def checked(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise ValueError
        if not self.low <= value <= self.high:
            raise ValueError
        return int(value)

    def __str__(self) -> str:
        return f"an integer from {self.low}" + (f" to {self.high}" if self.high < 2**31 - 1 else "")


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`; `above`: greater than `low`, `below`: less than `high`."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    below: bool = False

    def checked(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError
        if value < self.low or value > self.high:
            raise ValueError
        if (self.above and value == self.low) or (self.below and value == self.high):
            raise ValueError
        return float(value)

    def __str__(self) -> str:
        low = "" if self.low == -math.inf else (" greater than" if self.above else " from") + f" {self.low:g}"
        less = (" and" if low else "") + " less than" if self.below else " to"
        return "a number" + low + ("" if self.high == math.inf else f"{less} {self.high:g}")


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    def checked(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    def __str__(self) -> str:
        return "true or false"


class Choice:
    """One of some texts; null where None is one of them."""

    def __init__(self, *choices: str | None) -> None:
        self._choices = choices

    def checked(self, value: Any) -> str | None:
        if value not in self._choices or isinstance(value, bool | int | float):
            raise ValueError
        return value  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return " or ".join("null" if choice is None else f'"{choice}"' for choice in self._choices)


class OneOf:
    """A value of one of several kinds."""

    def __init__(self, *kinds: Parameter) -> None:
        self._kinds = kinds

    def checked(self, value: Any) -> Any:
        for kind in self._kinds:
            try:
                return kind.checked(value)
            except (ValueError, TypeError):
                continue
        raise ValueError

    def __str__(self) -> str:
        return ", or ".join(map(str, self._kinds))


@dataclass(frozen=True)
class Several:
    """An array of values of one kind, at least one and at most `most`."""

    kind: Parameter
    most: int = 100

    def checked(self, value: Any) -> list[Any]:
        if not isinstance(value, list) or not 1 <= len(value) <= self.most:
            raise ValueError
        return [self.kind.checked(one) for one in value]

    def __str__(self) -> str:
        return f"an array, each {self.kind}"


@dataclass(frozen=True)
class CountOrShare:
    """A whole number is a count, from `low`; a number with a point, as 0.5 or 1.0, is a share of all."""

    low: int

    def checked(self, value: Any) -> int | float:
        if isinstance(value, int):
            return Integer(self.low).checked(value)
        return Real(0, 1, above=True).checked(value)

    def __str__(self) -> str:
        return f"an integer from {self.low}, or a share greater than 0 to 1.0"


@dataclass(frozen=True)
class Number:
    """One of some numbers."""

    choices: tuple[float, ...]

    def checked(self, value: Any) -> float:
        if isinstance(value, bool) or value not in self.choices:
            raise ValueError
        return float(value)

    def __str__(self) -> str:
        return " or ".join(f"{choice:g}" for choice in self.choices)


def checked(algorithm: str, given: Any, known: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the hyperparameters of an algorithm, checked; raise WorkerError for one that is not known."""
    if not isinstance(given, dict):
        raise WorkerError("hyperparams must be an object", hint='write it like this: {"alpha": 0.5}')
    result = {}
    for name, value in given.items():
        if name not in known:
            names: Sequence[str] = sorted(known)
            raise WorkerError(
                f'{algorithm} has no hyperparameter "{name}"', hint=f"known are: {', '.join(names) or 'none'}"
            )
        try:
            result[name] = known[name].checked(value)
        except (ValueError, TypeError, OverflowError):
            raise WorkerError(f'hyperparameter "{name}" of {algorithm} must be {known[name]}') from None
    return result


def supported(estimator: Any, parameters: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """Return those of the parameters that a class has in the installed version of scikit-learn."""
    return {name: kind for name, kind in parameters.items() if name in estimator._parameter_constraints}
