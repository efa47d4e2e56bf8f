"""A comparison: candidates, each an algorithm and its options, fitted and scored on the same rows."""

import os
import time
from collections.abc import Generator, Iterator
from typing import Any

from madpy.worker import analysis, memory
from madpy.worker.columns import Columns, empty_columns
from madpy.worker.device import CPU, Device
from madpy.worker.errors import ROWS, WorkerError, fields_of
from madpy.worker.fit import Answer, Job
from madpy.worker.fitted import Rows
from madpy.worker.folds import Fold, folds_of, mean_of, some_rows, within
from madpy.worker.metrics import BETTER
from madpy.worker.moments import moments_of
from madpy.worker.preparation import Input, complete
from madpy.worker.reasons import check_sum
from madpy.worker.scoring import Scorer
from madpy.worker.table import Part, Table, inputs_of, read

Steps = Generator[Answer, None, Answer]


def compare(request: dict[str, Any], files: list[int], device: Device = CPU) -> Iterator[Answer]:
    """Fit and score each candidate and yield it; the rows lie in the files, which are closed."""
    begun = time.monotonic()
    try:
        table = read(
            [Columns.of(files[n : n + 2], request["layout"]) for n in range(0, len(files), 2)], request
        )
    finally:
        for file in files:
            os.close(file)
    comparison = Comparison(request, table, device)
    yield comparison.about(), []
    comparison.cut()
    for candidate in request["candidates"]:
        if request["seconds"] is not None and time.monotonic() - begun >= request["seconds"]:
            yield {"event": "compared", "candidate": candidate["candidate"], "status": "skipped"}, []
        else:
            yield from comparison.run(candidate)


class Comparison:
    """The rows of a comparison, its folds, and the best score so far."""

    def __init__(self, request: dict[str, Any], table: Table, device: Device) -> None:
        self._request = request
        self._table = table
        self._device = device
        self._inputs = inputs_of(request, table)
        self._labels = [request["classes"][code] for code in table.classes]
        self._best = request["best"]
        self._is_lower_better = BETTER[request["task"]][request["metric"]] == "lower"
        self._part = table.fitted.usable()
        self.num_usable = len(self._part.X)
        self._num_skipped = len(table.fitted.X) - self.num_usable
        self._holdout = None if table.holdout is None else table.holdout.usable()
        may_leave_out = request["may_leave_out"] and table.has_nan
        self._empty = empty_columns(self._part.X) if may_leave_out else []
        if self._empty:
            self._part = self._part.without(self._empty)
            self._holdout = self._holdout and self._holdout.without(self._empty)
        self._folds: list[Fold] = []

    def cut(self) -> None:
        """Take the part of the rows that is asked for, and cut it into folds."""
        count, seed = int(self._request["part"]), int(self._request["seed"])
        if 0 < count < self.num_usable:
            classes = self._classes(self._part)
            self._part = self._part.take(some_rows(count, self.num_usable, classes, seed))
        part, folds = self._part, int(self._request["folds"])
        self._folds = folds_of(folds, len(part.X), self._classes(part), part.groups, part.order, seed)

    def _classes(self, part: Part) -> Any:
        return part.y[:, 0] if self._request["task"] == "classification" else None

    def about(self) -> dict[str, Any]:
        """Return the event that describes the rows."""
        fitted, request = self._table.fitted, self._request
        event = {
            "event": "rows",
            "num_rows": len(fitted.X),
            "num_test_rows": 0 if self._table.holdout is None else len(self._table.holdout.X),
            "num_usable": self.num_usable,
            "levels": self._table.levels,
            "classes": self._table.classes,
            "num_classes": self._table.num_classes,
            "empty": self._empty,
        }
        if not request["analyse"]:
            return event
        levels = self._labels if request["task"] == "classification" else None
        seed = int(request["seed"])
        targets = [Input(name, levels) for name in request["target_names"]]
        columns = {
            "features": analysis.described(self._inputs, fitted.X, fitted.moments, seed),
            "targets": analysis.described(targets, fitted.y, moments_of(fitted.y), seed),
        }
        return {**event, "columns": columns}

    def run(self, candidate: dict[str, Any]) -> Iterator[Answer]:
        """Fit and score a candidate; an error of its own is its result."""
        number = candidate["candidate"]
        begun = time.monotonic()
        event = {"event": "compared", "candidate": number}
        try:
            yield self._progress(number, 0), []
            figures, arrays = yield from self._evaluated(candidate)
            event |= {"status": "successful", **figures}
        except WorkerError as error:
            event |= {"status": "failed", **error.fields()}
            arrays = []
        except (Exception, SystemExit) as error:  # an error of a library
            if memory.is_reason_of(error):
                raise
            event |= {"status": "failed", **fields_of(error)}
            arrays = []
        yield {**event, "seconds": time.monotonic() - begun}, arrays

    def _progress(self, number: int, fold: int) -> dict[str, Any]:
        return {"event": "candidate", "candidate": number, "fold": fold, "folds": len(self._folds)}

    def _evaluated(self, candidate: dict[str, Any]) -> Steps:
        """Cross-validate a candidate, then fit it on all rows and score it on the holdout."""
        request = {
            **self._request,
            **candidate,
            "inputs": [vars(one) for one in self._inputs],
        }
        job = Job({**request, "classes": self._labels}, self._device, self._empty)
        scorer = Scorer(job, request["target_names"], len(self._labels))
        used = self._used(job, self._part)
        rows = _rows(self._part, used, self._num_skipped)
        parts, own = [], []
        for n, fold in enumerate(self._folds, 1):
            yield self._progress(candidate["candidate"], n), []
            first, second = within(fold, used)
            fitted = _fitted(job, _some(rows, first), f"fold {n}: ")
            figures, predicted = scorer.others(fitted, _some(rows, second))
            own.append(figures)
            parts.append(predicted)
        if self._folds:
            yield self._progress(candidate["candidate"], 0), []
        fitted = _fitted(job, rows)
        training = scorer.training(fitted, rows)
        tested = scorer.pooled(parts, own) if self._folds else training
        tests = [len(within(fold, used)[1]) for fold in self._folds]
        num_tested = sum(tests) if tests else len(rows.X)
        if self._holdout is not None:
            others = _rows(self._holdout, self._used(job, self._holdout), 0)
            tested, num_tested = scorer.others(fitted, others)[0], len(others.X)
        metric = request["metric"]
        score, deviation = mean_of([one.get(metric) for one in own]) if own else (tested.get(metric), None)
        arrays = job.arrays_of(fitted, rows, job.codes(rows.y)) if self._keeps(score) else []
        return {
            "num_rows": len(rows.X), "num_skipped": rows.num_skipped, "num_test_rows": num_tested,
            "metrics": tested, "train_metrics": training, "fold_metrics": own or None, "score": score,
            "deviation": deviation, **fitted.said(),
        }, arrays  # fmt: skip

    def _used(self, job: Job, part: Part) -> Any:
        """Return which rows have all that the algorithm needs; None for all of them."""
        if not self._table.has_nan:
            return None
        used = complete(part.X, job.inputs, job.rules, job.algorithm.takes_nan)
        return None if used.all() else used

    def _keeps(self, score: float | None) -> bool:
        """Tell whether the model of a candidate is wanted; a score may be the best so far."""
        sign = -1 if self._is_lower_better else 1
        is_best = self._best is None or (score is not None and sign * score > sign * self._best)
        if is_best and score is not None:
            self._best = score
        return {"all": True, "best": is_best, "none": False}[self._request["keep"]]


def _rows(part: Part, used: Any, num_skipped: int) -> Rows:
    if used is not None:
        num_skipped += int((~used).sum())
        part = part.take(used)
    return Rows(part.X, part.y, part.weights, num_skipped, part)


def _some(rows: Rows, which: Any) -> Rows:
    weights = None if rows.weights is None else rows.weights[which]
    return Rows(rows.X.take(which, axis=0), rows.y.take(which, axis=0), weights, 0)


def _fitted(job: Job, rows: Rows, where: str = "") -> Any:
    if reason := job.reason(rows, job.codes(rows.y)):
        raise WorkerError(f"{where}{reason}", ROWS)
    if rows.weights is not None:
        check_sum(rows.weights)
    return job.fitted(rows)
