"""Families and links of generalised linear models: their names, targets and likelihoods.

Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., sections 2.2 to 2.5.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from madpy.modules.common.linear.layout import FamilyNumber
from madpy.modules.common.linear.matrices import Array, Mask

LINKS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda mean: mean,
    "log": np.log,
    "inverse": lambda mean: 1 / mean,
    "sqrt": np.sqrt,
    "sqr_inverse": lambda mean: 1 / mean**2,
    "logit": lambda mean: np.log(mean) - np.log1p(-mean),
    "probit": lambda mean: _each(_normal_quantile, mean),
    "cloglog": lambda mean: np.log(-np.log1p(-mean)),
}
# derivatives of links
SLOPES: dict[str, Callable[[Array], Array]] = {
    "identity": np.ones_like,
    "log": lambda mean: 1 / mean,
    "inverse": lambda mean: -1 / mean**2,
    "sqrt": lambda mean: 0.5 / np.sqrt(mean),
    "sqr_inverse": lambda mean: -2 / mean**3,
}
# links with which there is no maximum if a predictor grows without end
UNBOUNDED = ("log", "logit", "probit", "cloglog")
POSITIVE = ("log", "sqrt", "inverse", "sqr_inverse")  # links whose means have one sign
ABOVE_ZERO = "leave out rows whose target is not above zero, or choose the family poisson or gaussian"


def _each(function: Callable[[float], float], values: Array) -> Array:
    """Return a function of each value: a few per group, for which scipy takes long to load."""
    result: Array = np.vectorize(function, otypes=[float])(values)
    return result


def _normal_quantile(p: float) -> float:
    return NormalDist().inv_cdf(p) if 0 < p < 1 else math.copysign(math.inf, p - 0.5)


@dataclass(frozen=True)
class Family:
    """`links` are those that can be chosen, the canonical one first."""

    number: FamilyNumber
    links: tuple[str, ...]
    has_dispersion: bool  # whether the dispersion is estimated
    # arguments: deviance, sum of weights, sum of the constants of families.c
    log_likelihood: Callable[[Array, Array, Array], Array]
    # whether the family allows targets from a lowest to a highest, and a hint for others
    has: Callable[[Array, Array], Mask] = lambda low, high: np.isfinite(high - low)
    hint: str = ""
    limits: tuple[float, ...] = ()  # targets that leave no model if all are equal to one


def _is_positive(low: Array, high: Array) -> Mask:
    return low > 0


def _gaussian(deviance: Array, rows: Array, constants: Array) -> Array:
    likelihood: Array = -rows / 2 * (np.log(2 * np.pi * deviance / rows) + 1)
    return likelihood


def _saturated(deviance: Array, rows: Array, constants: Array) -> Array:
    """Return the likelihood without a dispersion: the constants are that of a mean for each target."""
    return constants - deviance / 2


def _gamma(deviance: Array, rows: Array, constants: Array) -> Array:
    """With the shape that R takes, rows / deviance; constants are logarithms of targets."""
    shape = rows / deviance
    likelihood: Array = shape * (rows * np.log(shape) - rows - deviance / 2) - rows * _log_gamma(shape)
    return likelihood - constants


def _log_gamma(values: Array) -> Array:
    """Return the logarithms of the gamma function; NaN where a value is not above 0."""
    return _each(lambda x: math.lgamma(x) if x > 0 else math.nan, values)


def _inverse_gaussian(deviance: Array, rows: Array, constants: Array) -> Array:
    return _gaussian(deviance, rows, constants) - 1.5 * constants


FAMILIES = {
    "gaussian": Family(FamilyNumber.FAMILY_GAUSSIAN, ("identity", "log", "inverse"), True, _gaussian),
    "binomial": Family(
        FamilyNumber.FAMILY_BINOMIAL,
        ("logit", "probit", "cloglog"),
        False,
        _saturated,
        lambda low, high: (low >= 0) & (high <= 1),
        "give 0 and 1, a condition that is true or false, or a share with the number of trials as weights",
        limits=(0, 1),
    ),
    "poisson": Family(
        FamilyNumber.FAMILY_POISSON,
        ("log", "identity", "sqrt"),
        False,
        _saturated,
        lambda low, high: low >= 0,
        "leave out rows with a negative target, or choose the family gaussian",
        limits=(0,),
    ),
    "gamma": Family(
        FamilyNumber.FAMILY_GAMMA, ("inverse", "identity", "log"), True, _gamma, _is_positive, ABOVE_ZERO
    ),
    "inverse_gaussian": Family(
        FamilyNumber.FAMILY_INVERSE_GAUSSIAN,
        ("sqr_inverse", "identity", "log", "inverse"),
        True,
        _inverse_gaussian,
        _is_positive,
        ABOVE_ZERO,
    ),
}
