"""The tables that the benchmarks write; what is in them is measured by `make bench`, never here."""

import pytest

from benchmarks.report import Goal, Table, document, goal_cells
from benchmarks.timing import Case, Timing, multiples

TABLE = Table(
    "Speed", "Both in one run.", ["case", "seconds", "note"], [["scan", "0.2", "all"]], left=["note"]
)


def test_a_table_is_aligned_markdown() -> None:
    assert TABLE.markdown().splitlines() == [
        "## Speed",
        "",
        "Both in one run.",
        "",
        "| case | seconds | note |",
        "| ---- | ------: | ---- |",
        "| scan |     0.2 | all  |",
    ]


def test_a_cell_that_would_break_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="has a bar or a line break"):
        Table("T", "", ["case"], [["a|b"]]).markdown()


def test_a_goal_says_whether_it_is_met() -> None:
    assert Goal(1.7, "x").cells(1.7) == ["≤ 1.7 x", "yes"]
    assert Goal(2, "million", at_least=True).cells(1.9) == ["≥ 2 million", "**no**"]
    assert goal_cells(None, 1.0) == ["", ""]


def test_times_are_multiples_of_the_floor_with_their_range_and_parts() -> None:
    timing = Timing()
    for pull, fit in ((1.0, 0.5), (2.0, 0.5), (3.0, 0.5)):
        timing.add({"pull": pull, "fit": fit})
    case = Case("peer", "SELECT 1", Goal(2, "x"), note="alone")
    assert multiples([case], {"peer": timing}, floor=0.5) == [
        ["peer", "2.500", "5.00", "3.00–7.00", "≤ 2 x", "**no**", "alone; pull 4.00, fit 1.00"]
    ]


def test_the_page_says_how_it_was_written() -> None:
    page = document([TABLE], "make bench BENCH=--write", ["2 cores."])
    assert page.startswith("# Benchmarks\n\nWritten by `make bench BENCH=--write`")
    assert "\n* 2 cores.\n" in page
    assert page.endswith("| scan |     0.2 | all  |\n")
