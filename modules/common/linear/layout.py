"""Parameters and outcomes of the kernels of linear models, as irls.h and families.h declare them."""

from enum import IntEnum

C_HEADER = "common/linear/families.h"


class Outcome(IntEnum):
    """The first numbers of an outcome; then come the extras, the next step and the Hessian."""

    OUTCOME_OBJECTIVE = 0
    OUTCOME_CHANGE = 1
    OUTCOME_MARGIN = 2
    OUTCOME_PIVOT = 3
    OUTCOME_EXTRAS = 4


class FamilyNumber(IntEnum):
    """Families by the number that parameters have."""

    FAMILY_GAUSSIAN = 0
    FAMILY_BINOMIAL = 1
    FAMILY_POISSON = 2
    FAMILY_GAMMA = 3
    FAMILY_INVERSE_GAUSSIAN = 4


class LinkNumber(IntEnum):
    """Links by the number that parameters have."""

    LINK_IDENTITY = 0
    LINK_LOG = 1
    LINK_INVERSE = 2
    LINK_SQRT = 3
    LINK_SQR_INVERSE = 4
    LINK_LOGIT = 5
    LINK_PROBIT = 6
    LINK_CLOGLOG = 7


class Head(IntEnum):
    """The first parameters of a family; then come coefficients, steps and shifts."""

    HEAD_FAMILY = 0
    HEAD_LINK = 1
    HEAD_MEAN = 2
    HEAD_CONSTANT = 3
    HEADS = 4


class Extra(IntEnum):
    """The extras of a family."""

    EXTRA_PEARSON = 0
    EXTRA_CONSTANTS = 1
    EXTRA_RESIDUALS = 2
    EXTRA_WEIGHTS = 3
    EXTRAS = 4
