"""Longer steps for a search whose own ones converge slowly, all groups at once.  Pure: numpy only.

Fisher's scoring is a fixed-point iteration.  Where the link is not canonical and the model fits badly, its
steps shrink by a constant factor or turn back and forth, and Anderson's acceleration combines the last ones.

Source: Walker & Ni (2011), Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49,
1715-1735.
"""

import numpy as np

from madpy.modules.common.linear.matrices import Array, Mask, Numbers, triangle

DEPTH = 3  # differences of steps that are combined
NO_DIFFERENCE = 1e-12  # smallest share of the largest eigenvalue that is no rounding


class Acceleration:
    """The last coefficients and steps of the groups of a search, shape (len(groups), DEPTH + 1, k)."""

    def __init__(self, groups: Numbers, total: int, k: int) -> None:
        self.row = np.zeros(total, dtype=np.int64)
        self.row[groups] = np.arange(len(groups))
        self.coef = np.zeros((len(groups), DEPTH + 1, k))
        self.steps = np.zeros((len(groups), DEPTH + 1, k))
        self.count = np.zeros(len(groups), dtype=np.int64)

    def forget(self, groups: Numbers) -> None:
        """Begin again in some groups, where a step was not good."""
        self.count[self.row[groups]] = 0

    def longer(self, groups: Numbers, coef: Array, step: Array, hessian: Array) -> tuple[Array, Mask]:
        """Return the steps to take from `coef` in place of the scoring's own, and where they differ.

        `hessian` has the lower triangles row by row.  A step that does not lead upwards is left as it is.
        """
        rows = self.row[groups]
        for values, new in ((self.coef, coef), (self.steps, step)):
            values[rows] = np.roll(values[rows], 1, axis=1)
            values[rows, 0] = new
        self.count[rows] = np.minimum(self.count[rows] + 1, DEPTH + 1)
        is_there = np.arange(1, DEPTH + 1) < self.count[rows, None]
        moves, changes = (
            np.where(is_there[:, :, None], -np.diff(values[rows], axis=1), 0)
            for values in (self.coef, self.steps)
        )
        matrices = triangle(hessian, coef.shape[1])
        weights = _least_squares(changes, step, matrices)
        steps = step - ((moves + changes) * weights[:, :, None]).sum(axis=1)
        score = (matrices @ step[:, :, None])[:, :, 0]
        differ = is_there.any(axis=1) & np.isfinite(steps).all(axis=1) & ((steps * score).sum(axis=1) > 0)
        return np.where(differ[:, None], steps, step), differ


def _least_squares(changes: Array, step: Array, matrices: Array) -> Array:
    """Return the combination of `changes`, (g, DEPTH, k), that is nearest to `step` in the metric of H."""
    products = changes @ matrices
    gram = products @ changes.swapaxes(1, 2)
    length = np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), 0))
    scale = np.divide(1, length, out=np.zeros_like(length), where=length > 0)
    right = (products @ step[:, :, None])[:, :, 0] * scale
    scaled = gram * scale[:, :, None] * scale[:, None, :]
    inverse = np.linalg.pinv(scaled, rcond=NO_DIFFERENCE, hermitian=True)
    weights: Array = (inverse @ right[:, :, None])[:, :, 0] * scale
    return weights
