"""Drawings of losses by round, without a database."""

from xml.etree import ElementTree

from madpy.modules.boost.curve import Curve, curve_svg, curve_text

CURVE = Curve('{"g": 1}', 2, [4.0, 2.0, 1.0], [4.0, 3.0, 3.5])


def test_text():
    lines = curve_text([CURVE]).split("\n")
    assert lines[0] == '{"g": 1}'
    assert [line.split()[:3] for line in lines[2:]] == [["1", "4", "4"], ["2", "2", "3"], ["3", "1", "3.5"]]
    assert [line.count("#") for line in lines[2:]] == [40, 30, 35]
    assert [line.endswith("< the model") for line in lines[2:]] == [False, True, False]
    assert "validation" not in curve_text([Curve("", 3, [4.0, 2.0, 1.0], [None, None, None])])


def test_text_of_many_rounds_has_the_first_the_last_and_the_best():
    lines = curve_text([Curve("", 77, [1.0] * 1001, [None] * 1001)]).split("\n")
    assert len(lines) < 30
    assert {"1", "77", "1001"} <= {line.split()[0] for line in lines}


def test_svg():
    root = ElementTree.fromstring(curve_svg([CURVE, CURVE]))
    lines = [element for element in root.iter() if element.tag.endswith("polyline")]
    assert [len(line.attrib["points"].split()) for line in lines] == [3, 3, 3, 3]
    assert len([element for element in root.iter() if element.tag.endswith("circle")]) == 2
    ElementTree.fromstring(curve_svg([Curve("<&", 1, [0.0], [None])]))
