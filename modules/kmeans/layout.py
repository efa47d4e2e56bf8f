"""Parameters and states of the kernels of k-means, as kmeans.h declares them."""

from enum import IntEnum

C_HEADER = "kmeans/kmeans.h"


class Metric(IntEnum):
    SQUARED_EUCLIDEAN = 0
    COSINE = 1
    MANHATTAN = 2


class Mode(IntEnum):
    """The task of a pass of the kernel, besides the assignment of rows to centroids."""

    ASSIGN = 0  # nothing
    FARTHEST = 1  # keep the rows that are farthest from their centroids
    DRAW = 2  # keep rows that are drawn by their distances
    QUALITY = 3  # compute silhouettes


class Param(IntEnum):
    """Positions of the first parameters; a bound on each column and the centroids follow them."""

    PARAM_METRIC = 0
    PARAM_MODE = 1
    PARAM_SEED = 2
    PARAM_FARTHEST = 3


PARAMS_HEAD = 4


def params_size(k: int, d: int, scalars: int) -> int:
    """Return the number of parameters for k centroids; the columns are d features and a weight, if any.

    The body of a state begins with its parameters.
    """
    return PARAMS_HEAD + d + scalars + k * d


class Sum(IntEnum):
    """Positions of a centroid's sums that follow those of its d features."""

    SUM_DISTANCE = 0
    SUM_ONES = 1
    SUM_SILHOUETTE = 2


SUMS_EXTRA = 3
SUM_PARTS = 4  # doubles of each, to be added
UNIT_BITS = 40


def sums_size(k: int, d: int) -> int:
    """Return the number of doubles in the sums of k centroids."""
    return k * (d + SUMS_EXTRA) * SUM_PARTS


SAMPLE_HEAD = 1  # parameters of "kmeans_sample" before those whose number is the size of the sample
KMEANS_LARGEST = 1e140


class KeptArray(IntEnum):
    """The arrays of rows that a kernel keeps, in order; the number of rows comes before them."""

    KEPT_ORDER = 0  # places of the rows in the arrays below, the first row first
    KEPT_KEY = 1
    KEPT_TIMES = 2
    KEPT_ROWS = 3  # d numbers of each


def kept_array(number: int, capacity: int) -> int:
    """Return the offset at which an array begins."""
    return 1 + number * capacity
