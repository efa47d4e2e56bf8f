"""A model as the bytes of a graph of ONNX, which takes the features as they are in the database."""

import json
import math

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.projects.models import layout as sk
from madpy.modules.projects.models.fitted import VALUES, Fitted
from madpy.modules.projects.models.graphs.columns import NULL_TEXT, columns_of
from madpy.modules.projects.models.graphs.distances import centers, kernel_sums, votes_of_pairs
from madpy.modules.projects.models.graphs.graph import DOUBLE, STRING, Graph
from madpy.modules.projects.models.graphs.linear import gaussian, linear, network
from madpy.modules.projects.models.graphs.scores import Scores
from madpy.modules.projects.models.graphs.trees import trees

MOST_BYTES = 2**30 - 2**20  # a value of PostgreSQL has at most 1 GB
KINDS = {
    sk.KIND_LINEAR: linear,
    sk.KIND_GAUSSIAN: gaussian,
    sk.KIND_NETWORK: network,
    sk.KIND_CENTERS: centers,
    sk.KIND_TREES: trees,
    sk.KIND_KERNEL: kernel_sums,
    sk.KIND_SVM: votes_of_pairs,
}


def onnx_model(fitted: Fitted, algorithm: str) -> bytes:
    """Return the bytes of a model in ONNX; raise an error for a kind that its operators do not express."""
    # Models that tables of trainings become have values that mean something else in ONNX.
    is_of_table = fitted.takes_infinity or bool(np.isnan(fitted.arrays[VALUES]).any())
    if fitted.kind not in KINDS or is_of_table:
        raise MadpyError(
            "this model cannot be written in ONNX",
            sqlstate="0A000",
            hint="choose a linear algorithm, trees, a forest, boosting, a network, naive Bayes, qda, a"
            " support vector machine, kernel ridge, pca, or clusters with centers",
        )
    graph = Graph()
    columns = columns_of(graph, fitted)
    _add_outputs(graph, fitted, KINDS[fitted.kind](graph, fitted, columns.x), columns.missing)
    data = graph.model({
        "madpy.algorithm": algorithm,
        "madpy.task": fitted.task,
        "madpy.classes": json.dumps(fitted.classes, ensure_ascii=False),
        "madpy.null": NULL_TEXT,
    })  # fmt: skip
    if len(data) > MOST_BYTES:
        raise MadpyError(
            "the model is larger in ONNX than a value can be", sqlstate="54000", hint="train a smaller model"
        )
    return data


def _add_outputs(graph: Graph, fitted: Fitted, scores: Scores, missing: str | None) -> None:
    """Have the scores be outputs; they are NaN, or the text for NULL, where a needed value is missing."""
    if scores.label is not None:
        label = scores.label
        labels = [*fitted.classes, NULL_TEXT]
        if missing is not None:
            label = graph.node("Where", graph.flat(missing), np.array(len(labels) - 1), label)
        graph.output("label", graph.node("Gather", np.array(labels, object), label), STRING)
    for name, value, width in (
        ("prediction", scores.numbers, fitted.outputs),
        ("probabilities", scores.probabilities, len(fitted.classes)),
    ):
        if value is not None:
            if missing is not None:
                value = graph.node("Where", missing, math.nan, value)
            graph.output(name, value, DOUBLE, width)
