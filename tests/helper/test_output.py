"""Output tables of columns that were computed in Python."""

import numpy as np
import pytest

from madpy.helper.tables import output
from madpy.helper.tables.output import Derived, Lists, Pieces, create_output
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import Relation

COLUMNS = [
    *(("n", "bigint"), ("v", "double precision[]"), ("m", "double precision[]")),
    *(("ok", "boolean"), ("said", "text"), ("names", "text[]")),
    *(("of", "double precision[]"), ("error", "double precision[]")),
]


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize("at_once", [1, 64 * 2**20])
def test_figures_by_group(db, schema, monkeypatch, memory, at_once):
    """Also where each row is a statement of its own."""
    monkeypatch.setattr(output, "BYTES_PER_STATEMENT", at_once)
    db.execute(
        "CREATE TABLE t AS SELECT i::float8 AS x, i % 3 AS g FROM pg_catalog.generate_series(1, 9) AS i"
    )
    db.execute("SET madpy.store_memory = {kb:l}", kb=memory)
    with db.atomic():
        scan = Scan(Rows(Source(schema, "t", db), "x", ["x"], groups=["g"]), passes=2)
        g = np.array([int(values["g"]) for values in scan.group_values])
        given = {
            "n": g * 2**40,
            "v": np.where(g[:, None] == 2, np.nan, [[1.5, np.nan]]),
            "m": g[:, None, None] + np.arange(4.0).reshape(2, 2),
            "ok": g == 1,
            "said": Pieces(g % 2, ["it's", "odd"]),
        }
        # one coefficient of each, with a Hessian of 4 and no root of it: a standard error of 1/2
        given["fit"] = np.column_stack([0 * g, g, 0 * g, 0 * g + 4, np.nan * g])
        more = Derived("__logregr_estimate", "fit", 1, {"condition": [], "of": [1], "error": [1]})
        constants = {"names": ["a", "b"]}
        create_output(db, scan, Relation(schema, "o"), COLUMNS, np.arange(3), given, constants, more)
        scan.close()
    found = [tuple(row.values()) for row in db.execute("SELECT * FROM o ORDER BY g")]
    assert found == [
        (0, 0, [1.5, None], [[0, 1], [2, 3]], False, "it's", ["a", "b"], [0], [0.5]),
        (1, 2**40, [1.5, None], [[1, 2], [3, 4]], True, "odd", ["a", "b"], [1], [0.5]),
        (2, 2**41, None, [[2, 3], [4, 5]], False, "it's", ["a", "b"], [2], [0.5]),
    ]


@pytest.fixture
def source(db, schema):
    db.execute("CREATE TYPE size AS ENUM ('small', 'big')")
    db.execute("CREATE TABLE t (a float, g text)")
    db.execute("INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)")
    return Source(schema, "t", db)


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize("at_once", [1, 64 * 2**20])
def test_texts_bytes_and_lists_of_many_rows_for_a_group(db, source, schema, monkeypatch, memory, at_once):
    monkeypatch.setattr(output, "BYTES_PER_STATEMENT", at_once)
    db.execute("SET madpy.store_memory = {kb:l}", kb=memory)
    columns = [
        *(("said", "text"), ("label", "size"), ("day", "date"), ("model", "bytea"), ("parts", "text[]")),
        *(("n", "double precision[]"), ("m", "double precision[]"), ("nothing", "text")),
    ]
    m = np.arange(4.0).reshape(2, 2)
    cells = {
        "said": Pieces.of(["it's", None, "a\\b ü", "it's"]),
        "label": Pieces(np.array([0, 1, -1, 1]), ["big", "small"]),
        "day": Pieces.of(["2026-01-02", "2026-01-02", None, "infinity"]),
        "model": Pieces.of([b"\0\1", b"", None, b"\xff"]),
        "parts": Pieces.of(['{"a,b","c\\"d"}', None, "{}", "{NULL}"]),
        "n": Lists([np.array([1.5]), None, np.array([1, np.nan, np.inf]), np.array([2.0])]),
        "m": Lists([m, m[:1], None, m + 1]),
        "nothing": Pieces.of([None] * 4),
    }
    with db.atomic():
        scan = Scan(Rows(source, "a", ["a"], groups=["g"]), passes=2)
        place = {values["g"]: number for number, values in enumerate(scan.group_values)}
        group = np.array([place["two"], place["two"], place[None], place["one"]])
        create_output(db, scan, Relation(schema, "o"), columns, group, cells)
        scan.close()
    shown = ("g", "said", "label", "day", "model", "parts", "n", "m", "nothing")
    found = db.execute("SELECT {texts:q} FROM o", texts=", ".join(f"{name}::text" for name in shown))
    assert [tuple(row.values()) for row in found] == [
        ("two", "it's", "big", "2026-01-02", "\\x0001", '{"a,b","c\\"d"}', "{1.5}", "{{0,1},{2,3}}", None),
        ("two", None, "small", "2026-01-02", "\\x", None, None, "{{0,1}}", None),
        (None, "a\\b ü", None, None, None, "{}", "{1,NULL,Infinity}", None, None),
        ("one", "it's", "small", "infinity", "\\xff", "{NULL}", "{2}", "{{1,2},{3,4}}", None),
    ]


def test_no_rows(db, source, schema):
    cells = {"x": np.zeros(0), "y": np.zeros((0, 2)), "z": Pieces.of([]), "v": Lists([])}
    columns = [("x", "integer"), ("y", "double precision[]"), ("z", "text"), ("v", "double precision[]")]
    scan = Scan(Rows(source, "a", ["a"]))
    create_output(db, scan, Relation(schema, "o"), columns, np.zeros(0, np.int64), cells)
    assert db.execute("SELECT x, y, z, v FROM o") == []


def test_nothing_but_null_in_a_type_of_somebody(db, source, schema):
    """A cast from text would be somebody's function, and may be called with NULL."""
    body = "BEGIN RAISE EXCEPTION 'run'; END"
    db.execute("CREATE FUNCTION evil(text) RETURNS size LANGUAGE plpgsql AS {body:l}", body=body)
    db.execute("CREATE CAST (text AS size) WITH FUNCTION evil(text)")
    scan = Scan(Rows(source, "a", ["a"]))
    cells = {"label": Pieces.of([None, None])}
    create_output(db, scan, Relation(schema, "o"), [("label", "size")], np.zeros(2, np.int64), cells)
    assert db.execute("SELECT label FROM o") == [{"label": None}] * 2


def test_groups_with_the_names_of_inner_columns(db, schema):
    names = ["output row", "output numbers", "output pieces", "n", "number"]
    db.execute("CREATE TABLE t AS SELECT 1.0::float8 AS a, {n:q}", n=", ".join(f'7 AS "{n}"' for n in names))
    scan = Scan(Rows(Source(schema, "t", db), "a", ["a"], groups=names))
    cells = {"x": np.array([1, 2]), "y": Pieces.of(["a", "b"])}
    columns = [("x", "integer"), ("y", "text")]
    create_output(db, scan, Relation(schema, "o"), columns, np.array([0, 0]), cells)
    found = [tuple(row.values()) for row in db.execute("SELECT * FROM o")]
    assert found == [(7, 7, 7, 7, 7, 1, "a"), (7, 7, 7, 7, 7, 2, "b")]


@pytest.mark.parametrize(
    "arguments", ["'', 0, '{1}'", "'\\x00', 0, '{1}'", "'', -1, '{0}'", "'', 0, '{}'", "'', 0, '{-1}'"]
)
def test_numbers_that_are_not_there(sql, arguments):
    assert sql.fails(f"SELECT madlib.__numbers({arguments})").sqlstate in ("2202E", "54000")


@pytest.mark.parametrize("arguments", ["'', 0", "'\\x00', 0", "'\\x0000000000000000', 1", "'', -1"])
def test_a_number_that_is_not_there(sql, arguments):
    assert sql.fails(f"SELECT madlib.__number({arguments})").sqlstate == "2202E"


def test_a_number_that_is_there(sql):
    data = np.array([1.5, np.nan, -0.0]).tobytes().hex()
    assert [sql.value(f"SELECT madlib.__number('\\x{data}', {n})") for n in range(3)] == [1.5, None, 0]


PIECES = np.array([2, 1, 3], "<i4").tobytes() + b"abc"


@pytest.mark.parametrize(
    ("data", "n"),
    [
        *((b"", 0), (b"\1", 0), (PIECES, -1), (PIECES, 2), (PIECES[:-1], 1), (PIECES[:8], 0)),
        *((np.array([1, -1], "<i4").tobytes(), 0), (np.array([-1, 0], "<i4").tobytes(), 0)),
        *((np.array([2**31 - 1, 0], "<i4").tobytes(), 0), (np.array([2, 3, 1], "<i4").tobytes() + b"abc", 1)),
        (np.array([2, -4, 1], "<i4").tobytes() + b"abc", 1),
    ],
)
def test_a_piece_that_is_not_there(sql, data, n):
    for function in ("__piece", "__text_piece"):
        error = sql.fails(f"SELECT madlib.{function}('\\x{data.hex()}', {n})")
        assert error.sqlstate == "2202E", error


def test_a_piece_that_is_there(sql):
    found = [sql.value(f"SELECT madlib.__text_piece('\\x{PIECES.hex()}', {n})") for n in range(2)]
    assert found == ["a", "bc"]


def test_a_text_that_is_none(sql):
    data = np.array([1, 1], "<i4").tobytes() + b"\xff"
    assert sql.fails(f"SELECT madlib.__text_piece('\\x{data.hex()}', 0)").sqlstate == "22021"
