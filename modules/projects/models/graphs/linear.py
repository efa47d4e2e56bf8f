"""Sums of products as a graph, with the links of linear models, networks and normal distributions."""

import itertools

import numpy as np

from madpy.modules.projects.models.fitted import OWN, TASKS, Fitted
from madpy.modules.projects.models.graphs.graph import Graph
from madpy.modules.projects.models.graphs.scores import (
    Scores,
    largest,
    second_if,
    softmax,
    sum_of_squares,
    two,
)
from madpy.modules.projects.models.layout import (
    ACTIVATION_EXP,
    ACTIVATION_LOGISTIC,
    ACTIVATION_RELU,
    ACTIVATION_SOFTMAX,
    ACTIVATION_TANH,
    LINK_MARGIN,
    LINK_MODIFIED_HUBER,
    LINK_SOFTMAX,
    TASK_CLASSIFICATION,
)

ACTIVATIONS = {
    ACTIVATION_LOGISTIC: "Sigmoid",
    ACTIVATION_TANH: "Tanh",
    ACTIVATION_RELU: "Relu",
    ACTIVATION_EXP: "Exp",
}


def linear(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return the sums of a linear model, and what its link makes of them."""
    coefficients = fitted.arrays[OWN + 1].reshape(fitted.outputs, -1)
    values = graph.node("Add", graph.node("MatMul", x, coefficients.T), fitted.arrays[OWN + 2])
    if fitted.task != TASKS[TASK_CLASSIFICATION]:
        return Scores(numbers=values)
    link = int(fitted.arrays[OWN][0])
    is_binary = fitted.outputs == 1
    label = second_if(graph, graph.node("Greater", values, 0.0)) if is_binary else largest(graph, values)
    if link == LINK_MARGIN:
        return Scores(label=label)
    if link == LINK_SOFTMAX and not is_binary:
        return Scores(label=label, probabilities=softmax(graph, values))
    if link == LINK_SOFTMAX:
        values = graph.node("Mul", values, 2.0)
    shares = _huber(graph, values) if link == LINK_MODIFIED_HUBER else graph.node("Sigmoid", values)
    return Scores(
        label=label,
        probabilities=two(graph, shares) if is_binary else _divided(graph, shares, fitted.outputs),
    )


def _huber(graph: Graph, margin: str) -> str:
    """Return the probability of each class, before they are divided by their sum."""
    return graph.node("Div", graph.node("Add", graph.node("Clip", margin, -1.0, 1.0), 1.0), 2.0)


def _divided(graph: Graph, shares: str, classes: int) -> str:
    """Return probabilities divided by their sum; where all are 0 they are equal."""
    total = graph.node("ReduceSum", shares, np.array([1]))
    return graph.node("Where", graph.node("Equal", total, 0.0), 1 / classes, graph.node("Div", shares, total))


def network(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return the outputs of the last layer."""
    hidden, last, *sizes = fitted.arrays[OWN].tolist()
    weights, biases = fitted.arrays[OWN + 1], fitted.arrays[OWN + 2]
    values = x
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes), 2):
        own, weights = np.split(weights, [inputs * outputs])
        bias, biases = np.split(biases, [outputs])
        values = graph.node("Add", graph.node("MatMul", values, own.reshape(inputs, outputs)), bias)
        values = _activated(graph, values, last if layer == len(sizes) else hidden)
    if fitted.task != TASKS[TASK_CLASSIFICATION]:
        return Scores(numbers=values)
    if fitted.outputs > 1:
        return Scores(label=largest(graph, values), probabilities=values)
    label = second_if(graph, graph.node("Greater", values, 0.5))
    return Scores(label=label, probabilities=two(graph, values))


def _activated(graph: Graph, values: str, activation: int) -> str:
    if activation == ACTIVATION_SOFTMAX:
        return softmax(graph, values)
    return graph.node(ACTIVATIONS[activation], values) if activation in ACTIVATIONS else values


def gaussian(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return the most likely class, given a normal distribution for each."""
    widths = fitted.arrays[OWN].tolist()
    means = fitted.arrays[OWN + 1].reshape(len(widths), -1)
    scalings, constants, priors = fitted.arrays[OWN + 2 : OWN + 5]
    if widths[0] == 0:
        differences = graph.node("Sub", graph.node("Unsqueeze", x, np.array([1])), means)
        squares = graph.node("Mul", differences, differences)
        terms = graph.node("Div", squares, scalings.reshape(means.shape))
        sums = graph.node("ReduceSum", terms, np.array([2]), keepdims=0)
        constants = -2 * constants
    else:
        parts = np.split(scalings, np.cumsum([means.shape[1] * width for width in widths])[:-1])
        scaled = [
            graph.node("MatMul", graph.node("Sub", x, mean), part.reshape(len(mean), -1))
            for mean, part in zip(means, parts, strict=True)
        ]
        sums = graph.joined([sum_of_squares(graph, one) for one in scaled])
    densities = graph.node("Mul", graph.node("Add", sums, constants), -0.5)
    values = graph.node("Add", densities, priors)
    return Scores(label=largest(graph, values), probabilities=softmax(graph, values))
