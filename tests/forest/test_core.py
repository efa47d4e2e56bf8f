"""The arithmetic of forests in Python."""

import pytest

from madpy.modules.common.trees.packed_nodes import class_shares, node_numbers
from madpy.modules.forest.core import features_drawn


@pytest.mark.parametrize(
    ("features", "is_classification", "drawn"),
    [
        (1, True, 1),
        (4, True, 2),
        (10, True, 3),
        (100, True, 10),
        (1, False, 1),
        (10, False, 3),
        (2, False, 1),
    ],
)
def test_features_drawn(features, is_classification, drawn):
    """The defaults of R's randomForest, rounded; never none."""
    assert features_drawn(features, is_classification) == drawn


def test_numbers_of_nodes():
    """A root, its two children, and the children of the right one."""
    assert node_numbers([None, 0, 0, 2, 2]) == [1, 2, 3, 6, 7]
    assert node_numbers([None]) == [1]


def test_shares_of_classes():
    assert class_shares([0.25], 2) == [0.75, 0.25]
    assert class_shares([0.2, 0.3, 0.5], 3) == [0.2, 0.3, 0.5]
