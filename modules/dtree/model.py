"""The packed model of a decision tree, which score.c scores, with a record of its features."""

from madpy.helper.features.subject import Subject
from madpy.modules.common.trees.bins import Bins
from madpy.modules.common.trees.grow import Trees
from madpy.modules.common.trees.model import arrays, with_rows
from madpy.modules.dtree.layout import MODEL_TREE
from madpy.ports.postgres.model import pack_each


def models(trees: Trees, bins: Bins, subject: Subject, groups: int) -> list[bytes | None]:
    """Pack each group's tree; None stands for a group without rows."""
    levels = [feature.levels or [] for feature in subject.features.features]
    spans = with_rows(trees, groups, not subject.classes)
    packed = pack_each(
        MODEL_TREE, subject.header("decision tree"), arrays(trees, bins, subject.classes, levels, spans)
    )
    result: list[bytes | None] = [None] * groups
    for (first, _), data in zip(spans, packed, strict=True):
        result[int(trees.group[first])] = data
    return result
