"""Records: frozen classes with typed fields, and a first call that loads no dataclasses."""

import subprocess
import sys

import pytest

from madpy.records import Record, as_dict, field, replace


class Point(Record):
    x: int
    y: int = 2
    names: list[str] = field(default_factory=list)


class Circle(Point, kw_only=True):
    radius: float


def test_fields_come_by_place_by_name_or_by_default() -> None:
    assert as_dict(Point(1)) == {"x": 1, "y": 2, "names": []}
    assert as_dict(Point(1, names=["a"], y=3)) == {"x": 1, "y": 3, "names": ["a"]}
    assert as_dict(Circle(x=1, radius=0.5)) == {"x": 1, "y": 2, "names": [], "radius": 0.5}


def test_the_types_of_fields_are_in_order() -> None:
    types = [("x", int), ("y", int), ("names", list[str]), ("radius", float)]
    assert list(Circle.__fields__.items()) == types


def test_a_default_is_made_anew_for_each_record() -> None:
    Point(1).names.append("a")
    assert Point(1).names == []


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2, [], 4), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1})],
)
def test_fields_that_are_missing_or_too_many(values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Point takes each of x, y, names once"):
        Point(*values, **named)  # type: ignore[arg-type]


def test_a_record_does_not_change() -> None:
    point = Point(1)
    with pytest.raises(AttributeError, match=r"Point\.x cannot be changed"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match=r"Point\.x cannot be deleted"):
        del point.x
    assert replace(point, x=2) == Point(2)
    assert point == Point(1)


def test_records_are_equal_if_their_fields_and_classes_are() -> None:
    class Pair(Record):
        a: int
        b: str | None = None

    class Other(Pair):
        pass

    assert Pair(1) == Pair(1, None)
    assert Pair(1) != Pair(2)
    assert Pair(1) != Other(1)
    assert Pair(1) != {"a": 1, "b": None}
    assert len({Pair(1), Pair(1), Pair(2)}) == 2
    assert repr(Pair(1, "x")).endswith("Pair(a=1, b='x')")


@pytest.mark.parametrize("module", ["regr.driver", "sk.driver", "sk.compare"])
def test_a_first_training_loads_neither_dataclasses_nor_numpy(module: str) -> None:
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from madpy.ports.postgres.session import udf
import madpy.modules.{module}
assert not {{"dataclasses", "inspect", "numpy"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-S", "-c", code], check=True)
