"""Valid values of the library: states, sketches and models that it makes, and what its functions take."""

import struct
from contextlib import closing

import pg

from madpy.dev.server import Address
from madpy.ports.postgres.session.keys import packed_keys
from tests.fuzz.catalogue import Function

LONGEST = 20_000  # bytes: longer values make calls slow and nothing else
CELL = [0.0] * 5 + ["inf", "-inf"]
BAYES: list[list[float | str]] = [
    [3, 0, 5, 0, 0, 0, 0, *CELL[:7] * 3, *[0.0] * 15, *CELL[:7] * 3],
    [1, 1, 1, 1, 0, 0, 0, 0],
]
# By kernel: parameters that go with rows of FEATURES features; 3 where nothing is said.
PARAMETERS: dict[str, list[list[float | str]]] = {
    "meat": [[1, -2, 3]],
    "squared_residuals": [[1, -2, 3]],
    "kmeans": [[0, mode, 7, 0, 9, 9, 1, 1, 5, 2, 3, 3] for mode in (0, 1, 2)]
    + [[0, 0, 7, 0, 1, 1, 1, 2, 2, 2]],
    "kmeans_sample": [[7, 0, 0, 0, mode] for mode in (0, 1, 2)] + [[1, 0], [40, 0, 1, 2, 0]],
    "weighted_kmeans": [[0, mode, 7, 0, 9, 9, 4, 1, 1, 5, 2, 3, 3] for mode in (0, 1, 2, 3)],
    "weighted_kmeans_sample": [[7, 0, 0, 0], [1, 0], [40, 0, 1, 2, 0]],
    "dtree_sample": [[50, 0], [3, 7], [1000, 1, 2], [20, 0]],
    "dtree": [
        [1, classes, 1, 1, 3, 1, 0, 0, 0, 0, entropy, 1, 4, 4, bins, -1, 0, 0, 0, 0, 0, 0]
        for classes, entropy, bins in ((0, 0, 4), (3, 1, 9), (2, 0, 4))
    ]
    + [[1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 50, -1, 0, 0, 0, 0, -1, 0]],
    **dict.fromkeys(("nb", "weighted_nb"), BAYES),
    "weighted_dtree_sample": [[50, 0], [3, 7]],
    "weighted_dtree": [
        [1, classes, 1, 1, 3, 1, 0, 0, 0, 0, 0, 1, 4, 4, 4, -1, 0, 0, 0, 0, 0, 0] for classes in (0, 2)
    ],
    "logregr": [[0.1, 0.2, 0.3, 0, 0, 1, 0, 0, 0.5], [0] * 9],
    "nb_coded": [[1000, 1000], [2, 2]],
    "weighted_nb_coded": [[1000, 1000], [2, 2]],
    "weighted_logregr": [[0.1, 0.2, 0.3, 0, 0, 1, 0, 0, 0.5], [0] * 9],
    "glm": [
        [2, 1, "NaN", 0.1, 0.1, 0.2, 0.3, 0, 0, 1, 0, "inf", 0.5],
        [1, 6, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ],
}
FEATURES = {
    "dtree": 3,
    "weighted_dtree": 3,
    "nb": 3,
    "weighted_nb": 3,
    "logregr": 3,
    "weighted_logregr": 3,
    "glm": 3,
    "kmeans": 2,
    "kmeans_sample": 2,
    "weighted_kmeans": 2,
    "weighted_kmeans_sample": 2,
    "meat": 3,
    "squared_residuals": 3,
}
FEATURE_VALUES = ["1", "i % 2", "i % 4"]
TRAININGS = """
    CREATE TEMP TABLE t AS
    SELECT sin(i) AS a, cos(i) AS b, 'v' || i % 4 AS c, i % 3 = 0 AS d, 'y' || i % 3 AS y
    FROM generate_series(1, 300) AS i;
    SELECT madlib.nb_train('t', 'nb_1', 'y', 'a, b');
    SELECT madlib.nb_train('t', 'nb_2', 'y', 'a, c, d');
    SELECT madlib.dtree_train('t', 'dtree_1', 'y', 'a, b', min_split => 2, max_depth => 4);
    SELECT madlib.dtree_train('t', 'dtree_2', 'y', 'a, c, d', min_split => 2, max_depth => 4);
    SELECT madlib.dtree_train('t', 'dtree_3', 'a', 'b, c', max_depth => 3);
"""
MODELS = ("nb_1", "nb_2", "dtree_1", "dtree_2", "dtree_3")
ROWS = "FROM generate_series(1, {}) AS i"
STATES = {
    "argmax": [
        f"SELECT madlib.argmax_state({key}, i % 5) {ROWS.format(20)}"
        for key in ("i", "i::bigint", "'k' || i")
    ],
    "fmsketch": [
        f"SELECT madlib.fmsketch_dcount_state(({value})) {ROWS.format(rows)}"
        for value in ("i", "'k' || i", "i % 3 = 0")
        for rows in (1, 40, 5000)
    ],
    "column_summary": [
        f"SELECT madlib.column_summary_state({value}{wanted}) {ROWS.format(rows)}"
        for value in (
            "i",
            "i * 0.5::float8",
            "'k' || i % 7",
            "i % 2 = 0",
            "NULL::text",
            "date '2000-01-01' + i",
        )
        for wanted in ("", ", 3", ", 0")
        for rows in (1, 50, 700)
    ],
    "fmsketch_row": [f"SELECT madlib.fmsketch_dcount_state(i) {ROWS.format(40)}"],
    "row_summary": [
        f"SELECT madlib.__row_summary(ROW({values}), {wanted}) {ROWS.format(rows)}"
        for values in ("i", "i, 'k' || i % 7", "i * 0.5, date '2000-01-01' + i, NULL::text")
        for wanted in (0, 7)
        for rows in (1, 300)
    ],
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
        connection.query(TRAININGS)
        for model in MODELS:
            kind = model.split("_")[0] + "_predict"
            corpus.setdefault(kind, []).append(value(connection, f"SELECT model FROM {model}_summary"))
        connection.query("ROLLBACK")
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
        raise ValueError(f"none of the parameters of kernel {function.kernel} is right: see PARAMETERS")
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
