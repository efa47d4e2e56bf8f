"""Drawings of trees as text and for Graphviz; svg.py draws pictures.  Pure: no database."""

import re
from dataclasses import dataclass

ROWS = ".15g"  # rows are whole numbers, or sums of weights
# Colors of classes, in a cycle; numbers have the first color.
COLORS = ("#3f7cac", "#e58b2a", "#4f9d5d", "#b0609f", "#3fa7a3", "#c9a227", "#c8553d", "#7d6b5d")


@dataclass(frozen=True)
class Node:
    """A row of the output table."""

    number: int
    split: str | None  # rows go left where it holds
    rows: float
    impurity: float | None  # None where it is not known
    prediction: str
    share: float | None  # share of the predicted class
    null_goes: str | None  # None where there was no NULL
    level: float  # position of a regression's prediction in the range of all, from 0 to 1
    kind: int  # the predicted class, an index into `shares`
    shares: tuple[float, ...] = ()  # share of each class; empty in a regression


@dataclass(frozen=True)
class Tree:
    title: str
    criterion: str
    nodes: dict[int, Node]


def prediction_of(node: Node) -> str:
    """Name the predicted class with its share, or the predicted number."""
    return node.prediction if node.share is None else f"{node.prediction} ({node.share:.0%})"


def text(trees: list[Tree]) -> str:
    """Draw trees with lines of characters, an empty line between them."""
    return "\n\n".join(_text(tree) for tree in trees)


def _text(tree: Tree) -> str:
    lines = [printable(tree.title)] if tree.title else []

    def add(number: int, lead: str, below: str, how: str) -> None:
        node = tree.nodes[number]
        figures = figures_of(tree, node)
        if node.split is None:
            lines.append(f"{lead}{how}{printable(prediction_of(node))}: {figures}")
            return
        null = f", NULL {null_answer(node)}" if node.null_goes else ""
        lines.append(f"{lead}{how}{printable(f'{node.split}? {prediction_of(node)}')}: {figures}{null}")
        add(2 * number, f"{below}├─ ", f"{below}│  ", "yes: ")
        add(2 * number + 1, f"{below}└─ ", f"{below}   ", "no: ")

    add(1, "", "", "")
    return "\n".join(lines)


def null_answer(node: Node) -> str:
    """Return the answer that NULL counts as; an empty string where there was no NULL in training."""
    return {"left": "yes", "right": "no"}.get(node.null_goes or "", "")


def dot(trees: list[Tree]) -> str:
    """Write trees in the language of Graphviz, which `dot -Tpdf` draws."""
    lines = [
        "digraph tree {",
        '    node [shape=box, style="filled,rounded", fillcolor=white, fontname="Helvetica"];',
        '    edge [fontname="Helvetica"];',
    ]
    for t, tree in enumerate(trees):
        if tree.title:
            lines.append(f"    subgraph cluster_{t} {{ label={_quoted([printable(tree.title)])};")
        for number, node in sorted(tree.nodes.items()):
            name = f"t{t}n{number}"
            label = [cut(line) for line in lines_of(tree, node)]
            lines.append(f'    {name} [label={_quoted(label)}, fillcolor="{tint_of(node)}"];')
            for child, word in (
                ((2 * number, "yes"), (2 * number + 1, "no")) if node.split is not None else ()
            ):
                shown = f"{word}, NULL" if null_answer(node) == word else word
                lines.append(f'    {name} -> t{t}n{child} [label="{shown}"];')
        if tree.title:
            lines.append("    }")
    return "\n".join([*lines, "}"])


def plain(drawn: str) -> str:
    """Return a drawing with ASCII signs for its lines, for a client whose encoding lacks others."""
    return drawn.translate(str.maketrans("├│└─", "||`-")).replace("…", "...")


def _quoted(lines: list[str]) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'


def lines_of(tree: Tree, node: Node) -> list[str]:
    """Return the lines in the box of a node, at their full length."""
    return [
        printable(line)
        for line in ([] if node.split is None else [node.split])
        + [prediction_of(node), figures_of(tree, node)]
    ]


def figures_of(tree: Tree, node: Node) -> str:
    """Return the number of rows of a node, and its impurity."""
    impurity = "" if node.impurity is None else f", {tree.criterion} {node.impurity:.4g}"
    return f"{node.rows:{ROWS}} rows{impurity}"


def printable(line: str) -> str:
    """Replace line breaks and what XML does not allow by blanks."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", " ", line)


def cut(line: str, most: int = 48) -> str:
    """Shorten a line in its middle: its start is a name, the threshold at its end has to be seen."""
    return line if len(line) <= most else f"{line[: most - 21]}…{line[-20:]}"


def color_of(node: Node, kind: int | None = None) -> str:
    """Return the color of a class, by default of the predicted one."""
    return COLORS[(node.kind if kind is None else kind) % len(COLORS)]


def tint_of(node: Node) -> str:
    """Return the fill color of a box: darker for a larger share of the class, or a larger number."""
    return _mixed(color_of(node), 0.04 + 0.3 * (node.level if node.share is None else node.share))


def _mixed(color: str, part: float) -> str:
    """Return `part` of a color, mixed with white."""
    channels = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - c) * part):02x}" for c in channels)
