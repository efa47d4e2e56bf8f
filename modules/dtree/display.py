"""Trees to look at: as text, for Graphviz, and as SVG.  Pure: no database."""

import re
import unicodedata
from dataclasses import dataclass
from html import escape

FONT = 12
LINE = 16
BOLD = 1.1  # times as wide
WIDE = set("MW@%mw—…")
NARROW = set("ijl.,:;!|'I ()[]ft")
PAD = 8
ROWS = ".15g"  # rows are whole numbers, or sums of weights
GAP = 18  # between boxes
DROP = 46  # from a box to those below
TITLE = 26
COLORS = ("#dbe9f6", "#fde3c8", "#d9f0d3", "#f3d5e6", "#e6e0f3", "#fdf3c0", "#d4efef", "#eadfd3")


@dataclass(frozen=True)
class Node:
    """A row of the output table."""

    number: int
    split: str | None  # rows go left where it holds
    rows: float
    impurity: float
    prediction: str
    share: float | None  # of the predicted class
    null_goes: str | None  # None where there was no NULL
    level: float  # from 0 to 1: where the prediction of a regression lies among all
    kind: int  # which class


@dataclass(frozen=True)
class Tree:
    title: str
    criterion: str
    nodes: dict[int, Node]


def says(node: Node) -> str:
    """What a node predicts."""
    return node.prediction if node.share is None else f"{node.prediction} ({node.share:.0%})"


def text(trees: list[Tree]) -> str:
    return "\n\n".join(_text(tree) for tree in trees)


def _text(tree: Tree) -> str:
    lines = [_printable(tree.title)] if tree.title else []

    def add(number: int, lead: str, below: str, how: str) -> None:
        node = tree.nodes[number]
        figures = f"{node.rows:{ROWS}} rows, {tree.criterion} {node.impurity:.4g}"
        if node.split is None:
            lines.append(f"{lead}{how}{_printable(says(node))}: {figures}")
            return
        null = f", NULL {_null(node)}" if node.null_goes else ""
        lines.append(f"{lead}{how}{_printable(f'{node.split}? {says(node)}')}: {figures}{null}")
        add(2 * number, f"{below}├─ ", f"{below}│  ", "yes: ")
        add(2 * number + 1, f"{below}└─ ", f"{below}   ", "no: ")

    add(1, "", "", "")
    return "\n".join(lines)


def _null(node: Node) -> str:
    """The answer that NULL counts as; nothing where there was no NULL in training."""
    return {"left": "yes", "right": "no"}.get(node.null_goes or "", "")


def dot(trees: list[Tree]) -> str:
    """Graphviz's language: what `dot -Tpdf` draws."""
    lines = [
        "digraph tree {",
        '    node [shape=box, style="filled,rounded", fillcolor=white, fontname="Helvetica"];',
        '    edge [fontname="Helvetica"];',
    ]
    for t, tree in enumerate(trees):
        if tree.title:
            lines.append(f"    subgraph cluster_{t} {{ label={_quoted([_printable(tree.title)])};")
        for number, node in sorted(tree.nodes.items()):
            name = f"t{t}n{number}"
            label = [_cut(line) for line in _lines(tree, node)]
            lines.append(f'    {name} [label={_quoted(label)}, fillcolor="{_color(node)}"];')
            for child, word in (
                ((2 * number, "yes"), (2 * number + 1, "no")) if node.split is not None else ()
            ):
                shown = f"{word}, NULL" if _null(node) == word else word
                lines.append(f'    {name} -> t{t}n{child} [label="{shown}"];')
        if tree.title:
            lines.append("    }")
    return "\n".join([*lines, "}"])


def plain(drawn: str) -> str:
    """Returns a drawing whose lines are ASCII signs, for a client whose encoding lacks others."""
    return drawn.translate(str.maketrans("├│└─", "||`-")).replace("…", "...")


def _quoted(lines: list[str]) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'


def _lines(tree: Tree, node: Node) -> list[str]:
    """The lines in a box, whole."""
    figures = f"{node.rows:{ROWS}} rows, {tree.criterion} {node.impurity:.4g}"
    return [_printable(line) for line in ([] if node.split is None else [node.split]) + [says(node), figures]]


def _printable(line: str) -> str:
    """On one line, and without what XML does not allow."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", " ", line)


def _cut(line: str, most: int = 48) -> str:
    """A name may be long; what is behind it, a threshold or a share, is what one has to see."""
    return line if len(line) <= most else f"{line[: most - 21]}…{line[-20:]}"


def _width(line: str) -> float:
    """About: a font is not known here."""
    return FONT * sum(
        1.05 if c in WIDE or unicodedata.east_asian_width(c) in "WF"
        else 0.4 if c in NARROW
        else 0.72 if c.isupper()
        else 0.63
        for c in line
    )  # fmt: skip


def svg(trees: list[Tree]) -> str:
    """Trees one below the other; leaves side by side, every parent over the middle of its children."""
    parts: list[str] = []
    width, top = 0.0, PAD
    for tree in trees:
        drawn, right, bottom = _draw(tree, top)
        parts += drawn
        width, top = max(width, right), int(bottom + 2 * PAD)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + PAD:.0f}" height="{top:.0f}"'
            f' viewBox="0 0 {width + PAD:.0f} {top:.0f}" font-family="Helvetica, Arial, sans-serif"'
            f' font-size="{FONT}">',
            '<rect width="100%" height="100%" fill="white"/>',
            *parts,
            "</svg>",
        ]
    )


def _draw(tree: Tree, top: float) -> tuple[list[str], float, float]:
    """What a tree looks like below `top`, its right end and its bottom."""
    boxes = {number: _lines(tree, node) for number, node in tree.nodes.items()}
    widths = {
        n: 2 * PAD + max(_width(_cut(line)) * (1 if i else BOLD) for i, line in enumerate(lines))
        for n, lines in boxes.items()
    }
    parts = []
    if tree.title:
        parts.append(
            f'<text x="{PAD}" y="{top + LINE}" font-weight="bold">{escape(_printable(tree.title))}</text>'
        )
        top += TITLE
    centers: dict[int, float] = {}
    ends: list[float] = []  # per depth, where the last box ends

    def place(number: int) -> None:
        """Children first; a subtree that would run into what is left of it moves to the right."""
        depth = number.bit_length() - 1
        while len(ends) <= depth:
            ends.append(PAD - GAP)
        least = ends[depth] + GAP + widths[number] / 2
        if tree.nodes[number].split is None:
            centers[number] = least
        else:
            place(2 * number)
            place(2 * number + 1)
            middle = (centers[2 * number] + centers[2 * number + 1]) / 2
            centers[number] = max(middle, least)
            if least > middle:
                _move(tree, centers, ends, widths, number, least - middle)
        ends[depth] = centers[number] + widths[number] / 2

    place(1)
    row = 3 * LINE + 2 * PAD + DROP
    for number, node in tree.nodes.items():
        y = top + (number.bit_length() - 1) * row
        if node.split is not None:
            parts += _edges(centers, number, y + 3 * LINE + PAD, y + row, _null(node))
    for number, node in tree.nodes.items():
        y = top + (number.bit_length() - 1) * row
        parts += _box(boxes[number], centers[number], y, widths[number], node)
    depth = max(number.bit_length() for number in tree.nodes)
    right = max(PAD + BOLD * _width(tree.title), *(centers[n] + widths[n] / 2 for n in centers))
    return parts, right, top + depth * row - DROP - LINE


def _move(
    tree: Tree, centers: dict[int, float], ends: list[float], widths: dict[int, float], number: int, by: float
) -> None:
    """Move all that is below a node to the right."""
    if tree.nodes[number].split is None:
        return
    for child in (2 * number, 2 * number + 1):
        centers[child] += by
        depth = child.bit_length() - 1
        ends[depth] = max(ends[depth], centers[child] + widths[child] / 2)
        _move(tree, centers, ends, widths, child, by)


def _edges(centers: dict[int, float], number: int, bottom: float, below: float, null: str) -> list[str]:
    parts = []
    for child, word in ((2 * number, "yes"), (2 * number + 1, "no")):
        x, to = centers[number], centers[child]
        middle = (bottom + below) / 2
        parts.append(
            f'<path d="M{x:.1f},{bottom:.1f} C{x:.1f},{middle:.1f} {to:.1f},{middle:.1f}'
            f' {to:.1f},{below:.1f}" fill="none" stroke="#888"/>'
        )
        shown = f"{word}, NULL" if null == word else word
        side, anchor = (-6, "end") if word == "yes" else (6, "start")
        parts.append(
            f'<text x="{to + side:.1f}" y="{below - 8:.1f}" text-anchor="{anchor}" fill="#555"'
            f' font-size="{FONT - 1}">{shown}</text>'
        )
    return parts


def _box(lines: list[str], center: float, y: float, width: float, node: Node) -> list[str]:
    height = len(lines) * LINE + PAD
    top = y
    parts = [
        f'<rect x="{center - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height}" rx="5"'
        f' fill="{_color(node)}" stroke="#666"/>'
    ]
    for i, line in enumerate(lines):
        weight = ' font-weight="bold"' if i == 0 else ""
        parts.append(
            f'<text x="{center:.1f}" y="{top + (i + 1) * LINE - 2:.1f}" text-anchor="middle"{weight}>'
            f"{escape(_cut(line))}</text>"
        )
    if any(line != _cut(line) for line in lines):  # shown where the pointer rests
        parts = ["<g><title>" + escape("\n".join(lines)) + "</title>", *parts, "</g>"]
    return parts


def _color(node: Node) -> str:
    """A class's own color, stronger where its share is larger; of numbers darker where they are larger."""
    if node.share is not None:
        return _mixed(COLORS[node.kind % len(COLORS)], max(0.15, node.share))
    return _mixed("#9ecae1", 0.1 + 0.9 * node.level)


def _mixed(color: str, part: float) -> str:
    """A color thinned with white."""
    channels = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - c) * part):02x}" for c in channels)
