"""A fit: the rows of each group into the arrays of a model."""

import math
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from madpy.worker import memory
from madpy.worker.columns import Columns, Floats, empty_columns
from madpy.worker.details import names_of
from madpy.worker.device import CPU, Device
from madpy.worker.errors import WorkerError
from madpy.worker.estimators import ALGORITHMS, tasks_of
from madpy.worker.estimators.algorithm import LARGEST, Algorithm
from madpy.worker.estimators.arrays import FITS, fit_of
from madpy.worker.estimators.by_pieces import ByPieces
from madpy.worker.estimators.parameters import Choice, checked
from madpy.worker.fitted import Fitted, Rows, predictions
from madpy.worker.layout import KIND_LINEAR
from madpy.worker.learning import learn
from madpy.worker.model import arrays_of
from madpy.worker.preparation import Input, Learned, Rule, complete, rules_of
from madpy.worker.prepared import Prepared
from madpy.worker.reasons import check_columns, check_sum, check_weights, rows_as_reason

ENGINE = Choice("sklearn")  # the program that fits: there is one so far
MOST_SCORED = 10_000  # rows, where scoring is slow
Answer = tuple[dict[str, Any], list[NDArray[Any]]]


def fit(request: dict[str, Any], files: list[int], device: Device = CPU) -> Iterator[Answer]:
    """Fit a model for each group and yield it; the rows lie in the files, which are closed at the end."""
    try:
        columns = Columns.of(files, request["layout"])
        groups = request["groups"]
        empty = _empty(columns, request)
        if empty:
            yield {"event": "left_out", "inputs": empty}, []
        job = Job(request, device, empty)
        for number, (first, last) in enumerate(groups):
            rows = job.read(columns, int(first), int(last))
            yield {"event": "progress", "group": number, "groups": len(groups)}, []
            figures, arrays = _fitted(job, rows, is_alone=len(groups) == 1)
            yield {"event": "model", "group": number, **figures}, arrays
    finally:
        for file in files:
            os.close(file)


def _empty(columns: Columns, request: dict[str, Any]) -> list[int]:
    """Return the inputs that are NULL in every row of all groups, where models may do without."""
    if not request["may_leave_out"] or not columns.features.has_nan or not request["groups"]:
        return []
    return empty_columns(columns.features.rows(0, int(request["groups"][-1][1])))


def _fitted(job: "Job", rows: Rows, *, is_alone: bool) -> Answer:
    """Fit one group; a group among others that cannot be fitted has a reason in place of a model."""
    try:
        return job.fit(rows)
    except Exception as error:  # an error of a library, or of this group's rows
        if is_alone or memory.is_reason_of(error):
            raise
        figures = {"num_rows": len(rows.X), "num_skipped": rows.num_skipped}
        return {**figures, "reason": f"no model: {error}"[:500]}, []


def numbers_of(request: dict[str, Any]) -> int:
    """Return rows times inputs of the largest fit; 0 if only the CPU fits what is asked for."""
    algorithms = [one["algorithm"] for one in request.get("candidates", [request])]
    if all((name, request["task"]) not in FITS for name in algorithms):
        return 0
    groups = request.get("groups", [request.get("rows")])
    rows = max((int(last) - int(first) for first, last in groups), default=0)
    return rows * len(request["inputs"])


class Job:
    """A checked request."""

    def __init__(self, request: dict[str, Any], device: Device = CPU, left_out: Sequence[int] = ()) -> None:
        """Check a request; `left_out` are inputs that the model does without."""
        self.device = device
        self.task = str(request["task"])
        self.algorithm = find(str(request["algorithm"]), self.task)
        known = {**self.algorithm.parameters, "engine": ENGINE}
        self.hyperparams = checked(self.algorithm.name, request["hyperparams"], known)
        self.hyperparams.pop("engine", None)
        inputs = [Input(one["name"], one["levels"]) for one in request["inputs"]]
        default = Rule(encode=self.algorithm.encode)
        impute = "none" if self.algorithm.takes_nan else "mean"
        scale = "none" if self.algorithm.encode == "ordinal" else self.algorithm.scale
        auto = replace(default, impute=impute, scale=scale)
        rules = rules_of(request["preprocess"], inputs, default, auto)
        self.used = [j for j in range(len(inputs)) if j not in left_out]
        self.inputs, self.rules = [inputs[j] for j in self.used], [rules[j] for j in self.used]
        self.targets = [int(one) for one in request["targets"]]
        self.weights = None if request["weights"] is None else int(request["weights"])
        self.labels: list[str] = request["classes"]
        self.seed = int(request["seed"])
        if len(self.targets) > 1 and not self.algorithm.several_targets:
            raise WorkerError(f"{self.algorithm.name} takes one target, not {len(self.targets)}")
        if self.weights is not None and not self.algorithm.takes_weights:
            raise WorkerError(f"{self.algorithm.name} takes no weights", hint="leave out weights")

    def read(self, columns: Columns, first: int, last: int) -> Rows:
        """Return the rows of a group that can be used."""
        X = columns.features.rows(first, last)
        if len(self.used) < X.shape[1]:
            X = X.take(self.used, axis=1)
        others = columns.others.rows(first, last)
        y = np.ascontiguousarray(others[:, self.targets])
        weights = None if self.weights is None else np.ascontiguousarray(others[:, self.weights])
        used = np.ones(last - first, bool)
        if columns.others.has_nan:
            used &= ~np.isnan(y).any(axis=1)
        if weights is not None:
            check_weights(weights)
            used &= weights > 0
        if columns.features.has_nan:
            used &= complete(X, self.inputs, self.rules, self.algorithm.takes_nan)
        if not used.all():
            X, y, weights = X[used], y[used], None if weights is None else weights[used]
        if weights is not None:
            check_sum(weights)
        return Rows(X, y, weights, int((~used).sum()))

    def fit(self, rows: Rows) -> Answer:
        """Fit one group; return its figures and the arrays of its model."""
        X, y, weights = rows.X, rows.y, rows.weights
        figures: dict[str, Any] = {"num_rows": len(X), "num_skipped": rows.num_skipped}
        codes = self.codes(y)
        if reason := self.reason(rows, codes):
            return {**figures, "reason": reason}, []
        fitted = self.fitted(rows)
        arrays = self.arrays_of(fitted, rows, codes)
        with rows_as_reason(fitted.prepared, y, fitted.names):
            scores = self._scores(fitted.estimator, fitted.prepared, y, weights)
        return {**figures, "metrics": scores, **fitted.said()}, arrays

    def codes(self, y: Floats) -> list[int]:
        """Return the codes of the classes that are there, none for other tasks."""
        return (
            np.flatnonzero(np.bincount(y[:, 0].astype(int))).tolist() if self.task == "classification" else []
        )

    def reason(self, rows: Rows, codes: Sequence[int]) -> str | None:
        """Return why these rows cannot be fitted, None if they can."""
        if not len(rows.X):
            return "none of the rows can be used"
        priors = self.hyperparams.get("priors")
        if priors is not None and len(priors) != len(codes):
            return f"priors has {len(priors)} number(s), and there are {len(codes)} classes"
        return f"the target has one class only: {self.labels[codes[0]]}" if len(codes) == 1 else None

    def fitted(self, rows: Rows) -> Fitted:
        """Learn the preprocessing on these rows, and fit the estimator."""
        prepared, learned = self._prepared(rows)
        names = names_of(self.inputs, learned)
        check_columns(prepared.peaks(), names, self.algorithm.largest, self.algorithm.name)
        with rows_as_reason(prepared, rows.y, names):
            return Fitted(prepared, names, learned, *self._fitted(prepared, rows.y, rows.weights))

    def arrays_of(self, fitted: Fitted, rows: Rows, codes: Sequence[int]) -> list[NDArray[Any]]:
        """Return the arrays of a model; `codes` are the classes that it was fitted on."""
        with rows_as_reason(fitted.prepared, rows.y, fitted.names):
            form = self.algorithm.form(fitted.estimator)
            return arrays_of(
                self.task,
                form,
                self.inputs,
                fitted.learned,
                [self.labels[code] for code in codes],
                self.algorithm.takes_nan,
                fitted.prepared.means(rows.weights) if form.kind == KIND_LINEAR else None,
            )

    def _prepared(self, rows: Rows) -> tuple[Prepared, list[Learned]]:
        """Return the columns that the estimator is fitted on, and what was learned for them."""
        if any(rule.scale != "none" for rule in self.rules):
            check_columns(rows.moments.peaks, [one.name for one in self.inputs], LARGEST, "preprocess")
        learned, columns = learn(rows.X, rows.y, rows.moments, self.inputs, self.rules, self.task, self.seed)
        return Prepared(rows.X, self.inputs, learned, columns, rows.moments), learned

    def _fitted(self, X: Prepared, y: Floats, weights: Floats | None) -> tuple[Any, str, list[str]]:
        """Return a fitted estimator, the name of the device that fitted it, and the texts of its warnings."""
        estimator = self.algorithm.build(self.hyperparams, self.seed)
        target = None if not self.targets else y[:, 0] if len(self.targets) == 1 else y
        numbers = len(X) * len(self.inputs)
        run = fit_of(self.algorithm.name, self.task, estimator) if self.device.is_worth(numbers) else None
        texts = []
        if run is not None:
            try:
                heard = _warnings_of(lambda: run(estimator, self.device, X.whole, target, weights))
                return estimator, self.device.name, heard
            except MemoryError as error:
                texts = [self._without_device(error)]
                estimator = self.algorithm.build(self.hyperparams, self.seed)
        if isinstance(estimator, ByPieces) and target is not None:
            heard = _warnings_of(lambda: estimator.fit_prepared(X, target, weights))
        else:
            given = {"y": target, "sample_weight": weights}
            given = {name: one for name, one in given.items() if one is not None}
            heard = _warnings_of(lambda: estimator.fit(X.whole, **given))
        return estimator, CPU.name, [*texts, *heard]

    def _without_device(self, error: MemoryError) -> str:
        """Return a warning that the CPU takes the fit; raise WorkerError where it may not."""
        if not self.device.is_optional:
            raise WorkerError(
                "the fit needs more memory of the GPU than madpy.gpu_memory allows, or than it has",
                "53400",
                "raise madpy.gpu_memory, or set madpy.device to auto or to cpu",
            ) from error
        self.device.release()
        return "the GPU has too little memory for the fit, or madpy.gpu_memory is too low: the CPU fitted it"

    def _scores(self, estimator: Any, X: Prepared, y: Floats, weights: Floats | None) -> dict[str, Any]:
        """Return figures of the fit over its own rows, or over some of them where scoring is slow."""
        if self.task not in ("regression", "classification"):
            return {}
        few = slice(MOST_SCORED if self.algorithm.slow_to_score else None)
        predicted = predictions(estimator, X.first(few.stop))
        truth = y[few, 0] if len(self.targets) == 1 else y[few]
        weighted = {"sample_weight": None if weights is None else weights[few]}
        if self.task == "classification":
            return {"accuracy": float(metrics.accuracy_score(truth, predicted, **weighted))}
        squared = float(metrics.mean_squared_error(truth, predicted, **weighted))
        r2 = float(metrics.r2_score(truth, predicted, **weighted)) if len(truth) > 1 else None
        figures = {"r2": r2, "rmse": squared**0.5}
        # squares of large targets overflow, and JSON has no number for that
        return {name: None if one is None or not math.isfinite(one) else one for name, one in figures.items()}


def _warnings_of(run: Callable[[], Any]) -> list[str]:
    """Run a fit; return the texts of its warnings."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        run()
    return list(dict.fromkeys(str(one.message).strip() for one in heard))[:5]


def find(name: str, task: str) -> Algorithm:
    """Return an algorithm; raise WorkerError if there is none for the task."""
    tasks = tasks_of(name)
    if task not in tasks:
        raise WorkerError(f"{name} is not for {task}", hint=f"choose {' or '.join(tasks)}")
    return ALGORITHMS[name, task]
