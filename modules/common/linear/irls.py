"""The search for a maximum by iteratively reweighted least squares, all groups at once.  Pure: numpy only.

Arrays hold one row per group: G groups, k coefficients.

Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 2.5; Albert & Anderson (1984),
Biometrika 71, 1-10, for separation.
"""

import math
from dataclasses import dataclass

import numpy as np

from madpy.modules.common.linear.design import Design
from madpy.modules.common.linear.layout import Outcome
from madpy.modules.common.linear.matrices import (
    Array,
    Mask,
    Numbers,
    block_product,
    cholesky,
    inverse_of_lower,
    pieces,
    scaled_to_ones,
    solved,
    triangle,
)

SLACK = 1e-13  # rounding, as a share of an objective
ADRIFT = (
    0.1  # predictors that still move by this much, and hardly less than before, where there is no maximum
)
AT_REST = 1e-6  # change of an objective
FEW_DIGITS, HOPELESS = 1e-4, 1e-13  # pivots between which the inverse of a Hessian is found in another basis
INTERVAL = 1e-3

CONVERGED, NOT_CONVERGED, SEPARATED, PARTLY, ONE_CLASS, NO_ROWS = range(6)  # the status of a group


@dataclass(frozen=True)
class Sums:
    """The sums of a pass for coefficients: the outcome of common/linear/irls.c."""

    objective: Array  # (G,) log-likelihood up to a constant; -inf where it has no value
    change: Array  # (G,) the largest change of a row's predictor in the last step
    margin: Array  # (G,) the smallest margin of a row; above 0 if the classes are separated
    pivot: Array  # (G,) the smallest pivot of the Hessian, scaled to ones on its diagonal
    extras: Array  # (G, e) further sums of the model
    step: Array  # (G, k) the next step
    hessian: Array  # (G, k (k + 1) / 2) its lower triangle row by row


def sums(body: Array, k: int, extras: int = 0) -> Sums:
    """Read outcomes of a pass over k features, and maybe offsets after them."""
    step = Outcome.OUTCOME_EXTRAS + extras
    # c numbers of the step and c (c + 1) / 2 of the Hessian
    columns = (math.isqrt(9 + 8 * (body.shape[1] - step)) - 3) // 2
    hessian = step + columns
    return Sums(
        objective=body[:, Outcome.OUTCOME_OBJECTIVE],
        change=body[:, Outcome.OUTCOME_CHANGE],
        margin=body[:, Outcome.OUTCOME_MARGIN],
        pivot=body[:, Outcome.OUTCOME_PIVOT],
        extras=body[:, Outcome.OUTCOME_EXTRAS : step],
        step=body[:, step : step + k],
        hessian=body[:, hessian : hessian + k * (k + 1) // 2],
    )


class Search:
    """The search for the maximum in each group: `params` are the kernel's parameters, `take` gets its sums.

    A step that lowers the objective is halved.  `tolerance` is the relative change of the objective that ends
    the search, once predictors move by little as well; one more step, whose sums need no pass, is then taken,
    and where convergence is quadratic, its error is below rounding for a tolerance of 1e-4.
    """

    drifts = True  # whether a predictor that grows without end means that there is no maximum

    def __init__(self, design: Design, tolerance: float, status: Numbers, extras: int = 0) -> None:
        groups, k = design.cross.shape
        self.design = design
        self.tolerance = max(tolerance, 4 * SLACK)
        self.near = INTERVAL * math.sqrt(self.tolerance)
        self.status = status
        self.active = self.status == NOT_CONVERGED
        self.iterations = np.zeros(groups, dtype=np.int64)
        self.flat = np.zeros(groups, dtype=bool)
        self.adrift = np.zeros(groups, dtype=bool)
        self.change = np.full(groups, np.inf)
        # figures of the last coefficients that were not worse than those before
        self.coef = np.zeros((groups, k))
        self.objective = np.full(groups, -np.inf)
        self.pivot = np.ones(groups)
        self.hessian = np.zeros((groups, k * (k + 1) // 2))
        self.extras = np.zeros((groups, extras))
        self.step = np.zeros((groups, k))  # the next step to try
        self.rounding = np.zeros(groups)  # absolute rounding error of the objective

    @property
    def going(self) -> Numbers:
        """Return the groups whose search goes on, in rising order."""
        return np.flatnonzero(self.active)

    @property
    def fitted(self) -> Mask:
        """Return which groups have a model."""
        return self.status < ONE_CLASS

    def params(self, groups: Numbers) -> Array:
        """Return coefficients to try, the step to them, and shifts, NaN if left out; (len(groups), 3k)."""
        coef, step = self.coef[groups], self.step[groups]
        return np.concatenate([coef + step, step, self.shifts(groups)], axis=1)

    def basis_params(self, groups: Numbers, basis: Array) -> Array:
        """Return parameters at the final coefficients, followed by a basis."""
        coef = self.coef[groups]
        row, column = np.tril_indices(basis.shape[1])
        return np.concatenate([coef, np.zeros_like(coef), self.shifts(groups), basis[:, row, column]], axis=1)

    def shifts(self, groups: Numbers) -> Array:
        """Return what is subtracted from each feature, NaN for those left out; shape (len(groups), k)."""
        return np.where(self.design.kept[groups], self.design.shift[groups], np.nan)

    def take(self, groups: Numbers, sums: Sums) -> None:
        """Continue with the sums of a pass over the rows of these groups."""
        self.iterations[groups] += 1
        with np.errstate(invalid="ignore"):  # without a value before and after
            gain = sums.objective - self.objective[groups]
            better = gain >= -SLACK * np.abs(self.objective[groups]) - self.rounding[groups]
        self.step[groups[~better]] /= 2

        ahead = groups[better]
        self.coef[ahead] += self.step[ahead]
        self.objective[ahead] = sums.objective[better]
        self.hessian[ahead] = sums.hessian[better]
        self.pivot[ahead] = sums.pivot[better]
        self.extras[ahead] = sums.extras[better]
        self.adrift[ahead] = self.drifts & (sums.change[better] > np.maximum(ADRIFT, self.change[ahead] / 2))
        self.change[ahead] = sums.change[better]
        self.step[ahead] = sums.step[better]

        self.flat[groups] = better & (gain <= self.tolerance * np.abs(sums.objective))
        self._end(groups[better & (sums.margin > 0)], SEPARATED)
        self._end(groups[better & (gain < AT_REST) & self.adrift[groups]], PARTLY)
        done = groups[self.active[groups] & self.arrived(groups, better, sums)]
        self.coef[done] += self.step[done]
        self._end(done, CONVERGED)

    def arrived(self, groups: Numbers, better: Mask, sums: Sums) -> Mask:
        """Return which groups are one step from their maximum."""
        near: Mask = self.flat[groups] & (sums.change <= self.near)
        return near

    def describe(self) -> str:
        """Return the log-likelihood of all groups, for a line of the log."""
        return f"log-likelihood {self.objective.sum():.10g}"

    def stop(self) -> None:
        """End the search: if only some predictors have converged, classes are partly separated."""
        self._end(np.flatnonzero(self.flat & self.adrift), PARTLY)
        self.active[:] = False

    def _end(self, groups: Numbers, status: int) -> None:
        going = groups[self.active[groups]]
        self.status[going] = status
        self.active[going] = False


def least_squares(design: Design, products: Array) -> Array:
    """Return coefficients b with gram b = `products`, (G, k); 0 for features left out."""
    coef = np.zeros_like(products)
    for piece in pieces(*coef.shape):
        in_model = design.kept[piece]
        scaled, scale = scaled_to_ones(design.gram[piece], in_model)
        right = np.where(in_model, products[piece], 0) * scale
        solution = solved(scaled, right[..., None])[..., 0]
        coef[piece] = np.where(np.isfinite(solution), solution, 0) * scale
    return coef


def nearly_collinear(search: Search) -> Numbers:
    """Return the groups whose Hessian has too few digits to be inverted, and enough for `bases`."""
    has_maximum = search.status <= NOT_CONVERGED
    return np.flatnonzero(has_maximum & (search.pivot < FEW_DIGITS) & (search.pivot > HOPELESS))


def bases(search: Search, groups: Numbers) -> Array:
    """Return lower triangular B with B H B' nearly the unit matrix, shape (len(groups), k, k)."""
    return _inverse_factor(search, search.hessian, groups, groups)


def roots(search: Search, groups: Numbers, basis: Array, sums: Sums) -> Array:
    """Return lower triangles R with R'R the inverse Hessian, from sums in the basis, which lost no digits.

    Source: Yamamoto, Nakatsukasa, Yanagisawa & Fukaya (2015), Roundoff error analysis of the CholeskyQR2
    algorithm, ETNA 44, 306-326.
    """
    row, column = np.tril_indices(basis.shape[1])
    factor = _inverse_factor(search, sums.hessian, np.arange(len(groups)), groups)
    result: Array = block_product(factor, basis)[:, row, column]
    return result


def _inverse_factor(search: Search, hessian: Array, rows: Numbers, groups: Numbers) -> Array:
    """Return inverse Cholesky factors of `hessian[rows]`; 0 for features left out, NaN without a factor."""
    in_model = search.design.kept[groups]
    scaled, scale = scaled_to_ones(triangle(hessian[rows], in_model.shape[1]), in_model)
    try:
        inverse: Array = inverse_of_lower(cholesky(scaled)) * scale[:, None, :]
    except np.linalg.LinAlgError:
        return np.full_like(scaled, np.nan)
    return inverse


def fits(search: Search, roots: Array) -> Array:
    """Return the rows that estimates are computed from: `first`, coefficients, shifts, Hessians, roots.

    Shape (G, ...), as common/linear/estimate.c reads it.  A shift is NaN where there is no coefficient, a
    Hessian where there are no errors.
    """
    in_model = search.design.kept & search.fitted[:, None]
    shift = np.where(in_model, search.design.shift, np.nan)
    hessian = np.where((search.status == SEPARATED)[:, None], np.nan, search.hessian)
    return np.concatenate([search.design.first[:, None], search.coef, shift, hessian, roots], axis=1)


def estimated(k: int, stats: str, *more: str) -> dict[str, list[int]]:
    """Returns the figures that common/linear/estimate.c makes of a row of `fits`, each with its dimensions.

    `stats` is the name of z or t; `more` are vectors that a method adds after the p-values.
    """
    vectors = ("coef", "std_err", stats, "p_values", *more)
    return {"condition_no": [], **{name: [k] for name in vectors}, "variance_covariance": [k, k]}
