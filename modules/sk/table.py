"""The rows of a comparison: SQL of the columns beside the features, and what the worker tells of the rows."""

from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.features.classes import MAX_CLASSES, class_category, classes_of
from madpy.helper.features.design import BOOLEANS, Category, Design, number_item
from madpy.helper.features.levels import TARGET, too_many_levels
from madpy.helper.features.reading import store_features, store_levels
from madpy.helper.features.terms import check_number
from madpy.modules.sk.arguments import Target, check_numbers_or_none, check_rows, leave_out
from madpy.ports.postgres.scan.files import stored_files
from madpy.ports.postgres.scan.scan import Apart, Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill
from madpy.records import Record, replace

GROUP = """
    (pg_catalog.hash_record_extended(ROW({item:q}), 0)
     OPERATOR(pg_catalog.&) 9007199254740991)::double precision
    """  # as many bits as a double has


ARGUMENT, ROWS = "22023", "22000"  # SQLSTATEs of a wrong argument, and of what only the rows show
ANY = "number, boolean, text or time"
HOLDOUT = "holdout"
BESIDE = ("weights", "fold_groups", "fold_order")  # conditions that are columns for the worker


class Conditions(Record):
    """Expressions over a row that say how it is taken."""

    weights: str | None
    fold_groups: str | None
    fold_order: str | None
    holdout: str | None
    row_hash: str | None
    holdout_share: float | None
    seed: int

    def items(self, source: Source) -> dict[str, str]:
        """Check those that are given; return SQL of a number for each, that of the holdout last."""
        items = {}
        if self.weights is not None:
            items["weights"] = check_number(source, self.weights, "weights")
        if self.fold_groups is not None:
            one = helper.check_expression(source, self.fold_groups, "fold_groups", ANY)
            items["fold_groups"] = fill(GROUP, {"item": one.items[0]})
        if self.fold_order is not None:
            one = helper.check_expression(source, self.fold_order, "fold_order", "number or time")
            is_number = one.kinds[0] == "number"  # a store makes a time seconds
            items["fold_order"] = number_item(one.items[0], "number") if is_number else one.items[0]
        if self.holdout is not None:
            one = helper.check_expression(source, self.holdout, "holdout", "boolean")
            items[HOLDOUT] = number_item(one.items[0], "boolean")
        return items

    def apart(self, source: Source) -> Apart:
        """Check what decides over the holdout; return it."""
        share = self.holdout_share
        if share is not None:
            helper.check_range("holdout_share", share, 0, 1)
            if self.row_hash is None:
                raise MadpyError("holdout_share needs row_hash", hint="give an expression of type bigint")
            if self.holdout is not None:
                raise MadpyError("holdout and holdout_share are both given", hint="leave out one of them")
        if self.row_hash is None:
            return Apart(is_by_column=self.holdout is not None)
        one = helper.check_expression(source, self.row_hash, "row_hash", "number")
        item = f"({one.items[0]})::bigint"
        return Apart(item, share or 0, self.seed, self.holdout is not None)


class Subject(Record):
    """The target of a comparison; `category` is that of its classes, which are not read, None for numbers."""

    target: Target
    category: Category | None

    @property
    def is_numbered(self) -> bool:
        """Tell whether a store numbers the classes; those of a boolean are 0 and 1."""
        return self.category is not None and self.category.sql_type != "boolean"


def check_subject(source: Source, task: str, target: str | None) -> Subject:
    """Check the target of a task."""
    if task != "classification":
        return Subject(check_numbers_or_none(source, task, target), None)
    category = class_category(source, target)
    item = category.key if category.sql_type == "boolean" else category.stored
    return Subject(Target([item], [], category.sql_type, [str(target).strip()]), category)


class Table:
    """The rows of a comparison in a store, read once, and what the worker has told of them.

    After `take`, `design` and `target` have the levels and classes of the rows that are fitted on, `classes`
    those of the holdout too, and `columns` is an analysis.
    """

    def __init__(self, source: Source, listed: Design, subject: Subject, conditions: Conditions) -> None:
        """Check the conditions, and read the rows."""
        self._source = source
        self._listed = listed
        self._category = subject.category
        self._is_weighted = conditions.weights is not None
        self._has_holdout = conditions.holdout is not None or bool(conditions.holdout_share)
        beside = conditions.items(source)
        source.db.progress("sk_compare: reading")
        self.scan, self.design = store_features(
            Rows(source, None, listed.items, listed.is_vector, apart=conditions.apart(source)),
            listed,
            [*subject.target.items, *beside.values()],
            has_classes=subject.is_numbered,
        )
        self._places = {name: n for n, name in enumerate(beside, len(subject.target.items))}
        self._labels = _labels(self.scan, subject, len(self.design.features))
        self.target = subject.target
        self.classes: list[str] = []
        self.columns: dict[str, Any] = {}
        self.num_rows = 0
        self.num_apart = 0  # rows of the holdout
        self.hash_sum: str | None = None

    def request(self) -> tuple[dict[str, Any], list[int]]:
        """Return what the worker has to know of the rows, and the descriptors of their files."""
        assert self.scan.store is not None
        stored = stored_files(self._source.db, self.scan.store)
        ((_, self.num_rows),) = stored.ranges
        self.num_apart, self.hash_sum = stored.num_apart, stored.hash_sum
        inputs = [
            {
                "name": feature.name,
                "levels": feature.levels,
                "is_fixed": category is not None and category.sql_type == "boolean",
            }
            for feature, category in zip(self.design.features, self._listed.categories, strict=True)
        ]
        places = {name: self._places.get(name) for name in BESIDE}
        return {
            "do": "compare", "layout": stored.layout, "inputs": inputs,
            "rows": [0, self.num_rows - self.num_apart],
            "num_test_rows": self.num_apart if self._has_holdout else None,
            "targets": list(range(len(self.target.items))), **places,
            "target_names": self.target.names, "classes": self._labels,
            "may_leave_out": not self.design.is_vector,
        }, stored.files  # fmt: skip

    def take(self, content: dict[str, Any]) -> None:
        """Take the worker's event about the rows; raise an error if no model can be fitted on them."""
        levels = [
            None if codes is None or feature.levels is None else [feature.levels[code] for code in codes]
            for feature, codes in zip(self.design.features, content["levels"], strict=True)
        ]
        self.design = leave_out(self._source.db, self.design.with_levels(levels), content["empty"])
        self.classes = [self._labels[code] for code in content["classes"]]
        self.columns = content.get("columns") or {}
        try:
            self._check(content)
        except MadpyError as error:
            if error.sqlstate == ARGUMENT:
                error.sqlstate = ROWS
            raise

    def _check(self, content: dict[str, Any]) -> None:
        if self._category is not None:
            fitted = self.classes[: content["num_classes"]]
            classes_of(self._source, self._category, fitted, is_weighted=self._is_weighted)
            self.target = replace(self.target, labels=fitted)
        usable, rows = content["num_usable"], content["num_rows"]
        check_rows(
            self._source,
            self.target.items,
            usable,
            rows - usable,
            is_weighted=self._is_weighted,
            which=" that are not for testing" * self._has_holdout,
        )


def _labels(scan: Scan, subject: Subject, column: int) -> list[str]:
    """Return the classes of all rows, whose codes the store has from then on."""
    if subject.category is None:
        return []
    if not subject.is_numbered:
        return BOOLEANS
    known = scan.levels(column)
    if not known:  # no row has a class
        return []
    if len(known) > MAX_CLASSES:
        raise too_many_levels(TARGET, MAX_CLASSES)
    return store_levels(scan, column, subject.category)
