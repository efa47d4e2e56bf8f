"""A tree as text, for Graphviz and as SVG."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from madpy.modules.common.trees.display import COLORS, Node, Tree, dot, text
from madpy.modules.common.trees.svg import svg
from tests.dtree.conftest import call

ROOT = Path(__file__).resolve().parents[2]


def node(number: int, split: str | None = None, **options) -> Node:
    fields = {
        "rows": 10,
        "impurity": 0.5,
        "prediction": "a",
        "share": 0.5,
        "null_goes": None,
        "level": 0.0,
        "kind": 0,
    }
    return Node(number, split, **fields | options)


TREE = Tree(
    "", "gini", {1: node(1, "x <= 1 & y", null_goes="left"), 2: node(2), 3: node(3, prediction='"<b>"')}
)


def test_text():
    assert text([TREE]).splitlines() == [
        "x <= 1 & y? a (50%): 10 rows, gini 0.5, NULL yes",
        "├─ yes: a (50%): 10 rows, gini 0.5",
        '└─ no: "<b>" (50%): 10 rows, gini 0.5',
    ]


def test_dot():
    lines = dot([TREE]).splitlines()
    assert lines[0] == "digraph tree {" and lines[-1] == "}"
    assert '    t0n1 -> t0n2 [label="yes, NULL"];' in lines
    assert any('label="\\"<b>\\" (50%)\\n10 rows' in line for line in lines)


def boxes(picture: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each box."""
    root = ElementTree.fromstring(picture)
    found = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("rx")]
    places = [[float(e.get(name)) for name in ("x", "y", "width", "height")] for e in found]
    return [(x, y, x + width, y + height) for x, y, width, height in places]


@pytest.mark.parametrize(
    "numbers", [range(1, 32), [1, 2, 3, 6, 7, 14, 15, 28, 29], [1, 2, 3, 4, 5, 8, 9, 18, 19]]
)
def test_boxes_do_not_touch(numbers):
    nodes = {n: node(n, "s" * (n * 7 % 40 + 1) if 2 * n in numbers else None) for n in numbers}
    places = boxes(svg([Tree("one", "gini", nodes), Tree("two", "gini", nodes)]))
    assert len(places) == 2 * len(nodes)
    for i, a in enumerate(places):
        for b in places[:i]:
            assert a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
    width = float(ElementTree.fromstring(svg([Tree("", "gini", nodes)])).get("width"))
    assert max(place[2] for place in places) <= width and min(place[0] for place in places) >= 0


def test_of_a_long_line_the_threshold_is_seen():
    split = f"{'a long name ' * 10}<= 1.25"
    tree = Tree("", "gini", {1: node(1, split), 2: node(2, prediction="b" * 90), 3: node(3)})
    root = ElementTree.fromstring(svg([tree]))
    lines = [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("…" in line and line.endswith("<= 1.25") and len(line) == 48 for line in lines)
    assert any(line.endswith("bbb (50%)") for line in lines)
    assert "<= 1.25" in dot([tree])
    titles = [e.text for e in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 2 and titles[0].splitlines()[0] == split


def test_wide_letters_have_wide_boxes():
    thin, wide, broad = (
        boxes(svg([Tree("", "g", {1: node(1, prediction=letter * 40)})]))[0] for letter in "iW漢"
    )
    assert thin[2] < 0.5 * wide[2] and wide[2] > 40 * 12 and broad[2] > 40 * 12


def test_every_label_makes_a_picture():
    """XML has no place for most control characters; a line stays one line."""
    label = "<script>\x01\x1b]]>&amp;\n'\"\ufffe größe"
    tree = Tree(label, "gini", {1: node(1, label), 2: node(2, prediction=label), 3: node(3)})
    root = ElementTree.fromstring(svg([tree]))
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))
    assert "<script>  ]]>&amp; '\"  größe" in [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]
    assert len(text([tree]).splitlines()) == 4
    assert "\x1b" not in text([tree]) + dot([tree])


def test_a_bar_has_the_share_of_each_class():
    tree = Tree("", "gini", {1: node(1, shares=(0.25, 0.0, 0.75), kind=2, share=0.75)})
    root = ElementTree.fromstring(svg([tree]))
    bars = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("height") == "5"]
    widths = [float(e.get("width")) for e in bars]
    assert [e.get("fill") for e in bars] == [COLORS[0], COLORS[2]]
    assert widths[1] == pytest.approx(3 * widths[0], abs=0.2)


def test_a_bar_has_the_place_of_a_number_among_all():
    nodes = {n: node(n, share=None, level=level) for n, level in ((2, 0.0), (3, 1.0))}
    root = ElementTree.fromstring(
        svg([Tree("", "variance", {1: node(1, "x", share=None, level=0.4), **nodes})])
    )
    bars = [e for e in root.iter("{http://www.w3.org/2000/svg}rect") if e.get("height") == "5"]
    widths = [float(e.get("width")) for e in bars]
    assert widths[0] / sum(widths[:2]) == pytest.approx(0.4, abs=0.01)
    assert widths[2] == widths[5] == 0


def test_the_picture_of_the_readme_is_what_the_library_draws(sql):
    """Train the tree of README.md; docs/iris.svg is the value of the last statement, written to a file."""
    sql("SELECT madlib.load_dataset('iris')")
    sql(call("petal_length, petal_width", "target_name", "iris", max_depth=3))
    drawn = sql.value("SELECT madlib.dtree_display('m', 'svg')")
    assert drawn + "\n" == (ROOT / "docs" / "iris.svg").read_text()


def test_of_a_model(sql):
    sql("SELECT madlib.load_dataset('iris')")
    sql("CREATE VIEW v AS SELECT *, target % 2 AS g FROM iris")
    sql(call("petal_length, petal_width", "target_name = 'setosa'", "v", max_depth=2, grouping_cols="g"))
    assert sql.value("SELECT madlib.dtree_display('m')").count("\n\n") == 1
    assert len(boxes(sql.value("SELECT madlib.dtree_display('m', 'svg')"))) == 4
    error = sql.fails("SELECT madlib.dtree_display('m', 'png')")
    assert (error.sqlstate, error.message) == ("22023", 'dtree_display: format: unknown value "png"')


@pytest.mark.parametrize("format", ["text", "dot", "svg"])
def test_a_client_without_the_signs(sql, load, format):
    """LATIN1 has neither lines nor an ellipsis: plain signs instead, which every encoding has."""
    load(y=["a" * 60, "b"] * 20, x=[1.0, 2.0] * 20)
    sql(call("x"))
    drawn = sql.value(f"SELECT madlib.dtree_display('m', '{format}')")
    assert not drawn.isascii()
    sql("SET client_encoding = 'LATIN1'")
    shown = sql.value(f"SELECT madlib.dtree_display('m', '{format}')")
    assert shown.isascii() and len(shown) >= len(drawn)
    if format == "text":
        assert [line[:3] for line in shown.splitlines()] == ["x <", "|- ", "`- "]
