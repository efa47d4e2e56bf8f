"""dtree_display(..., 'svg'): trees as a picture that every browser shows.  Pure: no database.

A box has the question, the prediction, the figures, and a bar: the shares of the classes, or where the
predicted number lies between the smallest and the largest prediction.  A line is wider for more rows.
"""

import unicodedata
from dataclasses import dataclass, field
from html import escape

from madpy.modules.common.trees.display import (
    Node,
    Tree,
    color_of,
    cut,
    lines_of,
    null_answer,
    printable,
    tint_of,
)

FONT = 13
LINE = 18
BOLD = 1.1  # times as wide
WIDE = set("MW@%mw—…")
NARROW = set("ijl.,:;!|'I ()[]ft")
MARGIN = 16  # around the picture
PAD = 12  # between the border of a box and its text
BAR = 5
GAP = 22  # between boxes side by side
DROP = 54  # between a box and those below
ROW = 3 * LINE + 2 * PAD + BAR + DROP  # height of a depth
TITLE = 30
INK, QUIET, TRACK = "#1f2933", "#5f6c7b", "#b9c4cf"


def svg(trees: list[Tree]) -> str:
    """Draw trees one below the other."""
    parts: list[str] = []
    right, top = 0.0, float(MARGIN)
    for tree in trees:
        if tree.title:
            title = printable(tree.title)
            parts.append(_text(title, MARGIN, top + FONT, "start", INK, bold=True))
            right = max(right, MARGIN + BOLD * _width(title))
            top += TITLE
        layout = Layout(tree)
        parts += _draw(layout, top)
        right = max(right, *(x + layout.widths[number] / 2 for number, x in layout.centers.items()))
        top += layout.height + 2 * MARGIN
    width, height = f"{right + MARGIN:.0f}", f"{top - MARGIN:.0f}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, sans-serif" font-size="{FONT}">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"])


@dataclass
class Layout:
    """Where the boxes of a tree are: leaves side by side, every parent over the middle of its children."""

    tree: Tree
    lines: dict[int, list[str]] = field(init=False)
    widths: dict[int, float] = field(init=False)
    centers: dict[int, float] = field(default_factory=dict)
    _ends: list[float] = field(default_factory=list)  # for each depth, the right end of the last box

    def __post_init__(self) -> None:
        self.lines = {number: lines_of(self.tree, node) for number, node in self.tree.nodes.items()}
        self.widths = {
            number: 2 * PAD + max(_width(cut(line)) * (1 if i else BOLD) for i, line in enumerate(lines))
            for number, lines in self.lines.items()
        }
        self._place(1)

    @property
    def height(self) -> float:
        return max(self.top(number) + _box_height(lines) for number, lines in self.lines.items())

    def top(self, number: int) -> float:
        """Return where a box begins, below the top of the tree."""
        return (number.bit_length() - 1) * ROW

    def _place(self, number: int) -> None:
        """Place the children first; move a subtree to the right that would overlap a box to its left."""
        depth = number.bit_length() - 1
        if len(self._ends) <= depth:
            self._ends.append(MARGIN - GAP)
        least = self._ends[depth] + GAP + self.widths[number] / 2
        if self.tree.nodes[number].split is None:
            self.centers[number] = least
        else:
            self._place(2 * number)
            self._place(2 * number + 1)
            middle = (self.centers[2 * number] + self.centers[2 * number + 1]) / 2
            self.centers[number] = max(middle, least)
            if least > middle:
                self._move_children(number, least - middle)
        self._ends[depth] = self.centers[number] + self.widths[number] / 2

    def _move_children(self, number: int, distance: float) -> None:
        if self.tree.nodes[number].split is None:
            return
        for child in (2 * number, 2 * number + 1):
            self.centers[child] += distance
            depth = child.bit_length() - 1
            self._ends[depth] = max(self._ends[depth], self.centers[child] + self.widths[child] / 2)
            self._move_children(child, distance)


def _draw(layout: Layout, top: float) -> list[str]:
    """Draw the lines of a tree, then its boxes over them."""
    nodes = sorted(layout.tree.nodes.items())
    y = {number: top + layout.top(number) for number, _ in nodes}
    all_rows = max(1, layout.tree.nodes[1].rows)
    parts = []
    for number, node in nodes:
        for child, answer in ((2 * number, "yes"), (2 * number + 1, "no")) if node.split is not None else ():
            share = min(1.0, max(0.0, layout.tree.nodes[child].rows / all_rows))
            label = f"{answer}, NULL" if null_answer(node) == answer else answer
            start = layout.centers[number], y[number] + _box_height(layout.lines[number])
            parts += _line(start, (layout.centers[child], y[child]), 1.2 + 5 * share, label)
    for number, node in nodes:
        parts += _box(node, layout.lines[number], layout.centers[number], y[number], layout.widths[number])
    return parts


def _line(start: tuple[float, float], end: tuple[float, float], width: float, label: str) -> list[str]:
    (x, y), (to, below) = start, end
    middle = (y + below) / 2
    at, half = (x + to) / 2, _width(label) / 2 + 4
    return [
        f'<path d="M{x:.1f},{y:.1f} C{x:.1f},{middle:.1f} {to:.1f},{middle:.1f} {to:.1f},{below:.1f}"'
        f' fill="none" stroke="#c3ccd5" stroke-width="{width:.1f}"/>',
        f'<rect x="{at - half:.1f}" y="{middle - 9:.1f}" width="{2 * half:.1f}" height="18" fill="white"/>',
        _text(label, at, middle + 4, "middle", QUIET),
    ]


def _box_height(lines: list[str]) -> float:
    return len(lines) * LINE + 2 * PAD + BAR


def _box(node: Node, lines: list[str], center: float, top: float, width: float) -> list[str]:
    left, height = center - width / 2, _box_height(lines)
    parts = [
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height}" rx="8"'
        f' fill="{tint_of(node)}" stroke="{color_of(node)}" stroke-width="1.5"/>'
    ]
    for i, line in enumerate(lines):
        color = QUIET if i == len(lines) - 1 else INK
        parts.append(_text(cut(line), center, top + PAD - 5 + (i + 1) * LINE, "middle", color, bold=i == 0))
    parts += _bar(node, left + PAD, top + height - PAD - BAR + 3, width - 2 * PAD)
    if any(line != cut(line) for line in lines):  # the full lines appear under the pointer
        parts = ["<g><title>" + escape("\n".join(lines)) + "</title>", *parts, "</g>"]
    return parts


def _bar(node: Node, left: float, top: float, width: float) -> list[str]:
    """Draw the share of each class, or how far a number is from the smallest to the largest prediction."""
    pieces = [(share, color_of(node, i)) for i, share in enumerate(node.shares) if share > 0]
    if node.share is None:
        pieces = [(node.level, color_of(node)), (1 - node.level, TRACK)]
    parts = []
    for share, color in pieces:
        parts.append(
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{share * width:.1f}" height="{BAR}" fill="{color}"/>'
        )
        left += share * width
    return parts


def _text(line: str, x: float, y: float, anchor: str, color: str, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}"{weight}>{escape(line)}</text>'
    )


def _width(line: str) -> float:
    """Estimate how wide a line is: the font of the reader is not known here."""
    return FONT * sum(
        1.05 if c in WIDE or unicodedata.east_asian_width(c) in "WF"
        else 0.4 if c in NARROW
        else 0.72 if c.isupper()
        else 0.6
        for c in line
    )  # fmt: skip
