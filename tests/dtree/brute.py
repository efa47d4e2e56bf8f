"""Splits found by trying all there are: slow, and plain to see."""

import numpy as np

from madpy.modules.common.trees.counts import loss


def histogram(codes, target, bins, classes):
    """Counts by code, for a classification of `classes`, 0 for a regression."""
    cells = np.zeros((1, bins, classes or 3))
    for code, y in zip(codes, target, strict=True):
        cells[0, code] += np.eye(classes)[int(y)] if classes else [1, y, y * y]
    return cells


def best_of_all(codes, target, bins, classes, criterion, min_bucket, sides):
    """The largest gain of all `sides`: sets of codes that go left."""
    whole = loss(histogram(codes, target, bins, classes).sum(axis=1), criterion)[0]
    gains = [0.0]
    for side in sides:
        left = np.isin(codes, list(side))
        if min(left.sum(), (~left).sum()) >= min_bucket:
            parts = (
                histogram(codes[part], target[part], bins, classes).sum(axis=1) for part in (left, ~left)
            )
            gains.append(whole - sum(loss(part, criterion)[0] for part in parts))
    return max(gains)
