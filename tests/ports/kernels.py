"""The kernels, how their aggregates are called, and a table whose sums are whole numbers."""

from fractions import Fraction

from madpy.ports.postgres.layouts.moments import moment_pair, moments_pivots
from madpy.ports.postgres.scan.states import States
from tests.session import Session

CALLS = {
    "moments": "y, x",
    "weighted_moments": "y, x, w",
    "meat": "y, x, w, '{1,-2,3}'",
    "squared_residuals": "y, x, w, '{1,-2,3}'",
}
KERNELS = list(CALLS)
ROWS = 500

# Whole numbers, so that every sum is exact in whatever order; every eleventh row has a NULL somewhere.
TABLE = f"""
    CREATE TABLE t AS
    SELECT i, i % 3 AS g, CASE WHEN i % 33 <> 0 THEN (i * i % 101)::float8 END AS y,
           CASE WHEN i % 33 = 11 THEN NULL WHEN i % 33 = 22 THEN ARRAY[1, NULL, 0]
                ELSE ARRAY[1, i % 13, i % 7 - 3] END::float8[] AS x,
           (i % 5)::float8 AS w
    FROM generate_series(1, {ROWS}) i
"""


def rows() -> list[tuple[list[int], int, int]]:
    """(x, y, w) of the rows of TABLE without a NULL."""
    numbers = (i for i in range(1, ROWS + 1) if i % 11 != 0)
    return [([1, i % 13, i % 7 - 3], i * i % 101, i % 5) for i in numbers]


def moments(columns: list[list[int]], weights: list[int]) -> list[int]:
    """The lower triangle of the sums of w z_i z_j, z_0 being 1."""
    z = [[1] * len(weights), *columns]
    return [
        sum(w * a * b for w, a, b in zip(weights, z[i], z[j], strict=True))
        for i in range(len(z))
        for j in range(i + 1)
    ]


def exact(kernel: str) -> list[int]:
    """The moments that the state of a kernel has to hold, by Python's integers."""
    X = [list(column) for column in zip(*(x for x, _, _ in rows()), strict=True)]
    y, w = [y for _, y, _ in rows()], [w for _, _, w in rows()]
    e = [b - (x[0] - 2 * x[1] + 3 * x[2]) for x, b, _ in rows()]
    match kernel:
        case "moments":
            return moments([*X, y], [1] * len(y))
        case "weighted_moments":
            return moments([*X, y], w)
        case "meat":
            return moments(X, [(a * b) ** 2 for a, b in zip(w, e, strict=True)])
    return moments([*X, [a * a for a in e]], [1] * len(y))


def held(kernel: str, value: bytes) -> list[Fraction]:
    """The moments that a state holds, with the pivots put back: what two states of the same rows agree on."""
    m = len(CALLS["moments"].split(",")) + 2 - (kernel == "meat")
    body = States.parse(value, 1).body[0, 3 if "{" in CALLS[kernel] else 0 :].tolist()
    pivots = [Fraction(0), *map(Fraction, body[moments_pivots(m) :])]
    pairs = {(i, j): 2 * moment_pair(i, j) for i in range(m + 1) for j in range(i + 1)}
    at = {pair: Fraction(body[place]) + Fraction(body[place + 1]) for pair, place in pairs.items()}
    return [
        at[i, j]
        + (pivots[i] * at[j, 0] if i else 0)
        + (pivots[j] * at[i, 0] if j else 0)
        + (pivots[i] * pivots[j] * at[0, 0] if i and j else 0)
        for i in range(m + 1)
        for j in range(i + 1)
    ]


def state(sql: Session, kernel: str, clauses: str = "FROM t") -> bytes:
    """Return the state of a kernel's aggregate."""
    value: bytes = sql.value(f"SELECT madlib.{kernel}_state({CALLS[kernel]}) {clauses}")
    return value
