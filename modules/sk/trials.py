"""The candidates of a comparison, and the requests that have the worker fit and score them."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from madpy.errors import MadpyError, SqlError
from madpy.helper import helper
from madpy.modules.sk.arguments import read_json
from madpy.modules.sk.core import ranked, rungs
from madpy.ports.postgres import worker
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

MOST_CANDIDATES = 10_000
UNREADABLE = "an answer of the worker cannot be read"
KEYS = ("algorithm", "hyperparams", "preprocess")


class Trial:
    """A candidate, and what has become of it: `content` is the worker's last answer about it."""

    def __init__(self, number: int, algorithm: str, hyperparams: Any, preprocess: Any) -> None:
        self.number = number
        self.algorithm = algorithm
        self.hyperparams = hyperparams
        self.preprocess = preprocess
        self.status: str | None = None  # None: it has not been tried
        self.content: dict[str, Any] = {}
        self.seconds = 0.0
        self.rungs: list[dict[str, Any]] = []
        self.model: bytes | None = None
        self.failure: MadpyError | None = None

    @property
    def asked(self) -> dict[str, Any]:
        return {"hyperparams": self.hyperparams, "preprocess": self.preprocess}

    @property
    def score(self) -> float | None:
        """Return the score of a candidate that was fitted on all rows."""
        score: float | None = self.content.get("score") if self.status == "successful" else None
        return score

    @property
    def error(self) -> str | None:
        """Return the text of the error of a candidate that has failed."""
        if self.failure is None:
            return None
        message, detail = self.failure.message, self.failure.detail
        return f"{message}: {detail}" if detail else message


def read_candidates(text: str | None) -> list[Trial]:
    """Return the candidates that are written as an array of objects."""
    helper.check_not_null("candidates", text)
    written = read_json("candidates", text)
    hint = 'write them like this: [{"algorithm": "ridge", "hyperparams": {"alpha": 1}}]'
    if not isinstance(written, list) or not written:
        raise MadpyError("candidates must be an array of objects", hint=hint)
    if len(written) > MOST_CANDIDATES:
        raise MadpyError(f"there are more than {MOST_CANDIDATES} candidates", hint="give fewer of them")
    for n, one in enumerate(written, 1):
        if not isinstance(one, dict) or not isinstance(one.get("algorithm"), str):
            raise MadpyError(f"candidate {n} is not an object with an algorithm", hint=hint)
        if unknown := [key for key in one if key not in KEYS]:
            raise MadpyError(
                f'candidate {n}: "{unknown[0]}" is not known', hint=f"known are: {', '.join(KEYS)}"
            )
    return [
        Trial(n, one["algorithm"], *({} if one.get(key) is None else one[key] for key in KEYS[1:]))
        for n, one in enumerate(written, 1)
    ]


class Halving(Record):
    """Successive halving: the best 1 / factor go on to a part of the rows that is larger by the factor."""

    factor: int
    min_rows: int


def read_halving(text: str | None) -> Halving | None:
    """Return how candidates are halved, None where they are not."""
    if text is None:
        return None
    written = read_json("halving", text)
    if not isinstance(written, dict) or any(name not in ("factor", "min_rows") for name in written):
        raise MadpyError(
            "halving must be an object with factor and min_rows",
            hint='write it like this: {"factor": 3, "min_rows": 200}',
        )
    values = {"factor": 3, "min_rows": 200, **written}
    for name, least in (("factor", 2), ("min_rows", 1)):
        value = values[name]
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise MadpyError(
                f"halving: {name} must be an integer from {least}", hint=f"give {name} another value"
            )
    return Halving(values["factor"], values["min_rows"])


class Runner:
    """Has the worker try candidates; `seen` takes the worker's event about the rows, the first time."""

    def __init__(
        self,
        db: Database,
        request: dict[str, Any],
        files: list[int],
        deadline: float | None,
        seen: Callable[[dict[str, Any]], None],
        model: Callable[[Trial, dict[str, Any], Sequence[Any]], bytes | None],
    ) -> None:
        self._db = db
        self._request = request
        self._files = files
        self._deadline = deadline
        self._seen: Callable[[dict[str, Any]], None] | None = seen
        self._model = model
        self._trials: dict[int, Trial] = {}
        self._total = 0
        self._begun: Trial | None = None
        self._begun_at = 0.0
        self._best: tuple[float | None, Trial] | None = None
        self._where = ""
        self.num_usable = 0

    def look(self) -> None:
        """Have the rows described, and try nothing."""
        self._ask([], 0, "none")

    def run(self, trials: Sequence[Trial], total: int, keep: str, part: int = 0, where: str = "") -> None:
        """Try candidates on all rows, or on a part of them; one that ends the worker has failed.

        At the time limit the worker is ended, and with it the candidate that has begun.
        """
        self._trials = {one.number: one for one in trials}
        self._total, self._where = total, where
        while waiting := [one for one in trials if one.status is None]:
            self._begun = None
            try:
                self._ask(waiting, part, keep)
                return
            except SqlError:
                raise
            except worker.TimeLimitError as error:
                self._fail(error)
                for one in trials:
                    one.status = one.status or "skipped"
            except MadpyError as error:
                if self._begun is None:
                    raise
                self._fail(error)

    def _fail(self, error: MadpyError) -> None:
        """Note the error of the candidate that has begun, if there is one."""
        if self._begun is not None:
            self._begun.status, self._begun.failure = "failed", error
            self._begun.seconds += time.monotonic() - self._begun_at

    def _ask(self, trials: Sequence[Trial], part: int, keep: str) -> None:
        until = math.inf if self._deadline is None else self._deadline
        left = None if self._deadline is None else until - time.monotonic()
        request = {
            **self._request, "part": part, "keep": keep, "seconds": left,
            "analyse": self._seen is not None, "best": None if self._best is None else self._best[0],
            "candidates": [
                {"candidate": one.number, "algorithm": one.algorithm, **one.asked} for one in trials
            ],
        }  # fmt: skip
        with closing(worker.ask(self._db, request, files=self._files, until=until)) as events:
            for message in events:
                try:
                    self._take(message.content, message.arrays, keep)
                except (LookupError, TypeError, ValueError):  # a broken worker may say anything
                    raise MadpyError(UNREADABLE, sqlstate="58000", hint="run it again") from None
        if any(one.status is None for one in trials):
            raise MadpyError(UNREADABLE, sqlstate="58000", hint="run it again")

    def _take(self, content: dict[str, Any], arrays: Sequence[Any], keep: str) -> None:
        """Take an answer of the worker."""
        match content["event"]:
            case "rows" if self._seen is not None:
                self.num_usable = content["num_usable"]
                self._seen(content)
                self._seen = None
            case "candidate":
                if self._begun is None:
                    self._begun_at = time.monotonic()
                self._begun = self._trials[content["candidate"]]
                fold = f", fold {content['fold']} of {content['folds']}" if content["fold"] else ""
                number = f"candidate {content['candidate']} of {self._total}"
                self._db.progress(f"sk_compare: {self._where}{number}{fold}")
            case "compared":
                self._end(self._trials[content["candidate"]], content, arrays, keep)

    def _end(self, trial: Trial, content: dict[str, Any], arrays: Sequence[Any], keep: str) -> None:
        score = content.get("score")
        if arrays and keep == "best" and self._best is not None:
            if score is None:  # not better than the first one without a score
                arrays = ()
            else:
                self._best[1].model = None
        if arrays:
            trial.model = self._model(trial, content, arrays)
            self._best = score, trial
        trial.status, trial.content = content["status"], content
        if trial.status == "failed":
            trial.failure = worker.failure_of(content)
        trial.seconds += content.get("seconds") or 0
        self._begun = None


def race(runner: Runner, trials: list[Trial], halving: Halving, keep: str, *, is_lower_better: bool) -> None:
    """Try candidates on parts of the rows, the best of them on larger ones, and the last ones on all."""
    runner.look()
    sizes = rungs(len(trials), runner.num_usable, halving.factor, halving.min_rows)
    total, left = len(trials), trials
    for n, size in enumerate(sizes, 1):
        is_last = n == len(sizes)
        where = f"rung {n} of {len(sizes)}, "
        runner.run(left, total, keep if is_last else "none", 0 if is_last else size, where)
        tried = [one for one in left if one.status == "successful"]
        for one in tried:
            one.rungs.append({"rows": size, "score": one.score, "seconds": one.content.get("seconds")})
        if is_last or not tried:
            return
        order = ranked([one.score for one in tried], is_lower_better=is_lower_better)
        best = order[: math.ceil(len(left) / halving.factor)]
        for place, number in enumerate(order):
            tried[number].status = None if place < len(best) else "dropped"
        left = [tried[number] for number in best]


def failure(trials: Sequence[Trial]) -> MadpyError:
    """Return the error of a comparison without a candidate that was fitted on all rows."""
    failures = [one.failure for one in trials if one.failure is not None]
    if not failures or any(isinstance(one, worker.TimeLimitError) for one in failures):
        return MadpyError(
            "no candidate was fitted within time_limit",
            sqlstate="53400",
            hint="raise time_limit, or give candidates that take less time",
        )
    first = failures[0]
    if len(trials) == 1:
        return first
    message = f"none of the {len(trials)} candidates could be fitted, the first one because: {first.message}"
    return MadpyError(message, sqlstate=first.sqlstate, hint=first.hint, detail=first.detail)
