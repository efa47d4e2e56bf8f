"""Values of the types that the library's functions take: any, at their limits, and valid ones altered."""

import math
import random
import struct
from dataclasses import dataclass
from typing import Any

from madpy.ports.postgres.model import crc32c

INTEGERS = [0, 1, -1, 2, 3, 7, 8, 16, 127, 128, 129, 255, 256, 1000, 2000, 2001, 32767, 65535, 1000000]
LIMITS = [2**31 - 1, -(2**31), 2**31 - 2, 2**30, 2**28, 2**27, 2**24, 2**20]
WIDE = [2**32 - 1, 2**32, 2**61, 2**62, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 0.5, 1.5, -1.5, 1e-300, 5e-324, 1e15, 1e300, -1e300, math.nan, math.inf, -math.inf]
TEXTS = [
    "", "a", "b", "x1", "1", "-1", "1e400", "NaN", "ü", "\u2028", "'\"\\", "a" * 63, "w" * 3000,
    "squared_euclidean", "cosine", "manhattan", "moments", "x, y", "ARRAY[1, a]", "SELECT 1", "0.1.0",
]  # fmt: skip
QUERIES = [
    "SELECT i::float8, (i % 3)::float8 FROM generate_series(1, 300) AS i",
    "SELECT (i % 3)::float8, ARRAY[i, i * 2]::float8[], 1.0::float8 FROM generate_series(1, 70) AS i",
    "SELECT chr(65 + i % 5), i, NULLIF(i % 3, 0)::float8, i % 4 FROM generate_series(1, 500) AS i",
    "SELECT (i % 7)::float8, NULL::float8, (i % 2)::float8 FROM generate_series(1, 129) AS i",
    "SELECT 1.0::float8, 1.0::float8 WHERE false",
    "SELECT i, i % 3, i % 2, i::bigint * 1000003 FROM generate_series(1, 5000) AS i",
    "SELECT ARRAY[i, i, i, 1]::float8[], 'g' || i % 3 FROM generate_series(1, 100) AS i",
    f"SELECT {', '.join('a' * 1600)} FROM (SELECT array_fill(.5::float8, ARRAY[1342178]) AS a OFFSET 0) AS s",
]
ANY = [
    "NULL::text", "NULL::integer", "1", "2.5", "1.5::float8", "'NaN'::float8", "3::bigint", "4::smallint",
    "true", "'a'::text", "''::text", "' '::text", "'ü'::varchar", "'b'::char(5)", "'n'::name",
    "'c'::\"char\"", "repeat('x', 5000)", "'u'", "NULL", "'\\x00ff'::bytea", "ARRAY[1, 2]",
    "ARRAY['a', NULL]", "ARRAY[]::float8[]", "ROW(1, 'a')", "point '(1,2)'", "now()", "date 'infinity'",
    "interval '1 month'", "'{\"a\": 1}'::jsonb", "'{}'::json", "int4range(1, 5)", "1::oid", "'0/0'::pg_lsn",
    "money '1'", "B'101'", "'127.0.0.1'::inet", "xml '<a/>'", "1e300::numeric", "'NaN'::numeric",
    "2147483647", "(-9223372036854775808)::bigint", "(SELECT c FROM pg_class AS c LIMIT 1)",
]  # fmt: skip
NUMBERS = [
    "0.5::float8", "0::float8", "0.25", "1", "NULL::float8", "'NaN'::float8", "'Infinity'::float8",
    "1e300::float8", "-1e300::float8", "5e-324::float8", "0.5::real", "2::smallint", "3::bigint",
    "0.1::numeric", "true", "1e300::numeric", "'NaN'::numeric", "date '2020-01-01'",
    "timestamp '2020-01-01'", "now()", "'0.5'::text",
]  # fmt: skip
WORDS = [
    "'v0'::text",
    "'v3'::varchar",
    "'v1'::char(5)",
    "'v2'::name",
    "'other'::text",
    "NULL::text",
    "'v1'",
    "1",
    "true",
]
WHOLE = [  # features in one argument
    "ARRAY[0.5, 0.2, 1]", "ARRAY[0.5, 0.2, 1]::float8[]", "ARRAY['0.5', '0.2', 'v1']",
    "ARRAY['0.5', NULL, 'v3']",
    "ARRAY[0.5, NULL, 'NaN']::float8[]", "ARRAY['0.5', '0.2', 'v1']::varchar[]", "NULL::float8[]",
    "ARRAY[]::float8[]",
    "ARRAY[[0.5, 0.2, 1]]", "ARRAY[1, 2, 3]", "ARRAY[1, 2]",
    "ARRAY[ROW(1, 2, 3), ROW(1, 2, 3), ROW(1, 2, 3)]",
    "ARRAY[true, false, NULL]", "ARRAY[date '2020-01-01', NULL, 'infinity']", "'{0.5,0.2,v1}'::name[]",
    "ROW(0.5, 0.2, 'v1')", "ROW(0.5, 0.2, 'v1'::text)", "ROW(1)", "NULL::record", "ROW()",
    "(SELECT r FROM (SELECT 0.5 AS a, 1 AS b, 'v1'::text AS c) AS r)",
    "(SELECT r FROM (SELECT 'v1'::text AS c, NULL::float8 AS a, 9 AS d, 0.5::real AS b) AS r)",
    "(SELECT r FROM (SELECT 0.5 AS a, 1 AS b) AS r)", "(SELECT c FROM pg_class AS c LIMIT 1)",
    """'{"a": 0.5, "b": 0.2, "c": "v1"}'::jsonb""", """'{"c": null, "b": "0.2", "a": true}'::json""",
    """'{"a": 0.5, "b": 0.2, "c": "v1"}'""", """'{"a": "2020-01-01T00:00:00+02", "b": 1e400, "c": 3.0}'""",
    """'{"a": {}, "b": [0.2], "c": "v1"}'::jsonb""", """'[0.5, 0.2, "v1"]'::jsonb""", "'[1]'", "'{}'::jsonb",
    "'null'::jsonb", "'7'::json", "'{0.5,0.2,v1}'", """'{0.5,NULL,"v\\"3"}'::text""", """'{"a'""",
    """' {"a\\'""",
    "'{{0.5},{0.2},{1}}'::varchar", """'{"{1,2,3}"}'""", "'[[1, 2, 3]]'", "'0.5'", "repeat('[', 9000)",
    "VARIADIC '{0.5,0.2,v1}'::text[]",
    "(SELECT r FROM (SELECT now() AS a, 'x'::text AS b, point '(1,2)' AS c) AS r)",
]  # fmt: skip
RECORDS = [
    "ROW(1)", "ROW(NULL::float8)", "ROW('a'::text)", "ROW(1, 'a'::text)", "ROW()", "NULL::record",
    "ROW(ARRAY[1, 2])", "ROW(date 'infinity', 2.5, point '(1,2)')", "(SELECT c FROM pg_class AS c LIMIT 1)",
]  # fmt: skip
PLACES = ["(0,1)", "(0,1)", "(0,2)", "(7,5)", "(4294967295,65535)", "(0,0)"]
REGCLASS = [
    "0", "1", "1259", "'pg_stats'", "'pg_class'", "'pg_indexes'", "4294967295", "'pg_class_oid_index'",
    "NULL",
]  # fmt: skip


@dataclass(frozen=True)
class Raw:
    """An expression as it is, with its type in it."""

    text: str


def sql(type: str, value: Any) -> str:
    """A value as SQL that can be nothing else."""
    if isinstance(value, Raw):
        return value.text
    if value is None:
        return f"NULL::{type}"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, list):
        return f"{quoted(array(value))}::{type}"
    return f"{quoted(str(value))}::{type}"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def array(items: list[Any]) -> str:
    """As PostgreSQL reads arrays; lists within lists are dimensions."""
    return "{" + ",".join(map(element, items)) + "}"


def element(item: Any) -> str:
    if isinstance(item, list):
        return array(item)
    if isinstance(item, bytes):
        item = f"\\x{item.hex()}"
    if isinstance(item, str):
        return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if item is None else str(item)


class Maker:
    """Makes values; the same ones for the same seed and corpus."""

    def __init__(self, chance: random.Random, corpus: dict[str, list[bytes]]) -> None:
        self.chance = chance
        self.corpus = corpus

    def fresh(self, type: str, wanted: str) -> Any:
        """A value of a type for a function or an argument whose name is `wanted`; now and then NULL."""
        pick = self.chance.choice
        if self.chance.random() < 0.04:
            return None
        match type:
            case "bytea":
                return self.bytes_for(wanted)
            case "double precision":
                return pick(FLOATS + INTEGERS)
            case "integer":
                return pick(INTEGERS + LIMITS)
            case "bigint":
                return pick(INTEGERS + LIMITS + WIDE[2:])
            case "boolean":
                return pick([True, False])
            case "text":
                return pick(TEXTS)
            case "regclass":
                return Raw(f"{pick(REGCLASS)}::regclass")
            case "record":
                return Raw(pick(RECORDS))
            case "tid":
                return pick(PLACES)
            case "oid":
                return pick([1, 1, 0, 1259, 2**32 - 1])
            case '"any"' | "anyelement":
                return Raw(pick(ANY))
        if type.endswith("[]"):
            return self.array_of(type[:-2], wanted)
        return None

    def array_of(self, type: str, wanted: str) -> Any:
        length = self.chance.choice([0, 1, 2, 2, 3, 3, 5, 9, 40, 130])
        items = [self.fresh(type, wanted) for _ in range(length)]
        if self.chance.random() < 0.9 or length == 0:
            return items
        long = Raw(f"array_fill(1::{type}, ARRAY[{self.chance.choice([300, 2000, 100_000])}])")
        return self.chance.choice([[items, items], [[items]], long])

    def bytes_for(self, wanted: str) -> bytes:
        """Bytes of the corpus: mostly those whose kind is in the name of the function."""
        kinds = [kind for kind in self.corpus if kind in wanted] if self.chance.random() < 0.9 else []
        value = self.chance.choice(self.corpus[self.chance.choice(kinds or list(self.corpus))])
        return value if self.chance.random() < 0.3 else self.altered_bytes(value)

    def altered(self, type: str, value: Any, wanted: str) -> Any:
        """A valid value with something in it altered."""
        if isinstance(value, bytes):
            return self.altered_bytes(value)
        if isinstance(value, list) and value:
            return self.altered_list(type[:-2], value, wanted)
        if type in ("integer", "bigint") and isinstance(value, int) and self.chance.random() < 0.5:
            return value + self.chance.choice([-1, 1])
        return self.fresh(type, wanted)

    def altered_list(self, type: str, value: list[Any], wanted: str) -> list[Any]:
        at = self.chance.randrange(len(value))
        match self.chance.randrange(8):
            case 0:
                return value[:at]
            case 1:
                return value[:at] + value[at + 1 :]
            case 2:
                return [*value[:at], self.fresh(type, wanted), *value[at:]]
            case 3:
                return value + value
        return [*value[:at], self.fresh(type, wanted), *value[at + 1 :]]

    # --- bytes ---

    def altered_bytes(self, value: bytes) -> bytes:
        """One to four alterations; a model gets the checksum that belongs to it."""
        data = bytearray(value)
        for _ in range(self.chance.choice([1, 1, 1, 2, 2, 3, 4])):
            data = self.alter(data)
        if data[:4] == b"MADM" and len(data) > 8 and self.chance.random() < 0.95:
            data[-4:] = struct.pack("<I", crc32c(bytes(data[:-4])))
        return bytes(data)

    def alter(self, data: bytearray) -> bytearray:
        if len(data) < 8:
            return data + self.chance.randbytes(self.chance.choice([1, 8, 60]))
        # Counts and sizes are in front; of the rest everything is as likely.
        end = len(data) if self.chance.random() < 0.5 else min(len(data), 96)
        match self.chance.randrange(14):
            case 12 | 13:
                at = self.chance.randrange(end)
                data[at] = self.chance.choice([0, 1, 2, 127, 128, 255, data[at] + 1, data[at] - 1]) % 256
            case 0 | 1 | 2 | 3:
                self.put_integer(data, self.chance.randrange(0, end - 3, 4))
            case 4 | 5:
                number = self.chance.choice(FLOATS + INTEGERS + LIMITS + WIDE)
                data[(at := self.chance.randrange(0, end - 7, 4)) : at + 8] = struct.pack("<d", number)
            case 6:
                wide = self.chance.choice(INTEGERS + LIMITS + WIDE) % 2**64
                data[(at := self.chance.randrange(0, end - 7, 4)) : at + 8] = struct.pack("<Q", wide)
            case 7:
                data[(at := self.chance.randrange(end))] ^= 1 << self.chance.randrange(8)
            case 8:
                del data[
                    self.chance.choice(
                        [len(data) - 1, len(data) // 8 // 2 * 8 + 4, self.chance.randrange(len(data))]
                    ) :
                ]
            case 9:
                data += bytes(self.chance.choice([1, 8, 16, 128, 1024]))
            case 10:
                return self.spliced(data)
            case 11:
                return self.reshaped(data)
        return data

    def put_integer(self, data: bytearray, at: int) -> None:
        (before,) = struct.unpack_from("<i", data, at)
        near = [before - 1, before + 1, before * 2, before // 2, -before]
        number = (
            self.chance.choice(near) if self.chance.random() < 0.4 else self.chance.choice(INTEGERS + LIMITS)
        )
        struct.pack_into("<I", data, at, number % 2**32)

    def spliced(self, data: bytearray) -> bytearray:
        """The beginning of one value and the end of another."""
        other = self.chance.choice(self.corpus[self.chance.choice(list(self.corpus))])
        at = self.chance.randrange(0, min(len(data), 200), 4)
        return (
            data[:at]
            + other[at if self.chance.random() < 0.5 else self.chance.randrange(0, len(other) + 1, 4) :]
        )

    def reshaped(self, data: bytearray) -> bytearray:
        """A state of a kernel (engine/kernel.h) with other counts, and a length that could go with them."""
        if data[:4] != b"mdpt" or len(data) < 44:
            return data[: self.chance.randrange(len(data))]
        self.put_integer(data, self.chance.choice([8, 12, 16, 20]))
        for at in (8, 12, 16, 20):
            if self.chance.random() < 0.3:
                struct.pack_into("<i", data, at, self.chance.choice([0, 1, 2, 3, 4, 5]))
        columns, params, _, tail_rows = struct.unpack_from("<4i", data, 8)
        numbers = (
            abs(params) % 4096
            + abs(tail_rows * columns) % 4096
            + self.chance.choice([0, 0, 1, 2, 3, 5, 10, 20])
        )
        return (data + bytes(8 * numbers))[: 44 + 8 * numbers]
