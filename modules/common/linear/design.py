"""The features of a fit after its first pass: means, sums of products, and combinations of other features.

Arrays hold one row per group: G groups, k features.  If the first feature is constant, the others are centred
at their means during the search, and the coefficients are converted back at its end.  The model is the same,
and no digits are lost with a feature that is large relative to its spread (a year, a timestamp).

Pure: numpy only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from madpy.modules.common.linear import moments
from madpy.modules.common.linear.matrices import (
    Array,
    Mask,
    Numbers,
    centred,
    cholesky,
    pieces,
    scaled_to_ones,
    solved,
)

CONSTANT = 1e-26  # squared length around the mean, over that around zero, that is rounding
NO_WEIGHT = 1e-9  # a term below this share of the length of a combination is rounding
COLLINEAR = 1e-12  # smallest share of a squared length that earlier features must leave unexplained
SAME = 1e-12  # rounding, as a share of a sum of weights


@dataclass(frozen=True)
class Design:
    """The moments of the features from one pass, in centred units."""

    rows: Array  # (G,) number of rows, or the sum of their weights
    total: Array  # (G,) sum of the target
    square: Array  # (G,) sum of its squares
    lowest: Array  # (G,) smallest and largest target
    highest: Array  # (G,)
    first: Array  # (G,) the first feature where it is constant, else 0
    shift: Array  # (G, k) the number subtracted from each feature
    gram: Array  # (G, k, k) sums of products
    sums: Array  # (G, k)
    cross: Array  # (G, k) sums of products with the target
    squares: Array  # (G, k) sums of squares, not centred
    zero: Mask  # (G, k) features that are 0 in every row
    kept: Mask  # (G, k) features that are no combination of those before
    has_constant: Mask  # (G,) some combination of the features is constant
    own: Mask  # (G, k) levels of text columns that are references of their own: see own_references


def design(body: Array, k: int, blocks: Sequence[int] = ()) -> Design:
    """Read states of the kernel "moments", or "weighted_moments", of k features and the target.

    `blocks` has for each feature the number of the text column of which it is a level, 0 for others.
    """
    return _joined([_design(body[piece], k, blocks) for piece in pieces(len(body), k)])


def _design(body: Array, k: int, blocks: Sequence[int]) -> Design:
    m = k + 1  # with the target
    high, low = moments.sums(body)
    minima, maxima = moments.ranges(body)
    rows, total = high[:, 0, 0], high[:, 0, m]
    is_constant = (rows > 0) & (minima[:, 0] == maxima[:, 0]) & (minima[:, 0] != 0)
    shift = np.where(is_constant[:, None], high[:, 0, 1:m] / np.maximum(rows, 1)[:, None], 0.0)
    shift[:, 0] = 0
    gram = centred(high[:, :m, :m], low[:, :m, :m], shift)
    squares = np.diagonal(high, axis1=1, axis2=2)[:, 1:m].copy()
    sums = high[:, 0, 1:m] - shift * rows[:, None]
    cross = high[:, 1:m, m] - shift * total[:, None]
    own = own_references(high[:, 0, 1:m], rows, blocks)
    in_model = independent(gram, squares, own)
    spanned = is_constant.copy()
    for g in np.flatnonzero(~is_constant & (rows > 0)):
        spanned[g] = _spans_constant(
            gram[g][np.ix_(in_model[g], in_model[g])], high[g, 0, 1:m][in_model[g]], rows[g]
        )
    first = np.where(is_constant, minima[:, 0], 0.0)
    zero = (minima[:, :-1] == 0) & (maxima[:, :-1] == 0) | (rows[:, None] == 0)
    return Design(
        rows=rows,
        total=total,
        square=high[:, m, m],
        lowest=minima[:, -1],
        highest=maxima[:, -1],
        first=first,
        shift=shift,
        gram=gram,
        sums=sums,
        cross=cross,
        squares=squares,
        zero=zero,
        kept=in_model,
        has_constant=spanned,
        own=own,
    )


def own_references(sums: Array, rows: Array, blocks: Sequence[int]) -> Mask:
    """Find the levels that replace the reference level of a text column in groups that lack it, shape (G, k).

    The terms of the other levels then add up to the intercept, and the group's first level is the reference.
    """
    own = np.zeros(sums.shape, dtype=bool)
    numbers = np.array(blocks)
    for number in np.unique(numbers[numbers > 0]):
        levels = np.flatnonzero(numbers == number)
        there = sums[:, levels]
        lacking = np.flatnonzero((np.abs(there.sum(axis=1) - rows) <= SAME * rows) & (rows > 0))
        own[lacking, levels[(there[lacking] > 0).argmax(axis=1)]] = True
    return own


def independent(gram: Array, squares: Array, own: Mask) -> Mask:
    """Find the features that are no combination of those before them, shape (G, k), by Cholesky's algorithm.

    Those of `own` are left out.
    """
    length = np.diagonal(gram, axis1=1, axis2=2)
    scale = 1 / np.sqrt(np.where(length > 0, length, 1))
    rest = gram * scale[:, :, None] * scale[:, None, :]
    if not own.any() and (length > CONSTANT * squares).all() and _far_from_singular(rest):
        return np.ones(squares.shape, dtype=bool)
    factor = np.zeros_like(gram)
    in_model = np.zeros(squares.shape, dtype=bool)
    for j in range(squares.shape[1]):
        column = rest[:, j:, j] - (factor[:, j:, :j] @ factor[:, j, :j, None])[..., 0]
        in_model[:, j] = (length[:, j] > CONSTANT * squares[:, j]) & (column[:, 0] > COLLINEAR) & ~own[:, j]
        pivot = np.sqrt(np.where(in_model[:, j], column[:, 0], np.inf))
        factor[:, j:, j] = column / pivot[:, None]
    return in_model


def aliases(design: Design, fitted: Mask, blocks: Sequence[int]) -> list[Array | None]:
    """Return for each group with a model the features left out as combinations of the others, (r, k)."""
    deficient = np.flatnonzero(~design.kept.all(axis=1) & fitted)
    rows: list[Array | None] = [None] * len(fitted)
    for piece in pieces(len(deficient), design.kept.shape[1]):
        groups = deficient[piece]
        in_model = design.kept[groups]
        weights = _combinations(design, groups)
        for own, feature in zip(*np.nonzero(design.own[groups]), strict=True):
            weights[own, feature] = -1.0 * (np.array(blocks) == blocks[feature])
            weights[own, feature, [0, feature]] = 1, 0
        for n, group in enumerate(groups):
            rows[group] = weights[n, ~in_model[n]]
    return rows


def _combinations(design: Design, groups: Numbers) -> Array:
    """Return for each feature that is left out its weights on those before it, shape (len(groups), k, k)."""
    gram, in_model, shift = design.gram[groups], design.kept[groups], design.shift[groups]
    first = design.first[groups, None]
    scaled, scale = scaled_to_ones(gram, in_model)
    out = np.flatnonzero(~in_model.all(axis=0))
    before = np.tri(in_model.shape[1], k=-1, dtype=bool)[out]
    solution = solved(scaled, gram[:, :, out] * scale[:, :, None]).swapaxes(1, 2)
    weights = np.zeros_like(gram)
    weights[:, out] = np.where(before & in_model[:, None], solution, 0) * scale[:, None]
    rest = shift - (weights * shift[:, None]).sum(axis=2)
    weights[:, :, 0] += np.divide(rest, first, out=np.zeros_like(rest), where=first != 0)
    length = np.sqrt(design.squares[groups])
    is_rounding = np.abs(weights) * length[:, None] <= NO_WEIGHT * length[:, :, None]
    return np.where(in_model[:, :, None] | is_rounding, 0, weights)


def _far_from_singular(matrices: Array) -> bool:
    """Say whether all matrices are far from the tolerance, in a tenth of the time of the factor itself."""
    try:
        pivots = np.diagonal(cholesky(matrices), axis1=1, axis2=2)
    except np.linalg.LinAlgError:
        return False
    return bool((pivots > 10 * math.sqrt(COLLINEAR)).all())


def _joined(records: Sequence[Design]) -> Design:
    columns = {part.name: [getattr(one, part.name) for one in records] for part in fields(records[0])}
    return replace(records[0], **{name: np.concatenate(column) for name, column in columns.items()})


def _spans_constant(gram: Array, total: Array, rows: float) -> bool:
    """Tell whether a column of ones is a combination of features whose sums are `total`."""
    scale = 1 / np.sqrt(np.diagonal(gram))
    scaled, right = gram * np.outer(scale, scale), total * scale
    fitted = right @ solved(scaled[None], right[None, :, None])[0, :, 0]
    return bool(rows - fitted <= 1e-9 * rows)
