"""Correct digits against the certified values of NIST's linear regressions (StRD), where their files are."""

import math
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pg

from benchmarks.database import Bench
from benchmarks.report import Goal, Table, goal_cells

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "nist"
GOALS = {"Norris": 13, "Longley": 14, "Wampler1": 14, "Wampler4": 14}
CERTIFIED_DIGITS = 15.0
NUMBER = r"(-?[\d.]+(?:E[+-]?\d+)?)"


@dataclass(frozen=True)
class DataSet:
    """x has the powers that the model is made of and no intercept, shape (n, k - 1)."""

    name: str
    y: np.ndarray
    x: np.ndarray
    coef: list[float]
    std_err: list[float]


def accuracy(bench: Bench) -> Table:
    """Digits of the worst coefficient, and for madpy of the worst standard error."""
    files = [FOLDER / f"{name}.dat" for name in GOALS]
    missing = ", ".join(path.stem for path in files if not path.exists())
    rows = []
    with closing(bench.connect()) as connection:
        for data in (read(path) for path in files if path.exists()):
            coef, std_err = fit_madpy(connection, data)
            correct_digits = digits(coef, data.coef)
            others = [digits(fit(data), data.coef) for fit in (fit_numpy, fit_sklearn)]
            rows.append(
                [
                    data.name,
                    f"{correct_digits:.1f}",
                    *goal_cells(Goal(GOALS[data.name], "digits", at_least=True), correct_digits),
                    f"{digits(std_err, data.std_err):.1f}",
                    *(f"{other:.1f}" for other in others),
                ]
            )
    return Table(
        "Accuracy",
        f"Correct digits of the worst coefficient, of the {CERTIFIED_DIGITS:.0f} that NIST certifies."
        + (f"  Not there: {missing}." if missing else ""),
        ["data set", "madpy", "goal", "met", "madpy, standard errors", "numpy lstsq", "scikit-learn"],
        rows,
    )


def fit_madpy(connection: pg.Connection, data: DataSet) -> tuple[list[float], list[float]]:
    """Coefficients and standard errors, the intercept first."""
    columns = ", ".join(f"x{j} double precision" for j in range(1, data.x.shape[1] + 1))
    connection.query(f"CREATE TEMPORARY TABLE nist (y double precision, {columns})")
    connection.inserttable("nist", np.column_stack([data.y, data.x]).tolist())
    features = ", ".join(f"x{j}" for j in range(1, data.x.shape[1] + 1))
    connection.query(f"SELECT madlib.regr_train('nist', 'pg_temp.nist_model', 'y', '{features}')")
    coef, std_err = connection.query("SELECT coef, std_err FROM nist_model").getresult()[0]
    connection.query("DROP TABLE nist, nist_model, nist_model_summary")
    return coef, std_err


def fit_numpy(data: DataSet) -> list[float]:
    x = np.column_stack([np.ones(len(data.y)), data.x])
    coef: list[float] = np.linalg.lstsq(x, data.y)[0].tolist()
    return coef


def fit_sklearn(data: DataSet) -> list[float]:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(data.x, data.y)
    return [float(model.intercept_), *model.coef_.tolist()]


def digits(coef: Sequence[float], certified: Sequence[float]) -> float:
    """-log10 of the largest relative error; of a certified zero, the absolute error."""
    errors = [abs(a - b) / (abs(b) or 1.0) for a, b in zip(coef, certified, strict=True)]
    worst = max(errors)
    return CERTIFIED_DIGITS if worst == 0 else min(CERTIFIED_DIGITS, max(0.0, -math.log10(worst)))


def read(path: Path) -> DataSet:
    """One file of the series.  More parameters than columns: a polynomial of the one column."""
    text = path.read_text()
    parameters = re.findall(rf"^ +B\d+ +{NUMBER} +{NUMBER} *$", text, re.MULTILINE)
    lines = text.split("Data: ")[-1].splitlines()[1:]
    values = np.array([line.split() for line in lines if line.strip()], dtype=np.float64)
    y, x = values[:, 0], values[:, 1:]
    if len(parameters) > x.shape[1] + 1:
        x = x ** np.arange(1, len(parameters))
    return DataSet(path.stem, y, x, *(list(map(float, column)) for column in zip(*parameters, strict=True)))
