"""Logistic regression by iteratively reweighted least squares, all groups at once.  Pure: numpy only.

Arrays hold one row per group: G groups, k coefficients.  Where the first feature is constant, the others
are centred at their means while the model is sought, and the coefficients are turned back at its end: the
model is the same, and a feature that is large beside its spread (a year, a timestamp) costs no digits.

Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 4.4; Albert & Anderson (1984),
Biometrika 71, 1-10, for separation.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.intp]  # of some groups

CONSTANT = 1e-26  # squared length left around the mean, over that around zero: rounding
NO_WEIGHT = 1e-9  # what adds no more than this to the length of a combination is rounding
COLLINEAR = 1e-12  # squared length that the features before leave unexplained
SLACK = 1e-13  # of a log-likelihood: rounding
ADRIFT = 0.1  # logits that still move by this much, and hardly less than before, where there is no maximum
AT_REST = 1e-6  # change of a log-likelihood
FEW_DIGITS, HOPELESS = 1e-4, 1e-13  # pivots between which the inverse of a Hessian is found in another basis
INTERVAL = 1e-3
BLOCK = 256  # rows of a matrix that numpy's own functions take at once
AT_ONCE = 2**15  # numbers of the matrices worked on together: they stay in the second-level cache

WORDS = ("converged", "not converged", "separated", "partly separated", "one class", "no rows")
CONVERGED, NOT_CONVERGED, SEPARATED, PARTLY, ONE_CLASS, NO_ROWS = range(len(WORDS))


@dataclass(frozen=True)
class Design:
    """The moments of the features from one pass, in centred units."""

    rows: Array  # (G,)
    positives: Array  # (G,) rows whose target is 1
    first: Array  # (G,) the first feature where it is constant, else 0
    shift: Array  # (G, k) what is taken off each feature
    gram: Array  # (G, k, k) sums of products
    cross: Array  # (G, k) sums of the features times (y - 1/2)
    squares: Array  # (G, k) sums of squares, not centred
    zero: Mask  # (G, k) features that are 0 in every row
    kept: Mask  # (G, k) features that are no combination of those before
    has_constant: Mask  # (G,) some combination of the features is constant
    own: Mask  # (G, k) levels of text columns that are references of their own: see own_references


@dataclass(frozen=True)
class Sums:
    """The sums that a pass of the kernel "logregr" returns for coefficients."""

    likelihood: Array  # (G,) its logarithm
    change: Array  # (G,) the largest change of a row's logit in the last step
    margin: Array  # (G,) the smallest (2 y - 1) logit of a row
    pivot: Array  # (G,) the smallest of the Hessian, scaled to ones on its diagonal
    step: Array  # (G, k) Newton's next
    hessian: Array  # (G, k (k + 1) / 2) its lower triangle row by row


def design(body: Array, k: int, blocks: Sequence[int] = ()) -> Design:
    """From states of the kernel "moments" of k features and the target, 0 or 1.

    `blocks`: of each feature the number of the text column that it is a level of, 0 for others.
    """
    return _joined([_design(body[piece], k, blocks) for piece in pieces(len(body), k)])


def _design(body: Array, k: int, blocks: Sequence[int]) -> Design:
    m = k + 1
    high, low = (
        _triangle(body[:, : (m + 1) * (m + 2) : 2], m + 1),
        _triangle(body[:, 1 : (m + 1) * (m + 2) : 2], m + 1),
    )
    minima, maxima = body[:, -2 * m : -m], body[:, -m:]
    rows, positives = high[:, 0, 0], high[:, 0, m]
    is_constant = (rows > 0) & (minima[:, 0] == maxima[:, 0]) & (minima[:, 0] != 0)
    shift = np.where(is_constant[:, None], high[:, 0, 1:m] / np.maximum(rows, 1)[:, None], 0.0)
    shift[:, 0] = 0
    gram = _centred(high[:, :m, :m], low[:, :m, :m], shift)
    squares = np.diagonal(high, axis1=1, axis2=2)[:, 1:m].copy()
    cross = high[:, 1:m, m] - shift * positives[:, None] - (high[:, 0, 1:m] - shift * rows[:, None]) / 2
    own = own_references(high[:, 0, 1:m], rows, blocks)
    kept = independent(gram, squares, own)
    spanned = is_constant.copy()
    for g in np.flatnonzero(~is_constant & (rows > 0)):
        spanned[g] = _spans_constant(gram[g][np.ix_(kept[g], kept[g])], high[g, 0, 1:m][kept[g]], rows[g])
    first = np.where(is_constant, minima[:, 0], 0.0)
    zero = (minima[:, :-1] == 0) & (maxima[:, :-1] == 0) | (rows[:, None] == 0)
    return Design(rows, positives, first, shift, gram, cross, squares, zero, kept, spanned, own)


def is_binary(body: Array) -> bool:
    """Whether the target, as states of the kernel "moments" have seen it, is 0 or 1 in every row.

    From 0 to 1 a square is no larger than the number, and as large only at the ends.
    """
    m = _columns(body)
    end = (m + 1) * (m + 2)
    low, high = body[:, -m - 1], body[:, -1]
    total, square = body[:, end - 2 * (m + 1) : end - 2 * m], body[:, end - 2 : end]
    inside = (low >= 0) & (high <= 1) | (body[:, 0] == 0)
    return bool((inside[:, None] & (total == square)).all())


def own_references(sums: Array, rows: Array, blocks: Sequence[int]) -> Mask:
    """Which levels are the reference of a text column where no row has the one without a term; (G, k).

    The terms of the levels then add up to the intercept, and the first one that the group has stands for it.
    """
    own = np.zeros(sums.shape, dtype=bool)
    numbers = np.array(blocks)
    for number in np.unique(numbers[numbers > 0]):
        levels = np.flatnonzero(numbers == number)
        there = sums[:, levels]
        lacking = np.flatnonzero((there.sum(axis=1) == rows) & (rows > 0))
        own[lacking, levels[(there[lacking] > 0).argmax(axis=1)]] = True
    return own


def independent(gram: Array, squares: Array, own: Mask) -> Mask:
    """Which features are no combination of those before them, shape (G, k): a Cholesky factor, row by row.

    Those of `own` are left out.
    """
    length = np.diagonal(gram, axis1=1, axis2=2)
    scale = 1 / np.sqrt(np.where(length > 0, length, 1))
    rest = gram * scale[:, :, None] * scale[:, None, :]
    if not own.any() and (length > CONSTANT * squares).all() and _far_from_singular(rest):
        return np.ones(squares.shape, dtype=bool)
    factor = np.zeros_like(gram)
    kept = np.zeros(squares.shape, dtype=bool)
    for j in range(squares.shape[1]):
        column = rest[:, j:, j] - (factor[:, j:, :j] @ factor[:, j, :j, None])[..., 0]
        kept[:, j] = (length[:, j] > CONSTANT * squares[:, j]) & (column[:, 0] > COLLINEAR) & ~own[:, j]
        pivot = np.sqrt(np.where(kept[:, j], column[:, 0], np.inf))
        factor[:, j:, j] = column / pivot[:, None]
    return kept


def aliases(newton: "Newton", blocks: Sequence[int]) -> list[Array | None]:
    """Return for each group with a model the features left out as combinations of others, shape (r, k)."""
    deficient = np.flatnonzero(~newton.design.kept.all(axis=1) & (newton.status < ONE_CLASS))
    found: list[Array | None] = [None] * len(newton.status)
    for piece in pieces(len(deficient), newton.coef.shape[1]):
        groups = deficient[piece]
        kept = newton.design.kept[groups]
        weights = _combinations(newton.design, groups)
        for own, feature in zip(*np.nonzero(newton.design.own[groups]), strict=True):
            weights[own, feature] = -1.0 * (np.array(blocks) == blocks[feature])
            weights[own, feature, [0, feature]] = 1, 0
        for n, group in enumerate(groups):
            found[group] = weights[n, ~kept[n]]
    return found


def _combinations(design: Design, groups: Numbers) -> Array:
    """Return the weights of each feature that is left out on those before it, shape (len(groups), k, k)."""
    gram, kept, shift = design.gram[groups], design.kept[groups], design.shift[groups]
    first = design.first[groups, None]
    scaled, scale = _scaled(gram, kept)
    out = np.flatnonzero(~kept.all(axis=0))
    before = np.tri(kept.shape[1], k=-1, dtype=bool)[out]
    solution = _solved(scaled, gram[:, :, out] * scale[:, :, None]).swapaxes(1, 2)
    weights = np.zeros_like(gram)
    weights[:, out] = np.where(before & kept[:, None], solution, 0) * scale[:, None]
    rest = shift - (weights * shift[:, None]).sum(axis=2)
    weights[:, :, 0] += np.divide(rest, first, out=np.zeros_like(rest), where=first != 0)
    length = np.sqrt(design.squares[groups])
    is_rounding = np.abs(weights) * length[:, None] <= NO_WEIGHT * length[:, :, None]
    return np.where(kept[:, :, None] | is_rounding, 0, weights)


def _far_from_singular(matrices: Array) -> bool:
    """Whether no matrix is near the tolerance; a tenth of the time of the factor that says where one is."""
    try:
        pivots = np.diagonal(_cholesky(matrices), axis1=1, axis2=2)
    except np.linalg.LinAlgError:
        return False
    return bool((pivots > 10 * math.sqrt(COLLINEAR)).all())


def sums(body: Array, k: int) -> Sums:
    """From outcomes of the kernel "logregr"."""
    likelihood, change, margin, pivot = body[:, :4].T
    return Sums(likelihood, change, margin, pivot, body[:, 4 : 4 + k], body[:, 4 + k :])


class Newton:
    """The search for the maximum in each group: `params` go to the kernel, `take` gets what it says.

    A step that lowers the log-likelihood is halved.  `tolerance` is the relative change of the log-likelihood
    that ends the search, once logits move by little as well; one more step, whose sums need no pass, is then
    taken, and because convergence is quadratic, its error is below rounding for the default tolerance.
    """

    def __init__(self, design: Design, tolerance: float) -> None:
        self.design = design
        self.tolerance = max(tolerance, 4 * SLACK)
        self.near = INTERVAL * math.sqrt(self.tolerance)
        groups = len(design.rows)
        one_class = (design.positives == 0) | (design.positives == design.rows)
        self.status = np.where(design.rows == 0, NO_ROWS, np.where(one_class, ONE_CLASS, NOT_CONVERGED))
        self.active = self.status == NOT_CONVERGED
        self.iterations = np.zeros(groups, dtype=np.int64)
        self.flat = np.zeros(groups, dtype=bool)
        self.coef = np.zeros_like(design.cross)  # the last that were not worse than those before
        self.likelihood = -design.rows * math.log(2)
        row, column = np.tril_indices(design.cross.shape[1])
        self.hessian = design.gram[:, row, column] / 4
        self.pivot = np.ones(groups)
        self.change = np.full(groups, np.inf)
        self.adrift = np.zeros(groups, dtype=bool)
        self.step = self._first_step()

    @property
    def going(self) -> Numbers:
        """The groups whose search goes on, rising."""
        return np.flatnonzero(self.active)

    def params(self, groups: Numbers) -> Array:
        """Coefficients to try, the step to them, and shifts, NaN for features left out; (len(groups), 3k)."""
        coef, step = self.coef[groups], self.step[groups]
        return np.concatenate([coef + step, step, self.shifts(groups)], axis=1)

    def shifts(self, groups: Numbers) -> Array:
        """Return what is subtracted from each feature, NaN for those left out; shape (len(groups), k)."""
        return np.where(self.design.kept[groups], self.design.shift[groups], np.nan)

    def take(self, groups: Numbers, found: Sums) -> None:
        """Go on from what a pass over the rows of these groups found."""
        self.iterations[groups] += 1
        gain = found.likelihood - self.likelihood[groups]
        better = gain >= -SLACK * np.abs(self.likelihood[groups])
        self.step[groups[~better]] /= 2

        ahead = groups[better]
        self.coef[ahead] += self.step[ahead]
        self.likelihood[ahead] = found.likelihood[better]
        self.hessian[ahead] = found.hessian[better]
        self.pivot[ahead] = found.pivot[better]
        self.adrift[ahead] = found.change[better] > np.maximum(ADRIFT, self.change[ahead] / 2)
        self.change[ahead] = found.change[better]
        self.step[ahead] = found.step[better]

        self.flat[groups] = better & (gain <= self.tolerance * np.abs(found.likelihood))
        self._end(groups[better & (found.margin > 0)], SEPARATED)
        self._end(groups[better & (gain < AT_REST) & self.adrift[groups]], PARTLY)
        done = groups[self.active[groups] & self.flat[groups] & (found.change <= self.near)]
        self.coef[done] += self.step[done]
        self._end(done, CONVERGED)

    def stop(self) -> None:
        """No more passes: where all but some logits have come to rest, the classes are separated in part."""
        self._end(np.flatnonzero(self.flat & self.adrift), PARTLY)
        self.active[:] = False

    def _end(self, groups: Numbers, status: int) -> None:
        going = groups[self.active[groups]]
        self.status[going] = status
        self.active[going] = False

    def _first_step(self) -> Array:
        """Newton's step H^-1 g from coefficients of 0, zero for features that are not kept."""
        steps = np.zeros_like(self.coef)
        for piece in pieces(*steps.shape):
            kept = self.design.kept[piece]
            scaled, scale = _scaled(self.design.gram[piece] / 4, kept)
            gradient = np.where(kept, self.design.cross[piece], 0) * scale
            solution = _solved(scaled, gradient[..., None])[..., 0]
            steps[piece] = np.where(np.isfinite(solution), solution, 0) * scale
        return steps


def nearly_collinear(newton: Newton) -> Numbers:
    """The groups whose Hessian has too few digits to be inverted, and enough for `bases`."""
    has_maximum = newton.status <= NOT_CONVERGED
    return np.flatnonzero(has_maximum & (newton.pivot < FEW_DIGITS) & (newton.pivot > HOPELESS))


def bases(newton: Newton, groups: Numbers) -> Array:
    """Lower triangular B with B H B' nearly the unit matrix, shape (len(groups), k, k)."""
    return _inverse_factor(newton.hessian[groups], newton.design.kept[groups])


def basis_params(newton: Newton, groups: Numbers, basis: Array) -> Array:
    """As `Newton.params`, at the coefficients that were found; the basis behind them."""
    coef = newton.coef[groups]
    row, column = np.tril_indices(basis.shape[1])
    return np.concatenate([coef, np.zeros_like(coef), newton.shifts(groups), basis[:, row, column]], axis=1)


def roots(newton: Newton, groups: Numbers, basis: Array, found: Sums) -> Array:
    """R with R'R the inverse Hessian, lower triangles: of sums in the basis, which lost no digits.

    Source: Yamamoto, Nakatsukasa, Yanagisawa & Fukaya (2015), Roundoff error analysis of the CholeskyQR2
    algorithm, ETNA 44, 306-326.
    """
    row, column = np.tril_indices(basis.shape[1])
    factor = _inverse_factor(found.hessian, newton.design.kept[groups])
    result: Array = _block_product(factor, basis)[:, row, column]
    return result


def _inverse_factor(hessian: Array, kept: Mask) -> Array:
    """Invert the Cholesky factors of lower triangles; 0 for features not kept, NaN without a factor."""
    scaled, scale = _scaled(_triangle(hessian, kept.shape[1]), kept)
    try:
        inverse: Array = _inverse_of_lower(_cholesky(scaled)) * scale[:, None, :]
    except np.linalg.LinAlgError:
        return np.full_like(scaled, np.nan)
    return inverse


def fits(newton: Newton, roots: Array) -> Array:
    """Return the rows that estimates are computed from: `first`, coefficients, shifts, Hessians, roots.

    Shape (G, ...).  A shift is NaN where there is no coefficient, a Hessian where there are no errors.
    """
    kept = newton.design.kept & (newton.status < ONE_CLASS)[:, None]
    shift = np.where(kept, newton.design.shift, np.nan)
    hessian = np.where((newton.status == SEPARATED)[:, None], np.nan, newton.hessian)
    return np.concatenate([newton.design.first[:, None], newton.coef, shift, hessian, roots], axis=1)


def estimated(k: int) -> dict[str, list[int]]:
    """Return the fields of a fit in the order of logregr_fit.c, each with its dimensions."""
    vectors = ("coef", "std_err", "z_stats", "p_values", "odds_ratios")
    return {"condition_no": [], **{name: [k] for name in vectors}, "variance_covariance": [k, k]}


def deviances(newton: Newton) -> dict[str, Array]:
    """The log-likelihood and what follows from it, each (G,), NaN where there is no model."""
    fitted = newton.status < ONE_CLASS
    likelihood = np.where(fitted, newton.likelihood, np.nan)
    return {
        "log_likelihood": likelihood,
        "null_deviance": np.where(fitted, null_deviance(newton.design), np.nan),
        "deviance": -2 * likelihood,
        "aic": 2 * newton.design.kept.sum(axis=1) - 2 * likelihood,
    }


def null_deviance(design: Design) -> Array:
    """Return the deviance of one probability for all rows: the mean with a constant, else 1/2, as in R."""
    share = design.positives / np.maximum(design.rows, 1)
    share = np.where(design.has_constant, share, 0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        in_favour = np.where(design.positives > 0, design.positives * np.log(share), 0)
        against = design.rows - design.positives
        opposed = np.where(against > 0, against * np.log1p(-share), 0)
    return cast(Array, -2 * (in_favour + opposed))


def pieces(groups: int, k: int) -> Iterator[slice]:
    """Slices of the groups; one, empty, of none."""
    step = max(1, AT_ONCE // k**2)
    return (slice(start, start + step) for start in range(0, max(groups, 1), step))


def _joined(records: Sequence[Design]) -> Design:
    columns = {part.name: [getattr(one, part.name) for one in records] for part in fields(records[0])}
    return replace(records[0], **{name: np.concatenate(column) for name, column in columns.items()})


def _columns(body: Array) -> int:
    """How many columns a state of moments is of: (m + 1) (m + 2) + 2 m numbers."""
    return round((math.sqrt(25 + 4 * (body.shape[1] - 2)) - 5) / 2)


def _triangle(values: Array, n: int) -> Array:
    """Symmetric matrices, shape (G, n, n), from their lower triangles row by row."""
    row, column = np.tril_indices(n)
    place = np.empty((n, n), dtype=np.intp)
    place[row, column] = place[column, row] = np.arange(len(row))
    return np.take(values, place, axis=1)


def _centred(high: Array, low: Array, shift: Array) -> Array:
    """Sums of (x_i - c_i) (x_j - c_j) from pairs of sums of products, the first row being sums.

    What is taken off may be nearly all there is, so the difference is taken before anything is rounded.
    """
    sum_high, sum_low = high[:, 0, 1:], low[:, 0, 1:]
    product, rest = _product(high[:, 0, :1], shift)
    left = (sum_high - product) + (sum_low - rest)  # of the sums, after centring: rounding
    product, rest = _product(shift[:, :, None], sum_high[:, None, :])
    products = high[:, 1:, 1:]
    difference = products - product
    back = difference - products
    error = (products - (difference - back)) + (-product - back)
    rest = rest + shift[:, :, None] * sum_low[:, None, :] + left[:, :, None] * shift[:, None, :]
    gram = difference + (error + (low[:, 1:, 1:] - rest))
    return (gram + gram.swapaxes(1, 2)) / 2


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    """a b and its rounding error.  Source: Dekker (1971), Numerische Mathematik 18, 224-242."""
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: Array) -> tuple[Array, Array]:
    scaled = 134217729.0 * a
    high = scaled - (scaled - a)
    return high, a - high


def _spans_constant(gram: Array, total: Array, rows: float) -> bool:
    """Whether features whose sums are `total` explain a column of ones."""
    scale = 1 / np.sqrt(np.diagonal(gram))
    scaled, right = gram * np.outer(scale, scale), total * scale
    explained = right @ _solved(scaled[None], right[None, :, None])[0, :, 0]
    return bool(rows - explained <= 1e-9 * rows)


def _scaled(hessian: Array, kept: Mask) -> tuple[Array, Array]:
    """The Hessian with ones on its diagonal, and the scale of each feature; ones and zeros where not kept."""
    length = np.diagonal(hessian, axis1=1, axis2=2)
    usable = kept & (length > 0)
    scale = np.where(usable, 1 / np.sqrt(np.where(usable, length, 1)), 0)
    scaled = hessian * scale[:, :, None] * scale[:, None, :]
    diagonal = np.arange(kept.shape[1])
    scaled[:, diagonal, diagonal] = 1
    return scaled, scale


def _solved(matrices: Array, right: Array) -> Array:
    """Solutions of stacked systems; of a singular one by its pseudoinverse, or NaN where that takes long."""
    if matrices.shape[-1] > BLOCK:
        return _block_solution(matrices, right)
    try:
        return cast(Array, np.linalg.solve(matrices, right))
    except np.linalg.LinAlgError:
        return np.linalg.pinv(matrices, hermitian=True) @ right


# --- matrices of many features, block by block: one call of LAPACK for 2,000 rows takes half a second, and
# cannot be cancelled.  Golub & Van Loan, Matrix Computations, 4th ed., sections 3.1 and 4.2. ---


def _cholesky(matrices: Array) -> Array:
    """Lower triangular L with L L' = M; numpy's LinAlgError where a matrix is not positive."""
    n = matrices.shape[-1]
    if n <= BLOCK:
        return cast(Array, np.linalg.cholesky(matrices))
    lower = np.zeros_like(matrices)
    for j in range(0, n, BLOCK):
        own = slice(j, j + BLOCK)
        row = lower[:, own, :j]
        lower[:, own, own] = np.linalg.cholesky(matrices[:, own, own] - row @ row.swapaxes(1, 2))
        inverse = np.linalg.inv(lower[:, own, own]).swapaxes(1, 2)
        for i in range(j + BLOCK, n, BLOCK):
            below = slice(i, i + BLOCK)
            rest = matrices[:, below, own] - lower[:, below, :j] @ row.swapaxes(1, 2)
            lower[:, below, own] = rest @ inverse
    return lower


def _inverse_of_lower(lower: Array) -> Array:
    """The inverse of a lower triangular matrix."""
    n = lower.shape[-1]
    if n <= BLOCK:
        return cast(Array, np.linalg.inv(lower))
    result = np.zeros_like(lower)
    for i in range(0, n, BLOCK):
        own = slice(i, i + BLOCK)
        result[:, own, own] = inverse = np.linalg.inv(lower[:, own, own])
        for j in range(0, i, BLOCK):
            to = slice(j, j + BLOCK)
            result[:, own, to] = -inverse @ (lower[:, own, :i] @ result[:, :i, to])
    return result


def _block_product(a: Array, b: Array) -> Array:
    """a b, shapes (G, n, n)."""
    n = a.shape[-1]
    if n <= BLOCK:
        return a @ b
    return np.concatenate([a[:, i : i + BLOCK] @ b for i in range(0, n, BLOCK)], axis=1)


def _block_solution(matrices: Array, right: Array) -> Array:
    """X with M X = B of positive matrices, B of few columns; NaN where some matrix is not positive."""
    try:
        inverse = _inverse_of_lower(_cholesky(matrices))
    except np.linalg.LinAlgError:
        return np.full_like(right, np.nan)
    return inverse.swapaxes(1, 2) @ (inverse @ right)
