"""The pass over the data, which counts and sums the features within each class, in each group.

As the source is streamed, classes and values of categories are numbered as they come, so that it is read
once.  For a store, an array column, more columns than an aggregate takes, or a table on several servers, they
are found before the pass.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError, SqlError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.categories import check_features
from madpy.helper.features.classes import MAX_CLASSES, Classes, check_classes, class_category, classes_of
from madpy.helper.features.design import BOOLEANS, Category, Design, list_features
from madpy.helper.features.levels import MAX_LEVELS, TARGET, in_order, too_many_levels
from madpy.helper.features.terms import has_weight
from madpy.modules.nb import core
from madpy.ports.postgres.scan.scan import Rows, Scan, has_many_groups
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.scan.streaming import MOST_ARGUMENTS
from madpy.ports.postgres.session.sql import literal
from madpy.ports.postgres.session.types import INTEGERS

MAX_CELLS = 1_000_000  # numbers in a state: as many parameters as a kernel takes
MAX_ALL_CELLS = 20_000_000  # in the states of all groups: 160 MB, several times in Python


@dataclass(frozen=True)
class Question:
    """The arguments of a training that define what is counted, as the caller wrote them."""

    source: Source
    target: str | None
    features: str | None
    categorical_cols: str | None
    groups: list[str]
    weights: str | None = None  # SQL, double precision

    @property
    def kernel(self) -> str:
        return "nb" if self.weights is None else "weighted_nb"


@dataclass(frozen=True)
class Counted:
    """The counts and moments of all groups."""

    features: Design
    classes: Classes
    statistics: core.Statistics
    rows_used: NDArray[np.int64]  # (G,)
    rows_skipped: NDArray[np.int64]  # (G,)


def prepare(question: Question) -> "Numbered | Stepped":
    """Check target and features, and choose the way to count them."""
    q = question
    listed = list_features(q.source, q.features, q.categorical_cols)
    target = class_category(q.source, q.target)
    one_read = not listed.is_vector and len(listed.items) <= MOST_ARGUMENTS - (q.weights is not None)
    shards = q.source.shards
    one_read = one_read and not (shards.is_spread or shards.is_citus)
    if not one_read or has_many_groups(q.source, q.groups):
        return Stepped(q)
    return Numbered(q, listed, target)


class Stepped:
    """A count in two reads: the first finds classes and values, the second runs the kernel "nb"."""

    def __init__(self, question: Question) -> None:
        q = question
        used = has_weight(q.weights)
        self.kernel = q.kernel
        self.features = check_features(q.source, q.features, q.categorical_cols, conditions=used)
        self.classes = check_classes(q.source, q.target, conditions=used)
        _check_size(self.features, self.classes)
        items, is_vector = self.features.items, self.features.is_vector
        self.scan = Scan(Rows(q.source, self.classes.item, items, is_vector, q.weights, q.groups))

    def run(self) -> Counted:
        """Read the source."""
        sizes = _sizes(self.features)
        start = core.start(len(self.classes.labels), sizes)
        if len(start) > MAX_ALL_CELLS / 10_000:
            _check_all_sizes(len(start), len(self.scan.group_values))
        try:
            states = self.scan.step(self.kernel, start)
        except SqlError as error:
            raise with_feature_names(error, self.features) from None
        body = states.body if len(states.body) else np.zeros((0, len(start)))
        statistics = core.statistics(body, len(self.classes.labels), sizes)
        return Counted(self.features, self.classes, statistics, states.rows_used, states.rows_skipped)


class Numbered:
    """A count in one read: each group and worker numbers classes and values as they come (coded.c)."""

    def __init__(
        self,
        question: Question,
        listed: Design,
        target: Category,
    ) -> None:
        self.question = question
        self.features = listed  # its levels are not known yet
        self.target = target
        q = question
        self.scan = Scan(Rows(q.source, target.key, listed.items, weights=q.weights, groups=q.groups))

    def run(self) -> Counted:
        """Read the source; groups whose values have come in the same order are worked on together."""
        states, alike = self._read()
        coded = [self.target, *(category for category in self.features.categories if category)]
        came = [_values(data, len(coded)) for data in alike]
        known = [
            self._in_order(coded[n], {value for values in came for value in values[n]}, is_target=n == 0)
            for n in range(len(coded))
        ]
        features, classes = self._named([list(values.values()) for values in known])
        _check_size(features, classes)
        start = len(core.start(len(classes.labels), _sizes(features)))
        _check_all_sizes(start, len(states))

        statistics = core.nothing(len(states), len(classes.labels), _sizes(features))
        used, skipped = np.zeros((2, len(states)), np.int64)
        codes = [{value: code for code, value in enumerate(values)} for values in known]
        for groups, values in zip(alike.values(), came, strict=True):
            part = States.join([states[g] for g in groups])
            used[groups], skipped[groups] = part.rows_used, part.rows_skipped
            maps = iter([[p[v] for v in vs] for p, vs in zip(codes, values, strict=True)])
            classes_map = next(maps)
            levels_maps = [next(maps) if category else None for category in self.features.categories]
            shape = part.body[0, : 1 + len(levels_maps)].astype(int)
            figures = core.statistics(part.body, shape[0], shape[1:].tolist())
            core.put_part(statistics, groups, classes_map, levels_maps, figures)
        return Counted(features, classes, statistics, used, skipped)

    def _read(self) -> tuple[list[bytes], dict[bytes, list[int]]]:
        """Return the state of each group, and the groups that have each list of values."""
        limits = literal([float(MAX_CLASSES), float(MAX_LEVELS)])
        try:
            read = self.scan.streaming.first_states(f"{self.question.kernel}_coded", limits)
        except SqlError as error:
            raise with_feature_names(error, self.features) from None
        states: list[bytes] = []
        alike: dict[bytes, list[int]] = {}
        for g, data in enumerate(read):
            size = int.from_bytes(data[:4], "little") >> 2  # the length word of a State
            states.append(data[4:size])
            alike.setdefault(data[size:], []).append(g)
        return states, alike

    def _in_order(self, category: Category, values: set[bytes], is_target: bool) -> dict[bytes, str]:
        """Return values with their texts, in the order of their type; a boolean feature always has both."""
        if category.sql_type == "boolean":
            both = {value.to_bytes(8, "little"): text for value, text in enumerate(BOOLEANS)}
            return {value: text for value, text in both.items() if value in values or not is_target}
        if category.sql_type in INTEGERS:
            numbers = {int.from_bytes(value, "little", signed=True): value for value in values}
            return {numbers[number]: str(number) for number in sorted(numbers)}
        texts = in_order(self.question.source, category, [value.decode() for value in values])
        return {text.encode(): text for text in texts}

    def _named(self, known: list[list[str]]) -> tuple[Design, Classes]:
        """Return design and classes with these values: first those of the target, then of each category."""
        if len(known[0]) > MAX_CLASSES:
            raise too_many_levels(TARGET, MAX_CLASSES)
        is_weighted = self.question.weights is not None
        classes = classes_of(self.question.source, self.target, known[0], is_weighted=is_weighted)
        others = iter(known[1:])
        levels: list[list[str] | None] = []
        for feature, category in zip(self.features.features, self.features.categories, strict=True):
            levels.append(next(others) if category else None)
            if len(levels[-1] or []) > MAX_LEVELS:
                raise too_many_levels(f"features: {quoted(feature.name)}", MAX_LEVELS)
            if feature.levels is BOOLEANS:
                levels[-1] = BOOLEANS
        return self.features.with_levels(levels), classes


def _values(data: bytes, lists: int) -> list[list[bytes]]:
    """Read the lists of values at the end of a state: those of the target and of each category."""
    at, values = 0, []
    for _ in range(lists):
        count = int.from_bytes(data[at + 4 : at + 8], "little")  # the count follows the type
        at += 8 + 4 * count
        ends = at + np.cumsum(np.frombuffer(data, "<i4", count, at - 4 * count))
        values.append([data[a:b] for a, b in zip([at, *ends], ends.tolist(), strict=False)])
        at = int(ends[-1]) if count else at
    return values


def _sizes(features: Design) -> list[int]:
    """Return the number of levels of each feature, 0 for a number."""
    return [len(feature.levels or []) for feature in features.features]


def _check_size(features: Design, classes: Classes) -> None:
    if not features.features:
        fact = "the array of features is NULL in every row"
        raise MadpyError(fact, hint="give arrays of at least one number")
    cells = sum(size or len(core.CELL) for size in _sizes(features)) * len(classes.labels)
    if cells + len(features.features) + len(classes.labels) >= MAX_CELLS:
        raise MadpyError(
            f"{len(classes.labels)} classes are too many for so many features and levels",
            sqlstate="54000",
            detail=f"there would be {cells} numbers to keep, the most is {MAX_CELLS}",
            hint="group rare values first, or leave out what may be a name or a key",
        )


def _check_all_sizes(each: int, groups: int) -> None:
    if each * groups > MAX_ALL_CELLS:
        raise MadpyError(
            f"{groups} groups are too many for so many classes and levels",
            sqlstate="54000",
            detail=f"each would have {each} numbers to keep, the most is {MAX_ALL_CELLS} for all",
            hint="train on some of the groups at a time, or group rare values first",
        )
