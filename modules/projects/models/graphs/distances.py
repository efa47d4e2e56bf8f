"""Rows compared with others as a graph: clusters (sk_centers.c), sums of kernels (sk_kernel.c, sk_svm.c)."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.modules.projects.models import layout as sk
from madpy.modules.projects.models.fitted import OWN, Fitted
from madpy.modules.projects.models.graphs.graph import DOUBLE, Graph
from madpy.modules.projects.models.graphs.scores import Scores, largest
from madpy.records import Record

Floats = NDArray[np.float64]
KERNEL_OWN = OWN + 3  # the first array after those of kernels
NO_CENTER = -1.0
MOST_COEFFICIENTS = 20_000_000  # for each pair of classes those of rows and classes: 160 MB


def centers(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return the label of the nearest center, as a double; -1 without any center."""
    labels, rows, norms = fitted.arrays[OWN : OWN + 3]
    if not len(labels):
        count = graph.node("Shape", x, start=0, end=1)
        return Scores(numbers=graph.column(graph.node("ConstantOfShape", count, value=np.array([NO_CENTER]))))
    products = graph.node("MatMul", x, rows.reshape(len(labels), -1).T)
    nearest = graph.node("ArgMin", graph.node("Sub", norms, graph.node("Mul", products, 2.0)), axis=1)
    return Scores(numbers=graph.node("Gather", labels.astype(float), nearest))


def kernel_sums(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return the scaled sums of kernels times coefficients."""
    kernel = Kernel.of(fitted)
    coefficients = kernel.coefficients(fitted.arrays[KERNEL_OWN], fitted.outputs)
    scales, constants = fitted.arrays[KERNEL_OWN + 1].reshape(2, -1)
    sums = graph.node("MatMul", kernel.values(graph, x), coefficients.T)
    return Scores(numbers=graph.node("Add", graph.node("Mul", sums, scales), constants))


def votes_of_pairs(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return the class with the most votes: a margin above 0 is a vote for the first one of a pair."""
    kernel = Kernel.of(fitted)
    classes = len(fitted.classes)
    _check_size(len(kernel.rows), classes)
    pairs = list(itertools.combinations(range(classes), 2))
    own = kernel.coefficients(fitted.arrays[KERNEL_OWN + 1], classes - 1)
    starts = np.cumsum([0, *fitted.arrays[KERNEL_OWN].tolist()])
    of_class = [slice(*bounds) for bounds in itertools.pairwise(starts.tolist())]
    coefficients = np.zeros((len(kernel.rows), len(pairs)))
    for pair, (first, second) in enumerate(pairs):
        coefficients[of_class[first], pair] = own[second - 1, of_class[first]]
        coefficients[of_class[second], pair] = own[first, of_class[second]]
    sums = graph.node("MatMul", kernel.values(graph, x), coefficients)
    margins = graph.node("Add", sums, fitted.arrays[KERNEL_OWN + 2][: len(pairs)])
    is_first = graph.node("Cast", graph.node("Greater", margins, 0.0), to=DOUBLE)
    firsts, seconds = np.eye(classes)[np.array(pairs).T]
    # Each second class has a vote until the margin gives it to the first one.
    moved = graph.node("MatMul", is_first, firsts - seconds)
    return Scores(label=largest(graph, graph.node("Add", moved, seconds.sum(axis=0))))


def _check_size(rows: int, classes: int) -> None:
    pairs = math.comb(classes, 2)
    if (rows + classes) * pairs > MOST_COEFFICIENTS:
        raise MadpyError(
            f"the model has {rows:,} rows and {pairs:,} pairs of classes, too many for a matrix",
            sqlstate="54000",
            hint="train on fewer rows or classes",
        )


class Kernel(Record):
    """Rows of the training that a row is compared with, and the parameters of the comparison."""

    kind: int
    rows: Floats  # shape (n, columns); a row of zeros if there is none
    is_empty: bool
    gamma: float
    coef0: float
    degree: float
    factor: float

    @classmethod
    def of(cls, fitted: Fitted) -> "Kernel":
        """Return the kernel of a model."""
        kind, count, _ = fitted.arrays[OWN].tolist()
        gamma, coef0, degree, factor, _ = fitted.arrays[OWN + 1][:5].tolist()
        blocks = fitted.arrays[OWN + 2].reshape(-1, fitted.columns, sk.KERNEL_BLOCK)
        rows = blocks.swapaxes(1, 2).reshape(-1, fitted.columns)[:count]
        rows = rows if count else np.zeros((1, fitted.columns))
        return cls(kind, rows, not count, gamma, coef0, degree, factor)

    def coefficients(self, numbers: Floats, outputs: int) -> Floats:
        """Return coefficients of the rows, shape (outputs, n)."""
        return np.zeros((outputs, 1)) if self.is_empty else numbers.reshape(outputs, -1)

    def values(self, graph: Graph, x: str) -> str:
        """Return the kernels of each row of x and the rows of the training, shape (rows, n)."""
        scaled = graph.node("Mul", self._products(graph, x), self.gamma)
        return graph.node("Mul", self._of_products(graph, scaled), self.factor)

    def _products(self, graph: Graph, x: str) -> str:
        """Return inner products, squared distances or sums of absolute differences.

        Differences are added column by column, since those of squared norms would lose digits.
        """
        if self.kind in (sk.KERNEL_LINEAR, sk.KERNEL_POLYNOMIAL, sk.KERNEL_SIGMOID):
            return graph.node("MatMul", x, self.rows.T)
        total = ""
        for column in range(self.rows.shape[1]):
            given = graph.node("Gather", x, np.array([column]), axis=1)
            difference = graph.node("Sub", given, self.rows[:, column])
            if self.kind == sk.KERNEL_LAPLACIAN:
                term = graph.node("Abs", difference)
            else:
                term = graph.node("Mul", difference, difference)
            total = graph.node("Add", total, term) if total else term
        return total

    def _of_products(self, graph: Graph, scaled: str) -> str:
        """Return a function of products that are multiplied by gamma."""
        match self.kind:
            case sk.KERNEL_LINEAR:
                return graph.node("Add", scaled, self.coef0)
            case sk.KERNEL_POLYNOMIAL:
                return graph.node("Pow", graph.node("Add", scaled, self.coef0), self.degree)
            case sk.KERNEL_SIGMOID:
                return graph.node("Tanh", graph.node("Add", scaled, self.coef0))
            case sk.KERNEL_QUADRATIC:
                return graph.node("Pow", graph.node("Add", scaled, 1.0), -self.degree)
            case sk.KERNEL_MATERN_1 | sk.KERNEL_MATERN_3 | sk.KERNEL_MATERN_5:
                return self._matern(graph, scaled)
        return graph.node("Exp", graph.node("Neg", scaled))

    def _matern(self, graph: Graph, scaled: str) -> str:
        """Return Matern's function: a polynomial of the distance s times exp(-s)."""
        root = math.sqrt({sk.KERNEL_MATERN_1: 1, sk.KERNEL_MATERN_3: 3, sk.KERNEL_MATERN_5: 5}[self.kind])
        s = graph.node("Mul", graph.node("Sqrt", scaled), root)
        power = graph.node("Exp", graph.node("Neg", s))
        if self.kind == sk.KERNEL_MATERN_1:
            return power
        polynomial = graph.node("Add", s, 1.0)
        if self.kind == sk.KERNEL_MATERN_5:
            square = graph.node("Div", graph.node("Mul", s, s), 3.0)
            polynomial = graph.node("Add", polynomial, square)
        return graph.node("Mul", polynomial, power)
