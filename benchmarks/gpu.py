"""Fits on a GPU beside the same fits on the CPU: python -m benchmarks.gpu [--rows N] [--numpy].

Needs no database. Each fit is checked: its arrays agree with those of scikit-learn to TOLERANCE of the
largest number. The first fit on a GPU includes what CuPy compiles; the time is the better of two more.
Without a GPU the program says why, and that is all; `--numpy` runs the same code with numpy in the place
of CuPy.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before scikit-learn is imported

import numpy as np
from sklearn.neighbors import KNeighborsRegressor

from benchmarks.report import Table
from madpy.worker.device import Device, chosen, described
from madpy.worker.estimators import ALGORITHMS
from madpy.worker.estimators.arrays import fit_of

TOLERANCE = 1e-9
MEMORY_KB = 16 * 1024 * 1024
COLUMNS = 20
ASKED = 2000  # rows whose neighbours are looked for


@dataclass(frozen=True)
class Case:
    """An estimator, and what of it is compared."""

    name: str
    task: str
    make: Callable[[], Any]
    result: Callable[[Any], list[Any]]
    rows: int
    has_target: bool = True
    predicts: int = 0  # rows that are predicted, too, within the time


def cases(rows: int) -> Iterator[Case]:
    """The five that madpy has a fit of its own for, or takes scikit-learn's over arrays of the device."""
    asked = (
        ("linear", "regression", {}),
        ("ridge", "regression", {}),
        ("kmeans", "clustering", {"n_clusters": 8, "max_iter": 20, "tol": 0.0}),
        ("pca", "decomposition", {"n_components": 5}),
    )
    for name, task, hyperparams in asked:
        algorithm = ALGORITHMS[name, task]

        def make(algorithm: Any = algorithm, hyperparams: Any = hyperparams) -> Any:
            return algorithm.build(hyperparams, 0)

        def result(estimator: Any, algorithm: Any = algorithm) -> list[Any]:
            return list(algorithm.form(estimator).arrays)

        yield Case(name, task, make, result, rows, task == "regression")
    yield Case(
        "nearest_neighbors", "regression", lambda: KNeighborsRegressor(algorithm="kd_tree"),
        lambda estimator: [estimator.predicted], min(rows, 200_000), predicts=ASKED,
    )  # fmt: skip


def data(rows: int) -> tuple[Any, Any]:
    """Return features in four clusters, and a target."""
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, COLUMNS)) + 6 * random.normal(size=(4, COLUMNS))[np.arange(rows) % 4]
    return X, X @ random.normal(size=COLUMNS) + random.normal(size=rows)


def fitted(case: Case, X: Any, y: Any, device: Device | None) -> tuple[float, list[Any]]:
    """Fit once, on the device or by scikit-learn; return the seconds and the arrays of the result."""
    estimator = case.make()
    target = y if case.has_target else None
    started = time.perf_counter()
    if device is None:
        estimator.fit(X, target)
    else:
        run = fit_of(case.name, case.task, estimator)
        assert run is not None
        run(estimator, device, X, target, None)
    if case.predicts:
        estimator.predicted = estimator.predict(X[: case.predicts] + 0.01)
    return time.perf_counter() - started, case.result(estimator)


def difference(ours: list[Any], theirs: list[Any]) -> float:
    """Return the largest difference, in parts of the largest number of its array."""
    gaps = [
        float(np.abs(one - other).max() / max(np.abs(other).max(), 1e-300))
        for one, other in zip(ours, theirs, strict=True)
        if other.size
    ]
    return max(gaps, default=0.0)


def line(case: Case, device: Device) -> tuple[list[str], bool]:
    """Return a line of the table, and whether the results agree."""
    X, y = data(case.rows)
    cpu, expected = min((fitted(case, X, y, None) for _ in range(2)), key=lambda one: one[0])
    first, found = fitted(case, X, y, device)
    again = min(fitted(case, X, y, device)[0] for _ in range(2))
    device.release()
    gap = difference(found, expected)
    times = [f"{seconds:.3f}" for seconds in (cpu, first, again)]
    is_equal = gap <= TOLERANCE
    figures = [f"{cpu / again:.1f}", f"{gap:.0e}", "yes" if is_equal else "**no**"]
    return [case.name, f"{case.rows:,}", *times, *figures], is_equal


def main(arguments: list[str]) -> int:
    """Print the table; return 1 if a result differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each table (%(default)s)")
    parser.add_argument("--numpy", action="store_true", help="numpy in the place of CuPy")
    options = parser.parse_args(arguments)
    facts = described("auto")
    if facts["device"] != "cuda" and not options.numpy:
        print(f"There is no GPU to measure: {facts['detail']}.")
        return 0
    device = Device("numpy", np) if options.numpy else chosen("cuda", MEMORY_KB, 0)
    lines = []
    agree = True
    for case in cases(options.rows):
        cells, is_equal = line(case, device)
        agree = agree and is_equal
        lines.append(cells)
        print(*cells, sep="  ", file=sys.stderr, flush=True)
    cores = os.cpu_count()
    text = f"Seconds of a fit of {COLUMNS} columns: scikit-learn on {cores} cores, and on {device.name}."
    head = ["fit", "rows", "CPU", "device, first", "device", "times faster", "difference", "equal"]
    print(Table("GPU", text, head, lines).markdown())
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
