"""Results that kinds of models have in common, and links that several share."""

import numpy as np

from madpy.modules.projects.models.graphs.graph import INT64, Graph
from madpy.records import Record


class Scores(Record):
    """Values of a graph; those that the task of the model does not have are None."""

    numbers: str | None = None  # shape (rows, outputs), of a regression, clustering or decomposition
    label: str | None = None  # shape (rows,), the number of the class
    probabilities: str | None = None  # shape (rows, classes)


def largest(graph: Graph, values: str) -> str:
    """Return the place of the largest value of each row, the first of equal ones."""
    return graph.node("ArgMax", values, axis=1, keepdims=0)


def second_if(graph: Graph, condition: str) -> str:
    """Return the number of the second of two classes where a condition, shape (rows, 1), is true."""
    return graph.flat(graph.node("Cast", condition, to=INT64))


def two(graph: Graph, probability: str) -> str:
    """Return the probabilities of two classes, given that of the second one."""
    return graph.joined([graph.node("Sub", 1.0, probability), probability])


def softmax(graph: Graph, values: str) -> str:
    """Return the softmax of each row."""
    return graph.node("Softmax", values, axis=1)


def sum_of_squares(graph: Graph, values: str) -> str:
    """Return the sum of the squares in each row, shape (rows, 1)."""
    return graph.node("ReduceSum", graph.node("Mul", values, values), np.array([1]))
