"""The packed model of a decision tree, which score.c scores, with a record of its features."""

from typing import Any

from madpy import __version__
from madpy.helper.features.design import Design
from madpy.modules.common.trees.bins import Bins
from madpy.modules.common.trees.grow import Trees
from madpy.modules.common.trees.model import arrays, with_rows
from madpy.modules.dtree.layout import MODEL_TREE
from madpy.ports.postgres.model import pack_each
from madpy.records import Record


class Subject(Record):
    """The features and classes of a tree: labels of SQL type `class_type`, or none in a regression."""

    features: Design
    classes: list[str]
    class_type: str
    criterion: str
    is_weighted: bool = False  # counts of rows are sums of weights

    def header(self) -> dict[str, Any]:
        return {
            "algorithm": "decision tree",
            "features": self.features.as_json(),
            "is_vector": self.features.is_vector,
            "classes": {"type": self.class_type, "labels": self.classes} if self.classes else None,
            "criterion": self.criterion,
            "madpy_version": __version__,
        }


def models(trees: Trees, bins: Bins, subject: Subject, groups: int) -> list[bytes | None]:
    """Pack each group's tree; None stands for a group without rows."""
    levels = [feature.levels or [] for feature in subject.features.features]
    spans = with_rows(trees, groups, not subject.classes)
    packed = pack_each(MODEL_TREE, subject.header(), arrays(trees, bins, subject.classes, levels, spans))
    result: list[bytes | None] = [None] * groups
    for (first, _), data in zip(spans, packed, strict=True):
        result[int(trees.group[first])] = data
    return result
