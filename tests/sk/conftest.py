"""Fixtures: a small table, and a call of sk_train."""

import json

import numpy as np
import pytest

from tests.sk.compared import FEATURES


@pytest.fixture
def houses(sql):
    """Table h: 60 rows of numbers, words, times, flags; price is 3 + 2 tax - bath, and 10 more where new."""
    sql(
        """
        CREATE TABLE h AS
        SELECT i AS id, 3 + 2 * tax - bath + CASE WHEN new THEN 10 ELSE 0 END AS price, tax, bath, new,
               CASE i % 3 WHEN 0 THEN 'brick' WHEN 1 THEN 'wood' ELSE 'stone' END AS wall,
               date '2020-01-01' + i AS sold, i % 2 AS side, ARRAY[tax, bath] AS v
        FROM (SELECT i, (i * 37 % 101)::float8 AS tax, i % 5 AS bath, i % 7 < 3 AS new
              FROM generate_series(1, 60) AS i) AS r
        """
    )


@pytest.fixture
def train(sql):
    """Call sk_train(source 'h', output 'm', ...) and return its result."""

    def call(target, features, algorithm, output="m", **options):
        written = "".join(f", {name} => {literal(value)}" for name, value in options.items())
        arguments = ", ".join(map(literal, ("h", output, target, features, algorithm)))
        (row,) = sql.rows(f"SELECT * FROM madlib.sk_train({arguments}{written})")
        return row

    return call


@pytest.fixture
def rows(sql):
    """Table t: 200 rows of numbers, a holdout of every fourth row, classes of one to three letters."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(200, 3))
    signal = X @ [1.0, -2.0, 0.5] + rng.normal(size=200)
    data = {
        "X": X, "y": signal, "pair": signal > 0.3, "three": np.searchsorted([-1.0, 1.0], signal),
        "held": np.arange(200) % 4 == 0, "g": rng.integers(0, 9, 200),
        "at": rng.permutation(200).astype(float),
        "w": rng.integers(1, 4, 200).astype(float),
    }  # fmt: skip
    sql(
        "CREATE TABLE t (id integer, a float8, b float8, c float8, y float8, pair boolean, three text,"
        " held boolean, g integer, at float8, w float8)"
    )
    listed = [
        (n, *X[n].tolist(), float(signal[n]), bool(data["pair"][n]), "abc"[data["three"][n]] * 2,
         bool(data["held"][n]), int(data["g"][n]), float(data["at"][n]), float(data["w"][n]))
        for n in range(200)
    ]  # fmt: skip
    sql.connection.inserttable("t", listed)
    return data


@pytest.fixture
def compare(sql):
    """Call sk_compare(source 't', output 'o', ...) and return its result."""

    def call(target, *candidates, features=FEATURES, source="t", output="o", **options):
        written = "".join(f", {name} => {literal(value)}" for name, value in options.items())
        listed = [one if isinstance(one, dict) else {"algorithm": one} for one in candidates]
        arguments = ", ".join(map(literal, (source, output, target, features, json.dumps(listed))))
        sql("SET client_min_messages = error; DROP TABLE IF EXISTS o, o_summary")
        (row,) = sql.rows(f"SELECT * FROM madlib.sk_compare({arguments}{written})")
        return row

    return call


def literal(value):
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
