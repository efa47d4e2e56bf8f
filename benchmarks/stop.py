"""python -m benchmarks.stop [NAME...] [--size X] [--moments N]: how soon calls end that are cancelled.

Each call is run once to the end, and then cancelled at moments that are drawn from a fixed seed.  What is
measured is the time from `pg_cancel_backend` to the end of the statement.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass

import pg

from benchmarks.database import bench_database
from benchmarks.report import Table
from madpy.server import Address

MARK = 0.2  # seconds
LONGEST = 20.0  # seconds of a call that are looked at
SEED = 1

# A table: SQL of its rows, where {name} is a number of rows, columns, groups or levels at size 1.
TABLES = {
    "wide": """SELECT i::float8 + random() AS y, random() < 0.5 AS yes,
               ARRAY(SELECT random() + i * 0 FROM generate_series(1, {columns})) AS x
               FROM generate_series(1, {wide_rows}) AS i""",
    "flags": """SELECT random() < 0.5 AS yes, {flags} FROM generate_series(1, {wide_rows}) AS i""",
    "long": """SELECT random() < 0.5 AS yes, random() AS y, random() AS a, random() AS b, random() AS c,
               (10 * random())::int AS d FROM generate_series(1, {rows}) AS i""",
    "grouped": """SELECT i % {groups} AS g, random() < 0.5 AS yes, random() AS y, random() AS a,
                  random() AS b, chr(97 + (10 * random())::int) AS c
                  FROM generate_series(1, 20 * {groups}) AS i""",
    "leveled": """SELECT (random() * {classes})::int::text AS class, random() < 0.5 AS yes, random() AS y,
                  'level ' || i % {levels} AS f, random() AS a FROM generate_series(1, 20 * {levels}) AS i""",
}
SIZES = {
    "columns": 1500,
    "wide_rows": 4000,
    "rows": 1_000_000,
    "groups": 10_000,
    "classes": 300,
    "levels": 5000,
}


@dataclass(frozen=True)
class Call:
    """A call that can be cancelled: `model` is made before, once."""

    name: str
    sql: str
    model: str = ""


def train(method: str, table: str, arguments: str, output: str = "o") -> str:
    return f"SELECT * FROM madlib.{method}_train('{table}', '{output}', {arguments})"


def predict(function: str, table: str) -> str:
    return f"SELECT * FROM madlib.{function}('m', '{table}', 'o')"


def using(function: str, table: str, arguments: str, name: str) -> Call:
    """A prediction for all rows of the table that the model is trained on."""
    method = function.split("_")[0]
    return Call(name, predict(function, table), train(method, table, arguments, "m"))


GROUPED = "grouping_cols => 'g'"
CALLS = [
    Call("regr wide", train("regr", "wide", "'y', 'x'")),
    Call("regr wide robust", train("regr", "wide", "'y', 'x', robust => true")),
    Call("regr long", train("regr", "long", "'y', 'a, b, c', heteroskedasticity_option => true")),
    Call("regr grouped", train("regr", "grouped", f"'y', 'a, b', robust => true, {GROUPED}")),
    Call("regr leveled", train("regr", "leveled", "'y', 'a, c'").replace("a, c", "a, class")),
    Call("logregr wide", train("logregr", "wide", "'yes', 'x'")),
    Call("logregr long", train("logregr", "long", "'yes', 'a, b, c'")),
    Call("logregr grouped", train("logregr", "grouped", f"'yes', 'a, b', {GROUPED}")),
    Call("logregr leveled", train("logregr", "leveled", "'yes', 'a, class'")),
    Call("nb wide", train("nb", "wide", "'yes', 'x'")),
    Call("nb flags", train("nb", "flags", "'yes', '*'").replace("'*'", "'{flag_names}'")),
    Call("nb long", train("nb", "long", "'yes', 'a, b, d'")),
    Call("nb grouped", train("nb", "grouped", f"'yes', 'a, c', {GROUPED}")),
    Call("nb leveled", train("nb", "leveled", "'class', 'f, a'")),
    Call("dtree wide", train("dtree", "wide", "'yes', 'x'")),
    Call("dtree wide regression", train("dtree", "wide", "'y', 'x', num_folds => 3, prune_cp => 0.001")),
    Call("dtree flags", train("dtree", "flags", "'yes', '{flag_names}'")),
    Call("dtree long", train("dtree", "long", "'yes', 'a, b, d', max_depth => 20")),
    Call("dtree grouped", train("dtree", "grouped", f"'yes', 'a, c', min_split => 2, min_bucket => 1, {GROUPED}")),
    Call("dtree leveled", train("dtree", "leveled", "'class', 'f, a'")),
    Call("kmeans wide", train("kmeans", "wide", "'x', k => 100")),
    Call("kmeans wide parallel", train("kmeans", "wide", "'x', k => 100, init => 'kmeans||'")),
    Call("kmeans k 1,000", train("kmeans", "long", "'a, b, c', k => 1000")),
    Call("kmeans k 10,000", train("kmeans", "long", "'a, b, c', k => 10000")),
    Call("kmeans grouped", train("kmeans", "grouped", f"'a, b', k => 3, {GROUPED}")),
    Call("kmeans_run", "SELECT * FROM madlib.kmeans_run('points', 50)"),
    Call("summary flags", "SELECT * FROM madlib.summary('flags', 'o')"),
    Call("summary long", "SELECT * FROM madlib.summary('long', 'o')"),
    Call("summary grouped", "SELECT * FROM madlib.summary('grouped', 'o', 'a, c', 'g')"),
    Call("summary leveled", "SELECT * FROM madlib.summary('leveled', 'o')"),
    Call("correlation wide", "SELECT * FROM madlib.correlation('wide', 'o', 'x')"),
    Call("covariance wide", "SELECT * FROM madlib.covariance('wide', 'o', 'x')"),
    Call("correlation grouped", f"SELECT * FROM madlib.correlation('grouped', 'o', 'a, b', {GROUPED})"),
    using("regr_predict", "wide", "'y', 'x'", "regr_predict wide"),
    using("regr_predict", "grouped", f"'y', 'a, b', {GROUPED}", "regr_predict grouped"),
    using("logregr_predict", "wide", "'yes', 'x'", "logregr_predict wide"),
    using("nb_predict", "wide", "'yes', 'x'", "nb_predict wide"),
    using("nb_predict_prob", "leveled", "'class', 'f, a'", "nb_predict_prob leveled"),
    using("nb_predict_prob", "grouped", f"'yes', 'a, c', {GROUPED}", "nb_predict_prob grouped"),
    using("dtree_predict_prob", "leveled", "'class', 'f, a'", "dtree_predict_prob leveled"),
    using("dtree_predict", "grouped", f"'yes', 'a, c', {GROUPED}", "dtree_predict grouped"),
    using("kmeans_predict", "long", "'a, b, c', k => 1000, max_iter => 1", "kmeans_predict long"),
    using("kmeans_predict", "wide", "'x', k => 20, max_iter => 1", "kmeans_predict wide"),
    Call("regr_summary wide", "SELECT * FROM madlib.regr_summary('m')", train("regr", "wide", "'y', 'x'", "m")),
    Call(
        "dtree_display svg",
        "SELECT length(madlib.dtree_display('m', 'svg'))",
        train("dtree", "long", "'yes', 'a, b, d', max_depth => 20, min_split => 2, min_bucket => 1", "m"),
    ),
    Call(
        "dtree_importance",
        "SELECT * FROM madlib.dtree_importance('m')",
        train("dtree", "grouped", f"'yes', 'a, c', {GROUPED}", "m"),
    ),
    Call("dtree predictor", "SELECT count(madlib.dtree_predict_prob(model, ARRAY[f, a::text])) FROM m_summary, leveled", train("dtree", "leveled", "'class', 'f, a'", "m")),
]
