"""Valid values of the library: states, sketches and models that it makes, and what its functions take."""

import struct
from collections.abc import Callable
from contextlib import closing

import pg

from madpy.dev.server import Address
from madpy.ports.postgres.session.keys import packed_keys
from tests.fuzz.catalogue import Function
from tests.methods import ROWS, gathered

LONGEST = 20_000  # bytes: longer values make calls slow and nothing else
PARAMETERS = {kernel: entry.parameters for kernel, entry in gathered("KERNELS").items()}
FEATURES = {kernel: entry.features for kernel, entry in gathered("KERNELS").items() if entry.features}
FEATURE_VALUES = ["1", "i % 2", "i % 4"]
TRAINED_ON = """
    CREATE TEMP TABLE t AS
    SELECT sin(i) AS a, cos(i) AS b, 'v' || i % 4 AS c, i % 3 = 0 AS d, 'y' || i % 3 AS y
    FROM generate_series(1, 300) AS i;
"""
ONE_BY_ONE: dict[str, int] = gathered("FEATURES")  # of any type
MODELS: dict[str, str] = gathered("MODELS")
PACKED: dict[str, Callable[[], list[bytes]]] = gathered("PACKED")
STATES: dict[str, list[str]] = gathered("STATES") | {
    "keep": [
        "SELECT madlib.__keep(1, '(0,1)', 1::oid, ARRAY[i, 1]::float8[], ARRAY[i]::float8[])"
        f" {ROWS.format(9)}"
    ],
    "kept_step": [f"SELECT madlib.moments_state(i, ARRAY[1, i % 3]) {ROWS.format(9)}"],
    "kept_combine": [
        f"SELECT madlib.moments_state(i, ARRAY[1, i % 3]) {ROWS.format(9)}",
        "SELECT decode('6d64707a00200000' || repeat('03aabb', 1024), 'hex')",  # packed
    ],
    "kept_state": ["SELECT decode('6d64707a00200000' || repeat('00', 1024), 'hex')"],
}
PARTS = [struct.pack("<iii", 2, 3, 5) + b"abcde", struct.pack("<i", 0), struct.pack("<4d", 1, 2, 3, 4)]
KEYS = packed_keys([["a", "1"], [None, "2"], ["ü", None]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])


Corpus = dict[str, list[bytes]]  # valid values by kind


def collected(address: Address, functions: list[Function]) -> Corpus:
    """Bytes by kind, from a server whose memory nobody checks: models take a training."""
    corpus = {
        "key": [KEYS, packed_keys([["5"]], [[1.5]]), packed_keys([["5"], ["6"]], [[], []])],
        "piece": PARTS,
    }
    corpus["number"] = corpus["store"] = corpus["estimate"] = [struct.pack("<9d", *range(1, 10)), *PARTS]
    names = {function.name for function in functions}
    kernels = {f.kernel for f in functions if f"madlib.{f.kernel}_merge" in names} - STATES.keys()
    with closing(address.connect()) as connection:
        connection.set_notice_receiver(lambda notice: None)
        connection.query("BEGIN")
        for kind, queries in STATES.items():
            corpus[kind] = [value(connection, query) for query in queries]
        for function in functions:
            if function.name == f"madlib.__{function.kernel}_accum" and function.kernel in kernels:
                corpus[function.kernel] = kernel_states(connection, function)
        connection.query(TRAINED_ON)
        for model, training in MODELS.items():
            connection.query(training)
            kind = model.split("_")[0] + "_predict"
            corpus.setdefault(kind, []).append(value(connection, f"SELECT model FROM {model}_summary"))
        connection.query("ROLLBACK")
    corpus |= {kind: models() for kind, models in PACKED.items()}
    return {kind: [value for value in values if len(value) < LONGEST] for kind, values in corpus.items()}


def kernel_states(connection: pg.Connection, function: Function) -> list[bytes]:
    """States of a kernel with rows that wait and without, by an aggregate that has no final function."""
    features = FEATURES.get(function.kernel, 3)
    types = ", ".join(function.types[1:])
    name = f"pg_temp.unfinished_{function.kernel}"
    connection.query(f"CREATE AGGREGATE {name}({types}) (SFUNC = {function.name}, STYPE = bytea)")
    states = []
    for parameters in PARAMETERS.get(function.kernel, [[]]):
        row = [f"ARRAY[{', '.join(FEATURE_VALUES[:features])}]::float8[]"]
        if function.types[1] == "double precision":
            row = ["i % 2", *row]
        row += ["(i % 5)::float8"] * (function.types[len(row) + 1 :].count("double precision"))
        if len(row) < len(function.types) - 1:
            row.append(f"'{{{','.join(map(str, parameters))}}}'::float8[]")
        state = f"{name}({', '.join(row)})"
        for rows in (1, 6, 200):
            for call in (state, f"madlib.__{function.kernel}_state({state})"):
                states += attempted(connection, f"SELECT {call} {ROWS.format(rows)}")
    if not states:
        raise ValueError(f"no parameters of kernel {function.kernel} are right: see KERNELS of its calls.py")
    return states


def attempted(connection: pg.Connection, query: str) -> list[bytes]:
    """The value of a query that may fail where its parameters do not go with its rows."""
    connection.query("SAVEPOINT here")
    try:
        return [value(connection, query)]
    except pg.DatabaseError:
        connection.query("ROLLBACK TO here")
        return []


def value(connection: pg.Connection, query: str) -> bytes:
    result: bytes = connection.query(query).getresult()[0][0]
    return result
