"""Tables of measurements as Markdown: aligned, so that a terminal shows them as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

EMPTY = ""
LONG = 5.0  # seconds; what takes longer is run once


@dataclass(frozen=True)
class Goal:
    """The value that a measurement has to reach: at most `limit`, or at least."""

    limit: float
    unit: str
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def cells(self, value: float) -> list[str]:
        """Return the goal, and whether `value` meets it."""
        sign = "≥" if self.at_least else "≤"
        return [f"{sign} {self.limit:,.10g} {self.unit}", "yes" if self.met(value) else "**no**"]


def goal_cells(goal: Goal | None, value: float) -> list[str]:
    return goal.cells(value) if goal else [EMPTY, EMPTY]


@dataclass(frozen=True)
class Table:
    """A heading, what stands under it, a head and rows of cells; columns named in `left` are text."""

    title: str
    intro: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Sequence[str] = ()

    def markdown(self) -> str:
        """Return heading, paragraph and table; the first column is text too."""
        return "\n".join(
            [f"## {self.title}", EMPTY, *([self.intro, EMPTY] if self.intro else []), self.lines()]
        )

    def lines(self) -> str:
        """Return the table alone."""
        is_text = [i == 0 or name in self.left for i, name in enumerate(self.head)]
        widths = [max(3, *(len(row[i]) for row in (self.head, *self.rows))) for i in range(len(self.head))]
        rule = [
            "-" * width if text else "-" * (width - 1) + ":"
            for width, text in zip(widths, is_text, strict=True)
        ]
        return "\n".join(_line(row, widths, is_text) for row in (self.head, rule, *self.rows))


def _line(cells: Sequence[str], widths: Sequence[int], is_text: Sequence[bool]) -> str:
    if any("|" in cell or "\n" in cell for cell in cells):
        raise ValueError(f"a cell of a table has a bar or a line break: {cells}")
    padded = [
        cell.ljust(width) if text else cell.rjust(width)
        for cell, width, text in zip(cells, widths, is_text, strict=True)
    ]
    return f"| {' | '.join(padded)} |"


def document(tables: Sequence[Table], command: str, setting: Sequence[str], title: str = "Benchmarks") -> str:
    """A page of docs: how it came about, where, and the tables."""
    opening = f"""\
# {title}

Written by `{command}`: every number on this page is from that one run, those that are marked as
cited aside.  Nothing here is edited by hand; to have your own, run it on your machine.

{chr(10).join(f"* {line}" for line in setting)}

Cases are interleaved: each round runs every case once, beginning with another one each time, after a first
round that does not count; what takes more than {LONG:g} seconds runs once.  Times are medians, with the
fastest and the slowest beside them."""
    return "\n\n".join([opening, *(table.markdown() for table in tables)]) + "\n"
