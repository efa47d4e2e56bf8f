"""The plan of a training: the rows, how they are split, and the candidates."""

from typing import Any

from madpy.modules.projects.training.candidates import Wanted
from madpy.modules.projects.training.split import Split
from madpy.ports.postgres.scan.source import Source
from madpy.records import Record


class Rows(Record):
    """The rows of a relation; `holdout` is SQL that is true for a row for testing."""

    task: str
    source: Source
    features: list[str]
    split: Split
    holdout: str | None


class Plan(Rows):
    """A training, its arguments checked."""

    wanted: Wanted
    metric: str | None
    limit: float | None  # seconds
    started: float  # time.monotonic()

    @property
    def algorithm(self) -> str:
        """Return the algorithm, or `auto` where there are several."""
        names = {str(one["algorithm"]) for one in self.wanted.candidates}
        return names.pop() if len(names) == 1 else "auto"

    @property
    def first(self) -> dict[str, Any]:
        return self.wanted.candidates[0]
