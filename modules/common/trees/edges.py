"""Edges of bins from a sample of a feature's values.  Pure: numpy only."""

import numpy as np

from madpy.modules.common.trees.counts import Array, Flags, Integers, divisor, parts

LOWEST = np.finfo(float).min
PARTS = 2.0**40  # units of a sum of weights; times a number of bins they fit into 64 bits


def whole(weights: Array) -> Array:
    """Return weights, shape (G, n), as whole numbers: as they are, or in parts of their group's sum.

    Sums of whole numbers are not rounded.
    """
    total = weights.sum(axis=1, keepdims=True)
    fine = (weights == np.floor(weights)).all(axis=1, keepdims=True) & (total <= PARTS)
    if fine.all():
        return weights
    scaled = np.where(weights > 0, np.maximum(np.round(weights * (PARTS / divisor(total))), 1), 0)
    return np.where(fine, weights, scaled)


def edges(values: Array, weights: Array, num_bins: int) -> Array:
    """Cut a feature into about `num_bins` bins of equal weight, between values and never at one.

    For G groups, values and whole weights have shape (G, n), and the edges have shape (G, most), with
    infinity after the last edge of a group.  A feature with fewer distinct values than `num_bins` gets a
    bin for each, and a value that fills a bin gets a bin of its own.  NaN is left out.
    """
    return edges_and_order(values, weights, num_bins)[0]


def edges_and_order(values: Array, weights: Array, num_bins: int) -> tuple[Array, Array]:
    """Return the edges, and the values of each group in order, NaN last."""
    if values.shape[1] < 2:
        return np.zeros((len(values), 0)), values
    slices = list(parts(len(values), values.shape[1]))
    results = [_edges_and_order(values[own], weights[own], num_bins) for own in slices]
    most = max((cuts.shape[1] for cuts, _ in results), default=0)
    result = np.full((len(values), most), np.inf)
    ordered = np.empty(values.shape)
    for own, (cuts, order) in zip(slices, results, strict=True):
        result[own, : cuts.shape[1]] = cuts
        ordered[own] = order
    return result, ordered


def _edges_and_order(values: Array, weights: Array, num_bins: int) -> tuple[Array, Array]:
    """Return edges and ordered values of some of the groups."""
    order = values.argsort(axis=1)
    values = np.take_along_axis(values, order, axis=1)
    weight = np.where(np.isnan(values), 0, np.take_along_axis(weights, order, axis=1)).astype(np.int64)
    # a value is cut off where it comes last, unless it is the largest
    here, above = values[:, :-1], values[:, 1:]
    is_last = here < above
    wanted = is_last & (is_last.sum(axis=1, keepdims=True) < num_bins)
    wanted |= is_last & _fills_a_bin(weight, is_last, num_bins)
    group, position = wanted.nonzero()
    low, high = here[group, position], above[group, position]
    with np.errstate(invalid="ignore", over="ignore"):
        middle = low / 2 + high / 2
    cut = np.where((middle >= low) & (middle < high) & np.isfinite(middle), middle, low)
    cut = np.where(high > LOWEST, np.maximum(cut, LOWEST), cut)  # -infinity is below it
    group, cut = group[np.isfinite(cut)], cut[np.isfinite(cut)]
    number = np.bincount(group, minlength=len(values))
    result = np.full((len(values), number.max(initial=0)), np.inf)
    result[group, np.arange(len(cut)) - np.repeat(number.cumsum() - number, number)] = cut
    return result, values


def _fills_a_bin(weights: Integers, is_last: Flags, num_bins: int) -> Flags:
    """Find the ends of `num_bins` bins of equal weight, and both sides of values that fill a bin alone."""
    below = weights.cumsum(axis=1)
    total = np.maximum(below[:, -1:], 1)
    upto = np.where(is_last, below[:, :-1], 0)
    before = np.maximum.accumulate(np.pad(upto, [(0, 0), (1, 0)]), axis=1)  # weight below each value
    bins = np.minimum(below * num_bins // total, num_bins - 1)
    ends_one = bins > np.minimum(before * num_bins // total, num_bins - 1)
    heavy = (below - before) * num_bins >= total
    # the values above and below: a run of equal ones is known where it ends
    ends = np.pad(is_last, [(0, 0), (0, 1)], constant_values=True)
    run_ends = np.where(ends, np.arange(ends.shape[1]), ends.shape[1] - 1)
    following = np.minimum.accumulate(run_ends[:, ::-1], axis=1)[:, ::-1]
    heavy = np.take_along_axis(heavy, following, axis=1)
    result: Flags = ends_one[:, :-1] | heavy[:, :-1] | heavy[:, 1:]
    return result
