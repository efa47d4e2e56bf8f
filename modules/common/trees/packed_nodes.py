"""The numbers of nodes and leaves in drawings of models of many trees.  Pure."""

from collections.abc import Sequence


def node_numbers(parents: Sequence[int | None]) -> list[int]:
    """Number the nodes of a tree as a decision tree does: the root is 1, the children of n are 2n and 2n + 1.

    `parents` are places of nodes in the sequence, None for the root, which comes first; of two children the
    left one comes first.
    """
    numbers: list[int] = []
    seen: set[int] = set()
    for parent in parents:
        numbers.append(1 if parent is None else 2 * numbers[parent] + (parent in seen))
        if parent is not None:
            seen.add(parent)
    return numbers


def class_shares(numbers: Sequence[float], classes: int) -> list[float]:
    """Return the share of each class from the numbers of a leaf: of two classes it has that of the second."""
    return [1 - numbers[0], numbers[0]] if classes == 2 else list(numbers)
