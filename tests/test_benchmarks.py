"""The tables that the benchmarks write; what is in them is measured by `make bench`, never here."""

import re
from functools import partial
from pathlib import Path

import pytest

from benchmarks import comparison, timing
from benchmarks.__main__ import PAGE, README, parse
from benchmarks.comparison import with_ratios
from benchmarks.growth import FLOOR, METHODS, Shape, cells
from benchmarks.report import Goal, Table, document, goal_cells
from benchmarks.timing import Case, Timing, interleave, multiples

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


def test_the_readme_has_the_ratios_of_the_page() -> None:
    assert README.read_text() == with_ratios(README.read_text(), PAGE.read_text())


def test_ratios_are_taken_from_the_section_and_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        comparison,
        "TRAININGS",
        (("trees", "Decision trees", "dtree_train", "dtree_train, serial", "MADlib"),),
    )
    page = (
        "# B\n\n## Other\n\n| case | x scan |\n| - | -: |\n| dtree_train | 9.99 |\n"
        "\n## Decision trees\n\nText.\n\n| case | seconds | x scan | note |\n| - | -: | -: | - |\n"
        "| dtree_train, serial | 2 | 4.26 | |\n| dtree_train | 1 | 2.13 | |\n"
        "| MADlib, cited, not run here | | 220 | |\n"
    )
    readme = f"before\n{comparison.BEGIN}\nold\n{comparison.END}\nafter\n"
    lines = with_ratios(readme, page).splitlines()
    assert [lines[0], lines[-1]] == ["before", "after"]
    assert [cell.strip() for cell in lines[4].split("|")] == ["", "trees", "2.1", "4.3", "220.0", ""]
    with pytest.raises(ValueError, match='no case "MADlib"'):
        with_ratios(readme, page.replace("MADlib", "other"))


def test_a_long_case_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "LONG", 3.0)
    cases = [Case(name, partial(dict, part=seconds)) for name, seconds in (("short", 1.0), ("long", 4.0))]
    timings = interleave(cases, None, 2, "test")
    assert timings["short"].seconds == [1.0, 1.0]
    assert timings["long"].seconds == [4.0]


def test_growth_is_told_in_seconds_in_scans_and_a_row() -> None:
    timings = {FLOOR: Timing([0.25]), "regr_train": Timing([0.5, 3.0, 1.0])}
    assert cells("regr_train", Shape(rows=500_000, features=10, rounds=3), timings) == [
        "1.000",
        "4.00",
        "2,000",
    ]


def test_growth_is_measured_of_every_training() -> None:
    """Covariances take the pass of correlations, and sk_compare, which has no groups, reads as sk_train."""
    trainings = r"CREATE FUNCTION MADLIB_SCHEMA\.(\w+)\(\s*source_table \s*text,.*\n\s*output_table "
    found = {
        name
        for path in Path(__file__).parents[1].glob("modules/**/*.sql")
        for name in re.findall(trainings, path.read_text())
    }
    assert {method.name for method in METHODS} == found - {"covariance", "sk_compare"}


@pytest.mark.parametrize(
    "arguments", [["trees"], ["--methods", "regr_train,trees"], ["rows", "--write"], ["--rows", "9"]]
)
def test_what_cannot_be_measured_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse(arguments)
