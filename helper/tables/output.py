"""Output tables from columns that Python computed, which are sent as the bytes of arrays."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from madpy.helper.tables.training import Trained, completed, sql_type_of
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, fill, free_name, literal
from madpy.ports.postgres.session.types import PLAIN, array_text
from madpy.records import Record

BYTES_PER_STATEMENT = 64 * 2**20  # bytes in one statement
FROM_TEXT = {*PLAIN, "jsonb"}  # types whose casts from text are the server's own


class Pieces(Record):
    """A column of texts, or of bytes: `at` has for each row its position in `pieces`, -1 for NULL."""

    at: NDArray[np.int64]
    pieces: Sequence[str | bytes]

    @classmethod
    def of(cls, values: Sequence[str | bytes | None]) -> "Pieces":
        """Build a column from a value for each row, None for NULL."""
        distinct = [value for value in dict.fromkeys(values) if value is not None]
        places: dict[str | bytes | None, int] = {None: -1} | {value: n for n, value in enumerate(distinct)}
        return cls(np.array([places[value] for value in values], np.int64), distinct)


class Lists(Record):
    """A column of arrays that differ in length; None is NULL."""

    values: Sequence[NDArray[Any] | None]


# An array of numpy has a number, or an array, for each row: NaN is NULL, and so is an array of only NaN.
Column = NDArray[Any] | Pieces | Lists


class Derived(Record):
    """Figures that a function of the library computes for each row, and their dimensions.

    Its arguments are bytes, the offset of the row's numbers in them, and `length`; it returns bytes, too.
    """

    function: str
    figure: str  # column with the numbers for the function
    length: int
    dims: Mapping[str, list[int]]


def create_output(
    db: Database,
    scan: Scan,
    output: Relation,
    columns: Sequence[tuple[str, str]],
    group: NDArray[np.int64],
    cells: Mapping[str, Column],
    constants: Mapping[str, Any] | None = None,
    derived: Derived | None = None,
) -> None:
    """Create `output`: the grouping columns of the scan, then `columns`, pairs of a name and an SQL type.

    It has a row for each of `group`, the numbers of their groups, in this order.  A column is in `cells`, in
    `derived`, or in `constants`, which are the same in all rows.
    """
    verb = "CREATE TABLE {o:i} AS"
    for rows in _parts(len(group), cells.values()):
        data = _Data(db, scan.rows.groups, rows)
        sql_of_cells = {name: data.cell(cells[name], sql_type) for name, sql_type in columns if name in cells}
        sql_of_cells |= {name: literal(value) for name, value in (constants or {}).items()}
        if derived is not None:
            sql_of_cells |= data.derived(derived, cells)
        db.execute(
            """
            {verb:q} SELECT {groups:q} {cells:q}
            FROM (SELECT g.* {more:q}
                  FROM (SELECT g.*, {numbers:b} AS {numbers_name:q}, {pieces:b} AS {pieces_name:q}
                        FROM (SELECT g.*, r.{row:q}
                              FROM ({relation:q}) AS g JOIN
                                   (SELECT n AS {row:q}, {schema:i}.__number({of:b}, n) AS number
                                    FROM pg_catalog.generate_series(0, {last:l}) AS n) AS r
                                   ON r.number::integer = g.{group:i}
                              ORDER BY r.{row:q}) AS g
                        OFFSET 0) AS g
                  OFFSET 0) AS g
            """,
            verb=fill(verb, {"o": output}),
            groups="".join(fill("g.{c:i}, ", {"c": column}) for column in scan.rows.groups),
            cells=", ".join(
                fill(
                    "({cell:q})::{type:q} AS {name:i}",
                    {"cell": sql_of_cells[name], "type": sql_type, "name": name},
                )
                for name, sql_type in columns
            ),
            more=data.more,
            numbers=data.numbers(),
            numbers_name=data.names["numbers"],
            pieces=data.pieces(),
            pieces_name=data.names["pieces"],
            row=data.names["row"],
            relation=scan.group_relation(),
            of=group[rows].astype("<f8").tobytes(),
            last=rows.stop - rows.start - 1,
            group=scan.group,
        )
        verb = "INSERT INTO {o:i}"


def create_group_summary(
    db: Database,
    scan: Scan,
    summary: Relation,
    record: Trained,
    columns: Sequence[tuple[str, str]],
    cells: Mapping[str, Column],
) -> Trained:
    """Create a summary table with a row for each group: grouping columns, fields of `record`, `columns`.

    `columns` and `cells` are those of `create_output`; one with the name of a field stands in its place.
    Returns the record, completed.
    """
    whole = completed(db, record)
    own = dict(columns)
    order = list(whole.__fields__)
    constant_columns = [(name, sql_type_of(whole, name)) for name in order if name not in own]
    listed = [(name, own.get(name) or dict(constant_columns)[name]) for name in order]
    listed += [column for column in columns if column[0] not in order]
    groups = np.arange(whole.num_groups)
    constants = {name: getattr(whole, name) for name, _ in constant_columns}
    create_output(db, scan, summary, listed, groups, cells, constants)
    return whole


def _parts(count: int, columns: Iterable[Column]) -> Iterator[slice]:
    """Yield slices of rows that are sent together; one slice without rows if there are none."""
    sizes = np.zeros(count)
    for column in columns:
        sizes += _sizes(column)
    number = np.cumsum(sizes) // BYTES_PER_STATEMENT
    ends = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), count]
    for first, last in itertools.pairwise(ends):
        yield slice(first, last)


def _sizes(column: Column) -> Any:
    """Return the bytes of each row."""
    match column:
        case Pieces():
            lengths = np.array([*map(len, column.pieces), 0])
            return lengths[column.at]
        case Lists():
            return [0 if value is None else value.nbytes for value in column.values]
        case _:
            return 8 * column[:1].size


class _Data:
    """The values of some `rows`, sent to the server as parameters, and SQL that reads them there."""

    def __init__(self, db: Database, groups: Sequence[str], rows: slice) -> None:
        names = ("numbers", "pieces", "row", "more")
        self.names = {name: fill("{n:i}", {"n": free_name(f"output {name}", groups)}) for name in names}
        self.more = ""
        self._db = db
        self._rows = rows
        self._numbers: list[NDArray[Any]] = []
        self._count = 0
        self._pieces: list[bytes] = []

    def numbers(self) -> bytes:
        return b"".join(part.astype("<f8").tobytes() for part in self._numbers)

    def pieces(self) -> bytes:
        """Return the pieces in the layout of src/catalog/numbers.c."""
        ends = np.cumsum([len(piece) for piece in self._pieces])
        return np.array([len(ends), *ends], "<i4").tobytes() + b"".join(self._pieces)

    def cell(self, column: Column, sql_type: str) -> str:
        """Return SQL of a column's value."""
        match column:
            case Pieces():
                return self._piece(column, sql_type)
            case Lists():
                return self._list(column.values[self._rows])
        number = self._get(self._place(column[self._rows]), list(column.shape[1:]))
        return f"{number} <> 0::double precision" if sql_type == "boolean" else number

    def derived(self, derived: Derived, cells: Mapping[str, Column]) -> dict[str, str]:
        """Return SQL of the figures that a function computes."""
        figure = cells[derived.figure]
        assert isinstance(figure, np.ndarray)
        self.more = fill(
            ", {schema:i}.{function:i}({offset:q}, {length:l}) AS {name:q}",
            {
                "schema": self._db.schema,
                "function": derived.function,
                "offset": self._place(figure[self._rows]),
                "length": derived.length,
                "name": self.names["more"],
            },
        )
        figures = {}
        at = 0
        for name, dims in derived.dims.items():
            figures[name] = self._get(f"g.{self.names['more']}, {at}", dims)
            at += int(np.prod(dims, dtype=int))
        return figures

    def _place(self, values: NDArray[Any]) -> str:
        """Add a number or an array for each row; return SQL of where that of a row begins."""
        first = self._put(values)
        return f"g.{self.names['numbers']}, {first} + {values[:1].size} * g.{self.names['row']}"

    def _put(self, values: NDArray[Any]) -> int:
        first = self._count
        self._numbers.append(values)
        self._count += values.size
        return first

    def _get(self, offset: str, dims: list[int]) -> str:
        """Return SQL of the number or array that begins at an offset."""
        call = "__numbers({offset:q}, {dims:l}::integer[])" if dims else "__number({offset:q})"
        return fill("{schema:i}." + call, {"schema": self._db.schema, "offset": offset, "dims": dims})

    def _integer(self, values: NDArray[Any]) -> str:
        return f"{self._get(self._place(values), [])}::integer"

    def _piece(self, column: Pieces, sql_type: str) -> str:
        at = column.at[self._rows]
        used = np.unique(at[at >= 0])
        own = [column.pieces[n] for n in used.tolist()]
        position = np.where(at < 0, np.nan, np.searchsorted(used, at))
        texts = [piece for piece in own if isinstance(piece, str)]
        if sql_type.removesuffix("[]") not in FROM_TEXT:
            return f"({literal(array_text(texts))}::{sql_type}[])[{self._integer(position)} + 1]"
        call = "{schema:i}.{function:i}(g.{pieces:q}, {offset:q})"
        holes = {
            "schema": self._db.schema,
            "function": "__piece" if len(texts) < len(own) else "__text_piece",
            "pieces": self.names["pieces"],
            "offset": self._integer(len(self._pieces) + position),
        }
        self._pieces += [piece.encode() if isinstance(piece, str) else piece for piece in own]
        return fill(call, holes)

    def _list(self, values: Sequence[NDArray[Any] | None]) -> str:
        there = [value for value in values if value is not None]
        rest = list(there[0].shape[1:]) if there else []
        begin = self._put(np.concatenate(there) if there else np.zeros(0))
        sizes = np.array([0 if value is None else value.size for value in values])
        lengths = np.array([np.nan if value is None else len(value) for value in values])
        first = np.where(np.isnan(lengths), np.nan, begin + np.cumsum(sizes) - sizes)
        dims = ", ".join([self._integer(lengths), *map(str, rest)])
        return fill(
            "{schema:i}.__numbers(g.{numbers:q}, {first:q}, ARRAY[{dims:q}])",
            {
                "schema": self._db.schema,
                "numbers": self.names["numbers"],
                "first": self._integer(first),
                "dims": dims,
            },
        )
