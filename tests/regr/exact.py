"""Least squares in exact arithmetic: the truth for the very doubles that a table holds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True)
class Exact:
    """A regression with nothing rounded; `variances` are of the coefficients."""

    coef: list[Fraction]
    variances: list[Fraction]
    rss: Fraction
    r2: Fraction  # around the mean, as for a design with an intercept
    inverse: list[list[Fraction]]  # of X'X

    def hc1(self, X: Matrix, y: Sequence[float]) -> list[Fraction]:
        """Variances of the coefficients that allow for heteroskedasticity: White's, times n / (n - k)."""
        n, k = len(X), len(self.coef)
        rows = [[Fraction(value) for value in row] for row in X]
        squares = [(Fraction(b) - dot(self.coef, row)) ** 2 for row, b in zip(rows, y, strict=True)]
        reached = [[dot(self.inverse[j], row) for row in rows] for j in range(k)]
        return [dot([a * a for a in reached[j]], squares) * n / (n - k) for j in range(k)]


def fit(X: Matrix, y: Sequence[float]) -> Exact:
    """y on the columns of X by the normal equations; X has full rank and more rows than columns."""
    n, k = len(X), len(X[0])
    columns = [[Fraction(row[j]) for row in X] for j in range(k)]
    target = [Fraction(value) for value in y]
    gram = [[dot(a, b) for b in columns] for a in columns]
    inverse = _inverse(gram)
    moments = [dot(a, target) for a in columns]
    coef = [dot(row, moments) for row in inverse]
    rss = dot(target, target) - dot(coef, moments)
    mean = sum(target) / n
    tss = dot(target, target) - n * mean * mean
    return Exact(coef, [rss / (n - k) * inverse[j][j] for j in range(k)], rss, 1 - rss / (tss or 1), inverse)


def digits(got: float, truth: Fraction | float) -> float:
    """Correct decimal digits: -log10 of the relative error, of the error where the truth is 0; at most 17."""
    error = abs(Fraction(got) - Fraction(truth)) / (abs(Fraction(truth)) or 1)
    return min(17.0, -math.log10(error)) if error else 17.0


def worst(got: Sequence[float], truth: Sequence[Fraction | float]) -> float:
    """Correct digits of the worst of several numbers."""
    return min(digits(a, b) for a, b in zip(got, truth, strict=True))


def root(value: Fraction) -> Fraction:
    """Square root to 50 digits."""
    return Fraction(math.isqrt(value.numerator * value.denominator * 10**100), value.denominator * 10**50)


def dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((p * q for p, q in zip(a, b, strict=True)), Fraction(0))


def _inverse(matrix: list[list[Fraction]]) -> list[list[Fraction]]:
    """Gauss-Jordan; the matrix is positive definite, so no pivot is zero."""
    k = len(matrix)
    rows = [[*row, *(Fraction(i == j) for j in range(k))] for i, row in enumerate(matrix)]
    for i in range(k):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(k):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [row[k:] for row in rows]
