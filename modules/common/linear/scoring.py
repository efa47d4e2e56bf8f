"""The search for a generalised linear model by Fisher's scoring, all groups at once.  Pure: no database.

Arrays hold one row per group: G groups, k coefficients.

Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 2.5.
"""

from collections.abc import Callable

import numpy as np

from madpy.modules.common.linear import irls
from madpy.modules.common.linear.acceleration import Acceleration
from madpy.modules.common.linear.design import Design
from madpy.modules.common.linear.families import FAMILIES, LINKS, POSITIVE, SLOPES, UNBOUNDED
from madpy.modules.common.linear.layout import Extra, Head, LinkNumber
from madpy.modules.common.linear.matrices import Array, Mask, Numbers, pieces, triangle

NEAR = 1e-4  # steps in units of standard errors, over the tolerance, that end the search
WEAK = 0.1  # share of the target's squares that features explain
ROUNDING = 1e-14  # rounding, as a share of the deviance of one mean for all rows
LAST_PLACE = 1e-15  # rounding, as a share of predictors
MANY = 5  # passes after which steps are accelerated
ACCELERATED = ("gamma", "inverse_gaussian")  # families whose scoring may take hundreds of passes


class Scoring(irls.Search):
    """The search for the coefficients of a family and link, from one mean for all rows.

    It ends when a step is below `tolerance` / 10000 in units of standard errors.  An `offset` is the
    last feature of passes.
    """

    def __init__(self, design: Design, tolerance: float, family: str, link: str, offset: bool) -> None:
        self.family_name, self.link, self.offset = family, link, offset
        self.family = FAMILIES[family]
        self.mean = design.total / np.where(design.rows > 0, design.rows, 1)
        self.has_null = np.isin(link, POSITIVE) <= (self.mean > 0)
        if family == "gaussian" and link in POSITIVE:  # means of the other families have one sign anyway
            root = np.sqrt(design.square / np.maximum(design.rows, 1))
            self.mean = np.where(self.mean > 0, self.mean, root)
        at_limit = (design.lowest == design.highest) & np.isin(design.lowest, self.family.limits)
        at_limit |= (self.mean == 0) & (link in POSITIVE)
        status = np.where(at_limit, irls.ONE_CLASS, irls.NOT_CONVERGED)
        super().__init__(design, tolerance, np.where(design.rows == 0, irls.NO_ROWS, status), Extra.EXTRAS)
        self.drifts = link in UNBOUNDED
        self.constant = np.zeros(len(status))  # the predictor of one mean for all rows
        beginning = self.active & design.has_constant
        self.constant[beginning] = LINKS[link](self.mean[beginning])
        self.has_other = np.zeros(len(status), dtype=bool)  # another step if the first one fails
        self.is_weak = self.has_other
        self.other = self.step
        if link in SLOPES and not offset:
            self._find_steps_from_mean()
        self.acceleration: Acceleration | None = None
        self.is_accelerated = np.zeros(len(status), dtype=bool)
        self.scoring_step = self.step  # the step to take if an accelerated one fails
        self.is_first = np.ones(len(status), dtype=bool)
        self.null_objective = np.full(len(status), np.nan)
        self.constants = np.zeros(len(status))

    def params(self, groups: Numbers) -> Array:
        """Return the head of families.c, then the parameters of every search, each with the offset last."""
        return self._with_head(groups, super().params(groups))

    def basis_params(self, groups: Numbers, basis: Array) -> Array:
        """Return parameters at the final coefficients, followed by a basis."""
        return self._with_head(groups, super().basis_params(groups, basis))

    def _with_head(self, groups: Numbers, params: Array) -> Array:
        k, count = self.coef.shape[1], len(groups)
        parts = np.split(params, [k, 2 * k, 3 * k], axis=1)  # coefficients, steps, shifts, a basis
        if self.offset:
            for part, number in enumerate((1.0, 0.0, np.inf)):
                parts[part] = np.column_stack([parts[part], np.full(count, number)])
            if parts[3].shape[1]:
                parts[3] = np.column_stack([parts[3], np.zeros((count, k)), np.ones(count)])
        first = self.is_first[groups]
        head = np.empty((count, Head.HEADS))
        head[:, Head.HEAD_FAMILY] = self.family.number
        head[:, Head.HEAD_LINK] = LinkNumber[f"LINK_{self.link.upper()}"]
        head[:, Head.HEAD_MEAN] = np.where(first, self.mean[groups], np.nan)
        head[:, Head.HEAD_CONSTANT] = np.where(first, self.constant[groups], 0)
        return np.concatenate([head, *parts], axis=1)

    def take(self, groups: Numbers, sums: irls.Sums) -> None:
        """Continue with the sums of a pass; the first pass used one mean for all rows."""
        if self.is_first[groups].all():
            self._begin(groups, sums)
        else:
            super().take(groups, sums)
            failed = groups[self.has_other[groups] & self.active[groups] & np.isinf(self.change[groups])]
            self.step[failed] = self.other[failed]
            self.has_other[groups] = False
            if self.family_name in ACCELERATED and self.link != self.family.links[0]:
                self._accelerate(groups, sums)

    def _accelerate(self, groups: Numbers, sums: irls.Sums) -> None:
        """Replace the next step of groups that have taken many passes."""
        is_ahead = self.objective[groups] == sums.objective  # the last step was good
        back = groups[~is_ahead & self.is_accelerated[groups]]
        self.is_accelerated[groups] = False
        going = groups[is_ahead & self.active[groups] & (self.iterations[groups] >= MANY)]
        if self.acceleration is None:
            if not len(going):
                return
            self.acceleration = Acceleration(self.going, *self.coef.shape)
            self.scoring_step = self.step.copy()
        self.step[back] = self.scoring_step[back]
        self.acceleration.forget(back)
        self.scoring_step[going] = self.step[going]
        self.step[going], self.is_accelerated[going] = self.acceleration.longer(
            going, self.coef[going], self.step[going], self.hessian[going]
        )

    def _begin(self, groups: Numbers, sums: irls.Sums) -> None:
        first = self.design.first[groups]
        is_constant = first != 0
        self.iterations[groups] += 1
        self.is_first[groups] = False
        self.null_objective[groups] = np.where(self.has_null[groups], sums.objective, np.nan)
        self.rounding[groups] = ROUNDING * np.where(np.isfinite(sums.objective), -sums.objective, 0)
        self.constants[groups] = sums.extras[:, Extra.EXTRA_CONSTANTS]
        self.objective[groups] = np.where(is_constant, sums.objective, -np.inf)
        self.coef[groups, 0] = np.divide(
            self.constant[groups], first, out=np.zeros(len(groups)), where=is_constant
        )
        self.step[groups] = sums.step - self.coef[groups]
        self.hessian[groups] = sums.hessian
        weak = groups[self.has_other[groups] & self.is_weak[groups]]
        self.step[weak] = self.other[weak]
        self.has_other[weak] = False

    def _find_steps_from_mean(self) -> None:
        """Find Fisher's steps from one mean for all rows, which are good where features say little.

        They are taken there, and elsewhere if the other step, from means halfway to the targets, fails.
        """
        design, mean = self.design, self.mean
        products = design.cross - mean[:, None] * design.sums
        coef = irls.least_squares(design, products)
        squares = design.square - mean * (2 * design.total - mean * design.rows)
        self.is_weak = (coef * products).sum(axis=1) <= WEAK * squares
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            self.other = coef * SLOPES[self.link](mean)[:, None]
        self.has_other = self.active & (design.first != 0) & np.isfinite(self.other).all(axis=1)

    def arrived(self, groups: Numbers, better: Mask, sums: irls.Sums) -> Mask:
        """Return which groups have a step that is short in units of standard errors, or rounding."""
        length = _squares(sums.hessian, sums.step)
        bound = (NEAR * self.tolerance) ** 2 * np.nan_to_num(self.dispersion()[groups])
        rounding = LAST_PLACE**2 * _squares(sums.hessian, self.coef[groups])
        near: Mask = better & (length <= np.maximum(bound, rounding))
        return near

    def describe(self) -> str:
        """Return the deviance of all groups, for a line of the log."""
        return f"deviance {-2 * self.objective.sum():.10g}"

    @property
    def without_null(self) -> Numbers:
        """Return the groups whose null deviance needs passes of its own, as the constant has an offset."""
        return np.flatnonzero(self.fitted & self.design.has_constant & self.has_null & self.offset)

    def find_null(self, groups: Numbers, look: Callable[[Numbers, Array], irls.Sums], max_iter: int) -> None:
        """Find the deviance of one constant and the offset; `look` makes a pass with parameters."""
        constant = np.where(self.design.first != 0, self.coef[:, 0] * self.design.first, self.constant)
        self.null_objective[groups] = -np.inf
        step = np.zeros(len(self.status))
        no_features = np.repeat([0.0, 0.0, np.nan], self.coef.shape[1])
        for _ in range(max_iter):
            if not len(groups):
                break
            params = self._with_head(groups, np.tile(no_features, (len(groups), 1)))
            params[:, Head.HEAD_CONSTANT] = constant[groups] + step[groups]
            sums = look(groups, params)
            better = sums.objective >= self.null_objective[groups]
            step[groups[~better]] /= 2
            ahead = groups[better]
            constant[ahead] += step[ahead]
            gain = sums.objective[better] - self.null_objective[ahead]
            self.null_objective[ahead] = sums.objective[better]
            step[ahead] = (
                sums.extras[better, Extra.EXTRA_RESIDUALS] / sums.extras[better, Extra.EXTRA_WEIGHTS]
            )
            # To second order the next step gains half of its product with the derivative.
            next_gain = step[ahead] * sums.extras[better, Extra.EXTRA_RESIDUALS] / 2
            done = np.zeros(len(groups), dtype=bool)
            done[better] = np.fmin(gain, next_gain) <= 4 * irls.SLACK * np.abs(sums.objective[better])
            groups = groups[~done & (np.abs(step[groups]) > LAST_PLACE * np.abs(constant[groups]))]

    @property
    def df_residual(self) -> Array:
        """Return the rows, or the sum of their weights, less the coefficients."""
        rest: Array = self.design.rows - self.design.kept.sum(axis=1)
        return rest

    def dispersion(self) -> Array:
        """Return Pearson's estimate, (G,), or 1 for a family that has none."""
        if not self.family.has_dispersion:
            return np.ones(len(self.status))
        rest = self.df_residual
        return np.where(rest > 0, self.extras[:, Extra.EXTRA_PEARSON] / np.where(rest > 0, rest, 1), np.nan)


def _squares(hessian: Array, vectors: Array) -> Array:
    """Return v' H v of each row; H is a lower triangle row by row."""
    groups, k = vectors.shape
    squares = np.empty(groups)
    for piece in pieces(groups, k):
        product = triangle(hessian[piece], k) @ vectors[piece, :, None]
        squares[piece] = (product[..., 0] * vectors[piece]).sum(axis=1)
    return squares


def figures(search: Scoring) -> dict[str, Array]:
    """Return figures about the quality of the fit, each (G,), NaN without a model.

    The likelihood is at the dispersion deviance / rows where there is one, which counts as a parameter in
    `aic`, as in R.
    """
    rank = search.design.kept.sum(axis=1)
    deviance = -2 * search.objective
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = search.family.log_likelihood(deviance, search.design.rows, search.constants)
    values = {
        "log_likelihood": likelihood,
        "deviance": deviance,
        "null_deviance": -2 * search.null_objective,
        "pearson_chi2": search.extras[:, Extra.EXTRA_PEARSON],
        "dispersion": search.dispersion(),
        "aic": 2 * (rank + search.family.has_dispersion) - 2 * likelihood,
        "df_residual": search.df_residual,
    }
    valid = search.fitted & np.isfinite(deviance)
    return {name: np.where(valid & np.isfinite(value), value, np.nan) for name, value in values.items()}


def fits(search: Scoring, roots: Array) -> Array:
    """Returns rows of numbers for linear_estimate in C: dispersion, degrees of freedom, then `irls.fits`."""
    freedom = search.df_residual if search.family.has_dispersion else np.full(len(search.status), np.inf)
    return np.column_stack([search.dispersion(), freedom, irls.fits(search, roots)])
