"""Entries of each method for the tests of all methods, from its tests folder: tests/<method>/calls.py.

    DRIVERS     its trainings, for what holds for every training
    USES        its functions that take a model
    METHODS     calls of it whose answers are compared wherever the rows lie
    STATEMENTS  how many statements its calls send
    RIGHTS      functions that begin with __ and that everybody may execute, and why (tests/test_rights.py)
    GROWTH      calls that are timed as tables grow (benchmarks/growth.py)
    CANCELLED   calls that are cancelled at any moment (benchmarks/stop.py)
    KERNELS     parameters of its kernels for the fuzzer, by kernel
    STATES      queries for states of its aggregates that are no kernels, for the fuzzer
    MODELS      queries that make packed models of table t, for the fuzzer
    PACKED      functions that return models for the fuzzer, by a part of the name of what takes them
    FEATURES    how many features of any type a function takes one by one, for the fuzzer

A name that a file does not have stands for nothing; a method with its tests folder needs no other list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from madpy.config import load

# Why everybody may execute a function that begins with __.
DRIVER = "a driver calls it, which runs with the caller's rights"
ELSEWHERE = "asked of another server, as the user of the mapping"
AGGREGATE = "an aggregate that a driver asks a table for"

GROUPED = "grouping_cols => 'g'"
ROWS = "FROM generate_series(1, {}) AS i"  # of states for the fuzzer


@dataclass(frozen=True)
class Driver:
    """A training: the target it takes by default, None if it takes none, and how it calls its columns."""

    name: str
    target: str | None = None
    features: str = "features"
    more: str = ""
    is_linear: bool = False  # features as numbers
    has_row_per_group: bool = False  # in the model
    reads_summary: bool = True  # in predictions
    is_matrix: bool = False
    has_groups: bool = True  # takes grouping_cols

    def call(self, source: str | None = "t", output: str | None = "m", **options: str | None) -> str:
        """`options`: target, features, grouping_cols."""
        arguments = {"source_table": source, "output_table": output}
        if self.target:
            arguments["target"] = options.pop("target", self.target)
        arguments[self.features] = options.pop("features", "a, b")
        listed = ", ".join(f"{name} => {literal(value)}" for name, value in (arguments | options).items())
        return f"SELECT * FROM madlib.{self.name}({listed}{self.more})"


@dataclass(frozen=True)
class Method:
    """`call` makes table {out} from {table}; `answer` is a query over it, its rows in a fixed order."""

    call: str
    answer: str
    kernels: tuple[str, ...]  # whose states travel
    passes: int = 1  # at least

    def run(self, table: str, out: str) -> str:
        return f"SELECT * FROM madlib.{self.call.format(table=table, out=out)}"

    def answers(self, out: str) -> str:
        return self.answer.format(out=out)


@dataclass(frozen=True)
class Growth:
    """A training as a user calls it: its arguments after source and output, where {x} are the features.

    The features are x1, x2, ...; the table has y, a number, odds, 0 or 1, and g, its groups, as well.
    """

    name: str
    arguments: str
    passes: bool = False  # takes several, so the store beside streaming
    groups_goal: float | None = None  # of a training in groups, as a multiple of the same without


@dataclass(frozen=True)
class Statements:
    """The arguments of a training, and the most statements inside it, that of its SQL wrapper included."""

    arguments: list[Any]
    training: int
    predictions: int | None = None  # of the function predict of its model, if there is one


@dataclass(frozen=True)
class Parameters:
    """Parameters of a kernel, each for rows of `features` numbers; None: of features of any type."""

    parameters: list[list[float | str]]
    features: int | None = None


@dataclass(frozen=True)
class Call:
    """A call that can be cancelled, and SQL of the model that it needs.

    The tables are those of benchmarks/stop.py.  {flags} stands for all columns of table flags, {elements} for
    the first 900 of the array of table wide.
    """

    name: str
    sql: str
    model: str = ""


def train(method: str, table: str, arguments: str, output: str = "o") -> str:
    return f"SELECT FROM madlib.{method}_train('{table}', '{output}', {arguments})"


def using(function: str, table: str, arguments: str) -> Call:
    """A prediction for all rows of the table that the model is trained on."""
    name = f"{function} {table}"
    sql = f"SELECT FROM madlib.{function}('m', '{table}', 'o')"
    return Call(name, sql, train(function.split("_")[0], table, arguments, "m"))


def literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def entries(name: str) -> Iterator[Any]:
    """Yield the value of `name` in tests/<method>/calls.py of each method that has it."""
    for module in load().modules:
        if Path(__file__).with_name(module.name).joinpath("calls.py").is_file():
            calls = import_module(f"tests.{module.name}.calls")
            if hasattr(calls, name):
                yield getattr(calls, name)


def gathered(name: str) -> dict[str, Any]:
    """Return one dictionary of the dictionaries that methods have under `name`."""
    together: dict[str, Any] = {}
    for part in entries(name):
        twice = together.keys() & part.keys()
        assert not twice, f"{name} of two methods: {twice}"
        together |= part
    return together
