"""Trees as a graph: leaves are added up tree by tree, in the order of sk_trees_rules.c, to the last bit."""

import numpy as np
from numpy.typing import NDArray

from madpy.errors import MadpyError
from madpy.modules.projects.models import layout as sk
from madpy.modules.projects.models.fitted import OWN, TASKS, Fitted
from madpy.modules.projects.models.graphs.graph import DOUBLE, INT64, ML, SINGLE, Graph
from madpy.modules.projects.models.graphs.scores import Scores, largest, second_if, softmax, two
from madpy.modules.projects.models.sums import NODE
from madpy.records import Record

GREATER = 3  # the mode of a node whose first branch is for values greater than its threshold
SUM = 1  # the function of the leaves with the same target: there is one for a row
NO_TRANSFORM = 0
MOST_NODES = 10_000_000  # about 1 GB of memory while the graph is written
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def trees(graph: Graph, fitted: Fitted, x: str) -> Scores:
    """Return what the rule and the link of a model make of its leaves."""
    rule, link, _, _, is_single, _ = fitted.arrays[OWN].tolist()
    forest = Forest.of(fitted)
    if is_single:
        x = graph.node("Cast", graph.node("Cast", x, to=SINGLE), to=DOUBLE)
    leaves = graph.node("Cast", forest.leaves(graph, x), to=INT64)
    if rule == sk.TREES_MEDIAN:
        return Scores(numbers=_median(graph, forest, leaves))
    values = _sum(graph, forest, leaves)
    if fitted.task != TASKS[sk.TASK_CLASSIFICATION]:
        return Scores(numbers=graph.node("Exp", values) if link == sk.TREES_EXP else values)
    if link == sk.TREES_PLAIN:
        return Scores(label=largest(graph, values), probabilities=values)
    return (
        _two_classes(graph, fitted, values) if len(fitted.classes) == 2 else _classes(graph, fitted, values)
    )


def _two_classes(graph: Graph, fitted: Fitted, values: str) -> Scores:
    """Return the class by the sign of a decision value, which may be the difference of votes."""
    rule, link, _, _, _, zero_is_second = fitted.arrays[OWN].tolist()
    if rule == sk.TREES_VOTES:
        first, second = (graph.node("Gather", values, np.array([code]), axis=1) for code in range(2))
        values = graph.node("Sub", second, first)
    comparison = "GreaterOrEqual" if zero_is_second else "Greater"
    margin = graph.node("Mul", values, 2.0) if link == sk.TREES_LOGIT_TWICE else values
    return Scores(
        label=second_if(graph, graph.node(comparison, values, 0.0)),
        probabilities=two(graph, graph.node("Sigmoid", margin)),
    )


def _classes(graph: Graph, fitted: Fitted, values: str) -> Scores:
    """Return the class with the largest decision value."""
    is_vote = int(fitted.arrays[OWN][0]) == sk.TREES_VOTES
    shares = graph.node("Div", values, len(fitted.classes) - 1.0) if is_vote else values
    return Scores(label=largest(graph, values), probabilities=softmax(graph, shares))


def _sum(graph: Graph, forest: "Forest", leaves: str) -> str:
    """Return the starting values and the numbers of the leaves, added tree by tree and divided."""
    numbers = graph.node("Gather", forest.numbers, leaves)
    numbers = graph.node("Reshape", numbers, np.array([0, forest.depth, len(forest.start)]))
    if forest.start.any():
        first = np.zeros((forest.depth, len(forest.start)))
        first[0] = forest.start
        numbers = graph.node("Add", numbers, first)
    sums = graph.node("CumSum", numbers, np.array(1))
    return graph.node("Div", graph.node("Gather", sums, np.array(forest.depth - 1), axis=1), forest.divisor)


def _median(graph: Graph, forest: "Forest", leaves: str) -> str:
    """Return the number at which the weights of the trees, in the order of their numbers, reach one half."""
    count = len(forest.weights)
    numbers = graph.node("Gather", forest.numbers[:, 0], leaves)
    ordered, order = graph.several("TopK", 2, numbers, np.array([count]), axis=1, largest=0)
    sums = graph.node("CumSum", graph.node("Gather", forest.weights[:, 0], order), np.array(1))
    half = graph.node("Mul", graph.node("Gather", sums, np.array([count - 1]), axis=1), 0.5)
    is_reached = graph.node("GreaterOrEqual", sums, half)
    is_reached = graph.node("Or", is_reached, np.arange(count) == count - 1)
    place = graph.node("ArgMax", graph.node("Cast", is_reached, to=INT64), axis=1)
    return graph.node("GatherElements", ordered, place, axis=1)


class Forest(Record):
    """Trees as ONNX has them, and what their leaves stand for.

    An ensemble of ONNX adds in no certain order.  So each tree gives the number of its leaf, in a place of
    its own: trees that are added to the same outputs form a column, and the columns lie side by side.
    """

    nodes: NDArray[np.void]
    roots: Integers
    places: Integers
    depth: int  # trees in the longest column
    numbers: Floats  # shape (1 + leaves, width): the first row is for places without a tree
    start: Floats  # shape (outputs,)
    divisor: float
    weights: Floats  # shape (trees, 2)

    @classmethod
    def of(cls, fitted: Fitted) -> "Forest":
        """Return the trees of a model."""
        rule, _, count, width, *_ = fitted.arrays[OWN].tolist()
        nodes = np.frombuffer(fitted.arrays[OWN + 2].astype("<i4").tobytes(), NODE)
        roots, first_outputs = fitted.arrays[OWN + 1].reshape(2, count).astype(np.int64)
        divisor, *start = fitted.arrays[OWN + 4][: 1 + fitted.outputs].tolist()
        weights = fitted.arrays[OWN + 4][1 + fitted.outputs :].reshape(-1, 2)
        _check(len(nodes), fitted.outputs, width, first_outputs)
        leaves = np.flatnonzero(nodes["child"] == np.arange(len(nodes)))
        numbers = fitted.arrays[OWN + 3].reshape(-1, width)[nodes["threshold"][leaves].view("<i4")[::2]]
        if rule == sk.TREES_VOTES:
            start = [0.0] * len(fitted.classes)
            own, others = weights[np.searchsorted(roots, leaves, "right") - 1].T[:, :, None]
            numbers = np.where(numbers == np.arange(len(start)), own, others)
        numbers = np.vstack([np.zeros((1, numbers.shape[1])), numbers])
        if rule != sk.TREES_SUM:
            return cls(nodes, roots, np.arange(count), count, numbers, np.array(start), divisor, weights)
        columns = fitted.outputs // width
        ranks = _ranks(first_outputs // width)
        places = ranks * columns + first_outputs // width
        return cls(nodes, roots, places, int(ranks.max()) + 1, numbers, np.array(start), divisor, weights)

    def leaves(self, graph: Graph, x: str) -> str:
        """Return the number of the leaf of each place, as a double; 0 where there is no tree."""
        is_leaf = self.nodes["child"] == np.arange(len(self.nodes))
        single = self.roots[is_leaf[self.roots]]  # trees of one leaf: ONNX wants a node with two branches
        number = np.where(is_leaf, np.cumsum(is_leaf), np.cumsum(~is_leaf)) - 1
        roots = number[self.roots]
        roots[is_leaf[self.roots]] = np.count_nonzero(~is_leaf) + np.arange(len(single))
        inner = self.nodes[~is_leaf]
        second, first = (np.concatenate([inner["child"] + one, single]) for one in (1, 0))
        features = np.concatenate([inner["feature"], np.zeros_like(single)])
        tree_of_leaf = np.searchsorted(self.roots, np.flatnonzero(is_leaf), "right") - 1
        return graph.node(
            "TreeEnsemble", x, domain=ML,
            n_targets=self.depth * len(self.start) // self.numbers.shape[1],
            aggregate_function=SUM, post_transform=NO_TRANSFORM,
            tree_roots=roots,
            nodes_featureids=features & ~sk.NODE_MISSING_RIGHT,
            nodes_splits=np.concatenate([inner["threshold"], np.zeros(len(single))]),
            nodes_modes=np.full(len(features), GREATER, np.uint8),
            nodes_missing_value_tracks_true=(features < 0).astype(np.int64),
            nodes_truenodeids=number[second], nodes_trueleafs=is_leaf[second].astype(np.int64),
            nodes_falsenodeids=number[first], nodes_falseleafs=is_leaf[first].astype(np.int64),
            leaf_targetids=self.places[tree_of_leaf],
            leaf_weights=np.arange(1.0, 1 + len(tree_of_leaf)),
        )  # fmt: skip


def _check(nodes: int, outputs: int, width: int, first_outputs: Integers) -> None:
    if nodes > MOST_NODES:
        raise MadpyError(
            f"the trees of the model have {nodes:,} nodes, more than {MOST_NODES:,}",
            sqlstate="54000",
            hint="train fewer or smaller trees",
        )
    if outputs % width or (first_outputs % width).any():
        raise MadpyError("the trees of the model overlap in their outputs", sqlstate="0A000")


def _ranks(groups: Integers) -> Integers:
    """Return how many entries before each are of the same group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    ranks = np.empty_like(groups)
    ranks[order] = np.arange(len(groups)) - np.searchsorted(ordered, ordered)
    return ranks
