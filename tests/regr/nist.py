"""NIST's Statistical Reference Datasets: the data and the certified values, read from their own files."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "nist"
NUMBER = r"(-?[\d.]+(?:E[+-]?\d+)?|Infinity)"


@dataclass(frozen=True)
class Certified:
    """A linear regression as NIST publishes it: 15 digits."""

    data: list[list[float]]  # a row each: y, then x
    coef: list[float]
    std_err: list[float]
    residual_std_err: float
    r2: float
    f_stat: float


def regression(name: str) -> Certified:
    text = _text(name)
    parameters = re.findall(rf"^ +B\d+ +{NUMBER} +{NUMBER} *$", text, re.MULTILINE)
    return Certified(
        data=table(text.split("Data: ")[-1]),
        coef=[float(estimate) for estimate, _ in parameters],
        std_err=[float(error) for _, error in parameters],
        residual_std_err=certified(text, "Residual\n +Standard Deviation"),
        r2=certified(text, "R-Squared"),
        f_stat=float(_last(rf"^Regression.* {NUMBER} *$", text)),
    )


def univariate(name: str) -> tuple[list[float], float, float]:
    """The values, their mean, and their standard deviation."""
    text = _text(name)
    values = [row[0] for row in table(re.split("-{5,}\n", text)[-1])]
    return values, certified(text, "Sample Mean[^:]*:"), certified(text, "Sample Standard Deviation[^:]*:")


def one_way(name: str) -> tuple[list[tuple[int, float]], float, float, float]:
    """(treatment, value) of each observation; R-squared, residual standard deviation and F."""
    text = _text(name)
    rows = table(text.split("Treatment\n")[-1])[1:]
    values = [(treatment, value) for row in rows for treatment, value in enumerate(row, start=1)]
    deviation = certified(text, "Residual\n +Standard Deviation")
    f_stat = float(_last(rf"^Between Treatment.* {NUMBER} *$", text))
    return values, certified(text, "Certified R-Squared"), deviation, f_stat


def certified(text: str, name: str) -> float:
    return float(_last(rf"{name} +{NUMBER}", text))


def table(text: str) -> list[list[float]]:
    """The lines of numbers in a text."""
    lines = [line.split() for line in text.splitlines()]
    return [[float(word) for word in line] for line in lines if line and re.fullmatch(NUMBER, line[0])]


def _text(name: str) -> str:
    path = FOLDER / f"{name}.dat"
    if not path.exists():
        pytest.skip(f"{path.name} is not there")
    return path.read_text()


def _last(pattern: str, text: str) -> str:
    return re.findall(pattern, text, re.MULTILINE)[-1]
