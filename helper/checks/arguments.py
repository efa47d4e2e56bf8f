"""Checks of plain arguments, and SQL names as text: the part of the validation layer without a database."""

import math
import re
from collections.abc import Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.ports.postgres.session.sql import identifier

# PostgreSQL's identifiers: letters are a-z and whatever is not ASCII; only ASCII is folded to lower case.
PART = r'(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*|"(?:[^"]|"")+")'
PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
PLAIN_PATH = re.compile(r"[a-z_][a-z0-9_$]*(?:\.[a-z_][a-z0-9_$]*)*")  # names that stand for themselves


def check_not_null(name: str, value: Any) -> Any:
    """Return the value of an argument that must not be NULL."""
    if value is None:
        raise MadpyError(f"{name} must not be null", sqlstate="22004")
    return value


def check_range(name: str, value: float | None, low: float | None = None, high: float | None = None) -> float:
    """Return a number from `low` to `high`, both included; None is no bound."""
    number: float = check_not_null(name, value)
    if math.isnan(number) or (low is not None and number < low) or (high is not None and number > high):
        wanted = f"between {low} and {high}" if high is not None else f"at least {low}"
        raise MadpyError(f"{name} must be {f'at most {high}' if low is None else wanted}, not {number}")
    return number


def check_iterations(max_iter: int | None, tolerance: float | None) -> tuple[int, float]:
    """Return the most iterations of a fit, at least one, and the tolerance that ends them, from 0 to 1."""
    return int(check_range("max_iter", max_iter, low=1)), check_range("tolerance", tolerance, low=0, high=1)


def check_choice(name: str, value: str | None, choices: Sequence[str]) -> str:
    """Return a word that is one of `choices`."""
    word: str = check_not_null(name, value)
    if word not in choices:
        raise MadpyError(f"{name}: unknown value {quoted(word)}", hint=f"known are: {', '.join(choices)}")
    return word


def parse_name(text: str) -> list[str] | None:
    """Return the parts of a possibly qualified SQL name, folded and unquoted; None for other text."""
    if PLAIN_PATH.fullmatch(text):
        return text.split(".")
    if not re.fullmatch(rf"\s*{PART}(?:\s*\.\s*{PART})*\s*", text, re.ASCII):
        return None
    return [
        part[1:-1].replace('""', '"') if part[0] == '"' else re.sub("[A-Z]+", lambda m: m[0].lower(), part)
        for part in re.findall(PART, text)
    ]


def quoted(name: str) -> str:
    """Quote a name for a message."""
    return f'"{name}"'


def shown(name: str) -> str:
    """Write a name for a hint, to be copied: with quotes if SQL needs them."""
    return name if PLAIN.fullmatch(name) else identifier(name)
