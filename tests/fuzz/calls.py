"""Calls of one function: valid ones, valid ones with something altered, and any; as SQL that stands alone."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.fuzz.catalogue import Function
from tests.fuzz.corpus import FEATURES, ONE_BY_ONE, PARAMETERS
from tests.fuzz.values import ANY, NUMBERS, QUERIES, WHOLE, WORDS, Maker, Raw, sql

KEPT = 60  # calls that are kept of each function, to be altered further
COLUMNS = ["number integer", "k text", "k bigint", "v double precision", "v double precision[]", "d date"]
# Bytes of a value whose text is looked at.  The text of a state of 100 MB takes the server seconds.
LOOKED_AT = 500_000
FRAME = "OVER (ORDER BY n ROWS BETWEEN {} AND CURRENT ROW)"


@dataclass(frozen=True)
class Row:
    """Arguments of a function, each with its type."""

    types: tuple[str, ...]
    values: tuple[Any, ...]

    def sql(self) -> str:
        return ", ".join(map(sql, self.types, self.values))


@dataclass(frozen=True)
class Own:
    """An aggregate that the caller makes around a transition function of the library."""

    initial: bytes | None
    final: Function | None
    inverse: str | None


@dataclass(frozen=True)
class Call:
    """A call: of an aggregate over rows, each as often as `repeat` says."""

    function: Function
    rows: tuple[Row, ...]
    repeat: int = 1
    window: str = ""
    own: Own | None = None
    columns: tuple[str, ...] = ()
    variadic: bool = False

    def statement(self) -> str:
        """One or two statements, the last one with one text."""
        if self.function.returns_set:
            columns = f"({', '.join(self.columns)})" if self.function.needs_columns else ""
            call = f"{self.function.name}({self.rows[0].sql()})"
            return f"SELECT string_agg(r::text, ',') FROM {call} AS r{columns}"
        if not (self.function.is_aggregate or self.own):
            marked = "VARIADIC " if self.variadic else ""
            *before, last = list(map(sql, self.rows[0].types, self.rows[0].values)) or [""]
            return f"SELECT ({self.function.name}({', '.join([*before, marked + last])}))::text"
        return f"{self.created()}SELECT {self.aggregated()} FROM {self.source()}"

    def created(self) -> str:
        if self.own is None:
            return ""
        types = ", ".join(self.function.types[1:]) or "*"
        options = [f"SFUNC = {self.function.name}", "STYPE = bytea"]
        if self.own.initial is not None:
            options.append(f"INITCOND = '\\x{self.own.initial.hex()}'")
        if self.own.final:
            options.append(f"FINALFUNC = {self.own.final.name}")
        if self.own.inverse:
            options += [f"MSFUNC = {self.function.name}", f"MINVFUNC = {self.own.inverse}", "MSTYPE = bytea"]
        return f"CREATE AGGREGATE pg_temp.own({types}) ({', '.join(options)}); "

    @property
    def result(self) -> str:
        """The type of an aggregate's result."""
        if self.own is None:
            return self.function.result
        return self.own.final.result if self.own.final else "bytea"

    def aggregated(self) -> str:
        name = "pg_temp.own" if self.own else self.function.name
        arguments = ", ".join(f"a{number}" for number in range(len(self.rows[0].values))) or "*"
        value = f"{name}({arguments}) {self.window}"
        call = f"substr({value}, 1, {LOOKED_AT})::text" if self.result == "bytea" else f"({value})::text"
        return call if not self.window else f"string_agg(r, ',') FROM (SELECT {call} AS r"

    def source(self) -> str:
        if not self.rows[0].values:
            return f"generate_series(1, {self.repeat}) AS n{') AS w' if self.window else ''}"
        rows = ", ".join(f"({row.sql()})" for row in self.rows)
        names = ", ".join(f"a{number}" for number in range(len(self.rows[0].values)))
        source = f"(VALUES {rows}) AS v({names}), generate_series(1, {self.repeat}) AS n"
        return f"{source}) AS w" if self.window else source


@dataclass
class Writer:
    """Makes calls: the more of those that are like calls which did something new."""

    chance: random.Random
    maker: Maker
    functions: list[Function]
    kept: dict[Function, list[Call]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.finals = [
            f for f in self.functions if f.types == ("bytea",) and not f.is_aggregate and not f.returns_set
        ]
        self.inverses = [f.name for f in self.functions if f.name.endswith("_combine") and f.is_callable]
        self.callable = [f for f in self.functions if f.is_callable]

    def calls(self) -> Iterator[Call]:
        """Calls without end."""
        while True:
            function = self.chance.choice(self.callable)
            kept = self.kept[function]
            yield (
                self.altered(self.chance.choice(kept))
                if kept and self.chance.random() < 0.6
                else self.fresh(function)
            )

    def keep(self, call: Call) -> None:
        """Alter this call later on."""
        kept = self.kept[call.function]
        if len(kept) < KEPT:
            kept.append(call)
        else:
            kept[self.chance.randrange(KEPT)] = call

    def fresh(self, function: Function) -> Call:
        if function.is_aggregate or (function.is_transition and self.chance.random() < 0.9):
            return self.aggregate(function)
        columns = tuple(self.chance.sample(COLUMNS, self.chance.randrange(1, 4)))
        variadic = function.is_variadic and self.chance.random() < 0.05
        row = self.row(function, function.types)
        if variadic:
            values = (
                *row.values[: len(function.types) - 1],
                self.chance.choice([Raw("ARRAY[1.5, 2]"), Raw("NULL::text[]")]),
            )
            row = Row(row.types[: len(values)], values)
        return Call(function, (row,), columns=columns, variadic=variadic)

    def aggregate(self, function: Function) -> Call:
        own = None
        types = function.types
        if not function.is_aggregate:
            own = self.own(function)
            types = types[1:]
        first = self.row(function, types)
        rows = [first]
        for _ in range(self.chance.choice([0, 0, 1, 1, 2, 4])):
            same = tuple(
                value
                if isinstance(value, Raw) or self.chance.random() < 0.5
                else self.maker.fresh(type, function.name)
                for type, value in zip(first.types, first.values, strict=True)
            )
            rows.append(Row(first.types, same))
        window = (
            FRAME.format(self.chance.choice(["1 PRECEDING", "UNBOUNDED PRECEDING"]))
            if self.chance.random() < 0.1
            else ""
        )
        repeat = self.chance.choice([1, 1, 1, 2, 3, 5, 130]) if not window else 3
        return Call(function, tuple(rows), repeat, window, own)

    def own(self, function: Function) -> Own:
        finals = [final for final in self.finals if function.kernel in final.name] or self.finals
        return Own(
            self.maker.bytes_for(function.name) if self.chance.random() < 0.5 else None,
            self.chance.choice(finals if self.chance.random() < 0.9 else self.finals)
            if self.chance.random() < 0.6
            else None,
            self.chance.choice(self.inverses)
            if self.chance.random() < 0.1 and len(function.types) == 2
            else None,
        )

    def row(self, function: Function, types: tuple[str, ...]) -> Row:
        """Arguments that mostly go with each other, where it is known how."""
        names = function.names[len(function.types) - len(types) :]
        values = [
            self.value(function, type, names[n] if n < len(names) else "") for n, type in enumerate(types)
        ]
        if function.kernel in ONE_BY_ONE and self.chance.random() < 0.9:
            mixed = self.mixed(ONE_BY_ONE[function.kernel])
            return Row((*types, *types[-1:] * (len(mixed) - 1)), (*values[:-1], *mixed))
        if function.is_variadic:
            more = self.chance.choice(
                [0, FEATURES.get(function.kernel, 3) - 1, self.chance.choice([1, 7, 7, 97])]
            )
            types = (*types, *types[-1:] * more)
            known = function.kernel in FEATURES or function.kernel.endswith("moments")
            if known and self.chance.random() < 0.9:
                floats = [
                    Raw(sql("double precision", self.maker.fresh("double precision", "")))
                    for _ in range(more + 1)
                ]
                values = [*values[:-1], *floats]
            else:
                values += [Raw(self.chance.choice(ANY)) for _ in range(more)]
        return Row(types, tuple(values))

    def mixed(self, features: int) -> list[Any]:
        """Features of a row, one by one with any types, or as an array or a row of a table."""
        if self.chance.random() < 0.3:
            return [Raw(self.chance.choice(WHOLE))]
        number, word = self.chance.random() < 0.7, self.chance.random() < 0.7
        kinds = [NUMBERS if number else ANY] * (features - 1) + [WORDS if word else ANY]
        return [Raw(self.chance.choice(kind)) for kind in kinds]

    def value(self, function: Function, type: str, name: str) -> Any:
        if name == "store":
            return Raw(self.store())
        if name == "query":
            return self.chance.choice(QUERIES)
        if name == "kernel":
            return self.chance.choice([*PARAMETERS, "moments", "weighted_moments", "column_moments", "x"])
        if name == "model_id" and self.chance.random() < 0.9:
            return self.chance.randrange(1, 30)
        if type == "double precision[]" and self.chance.random() < 0.8:
            return self.numbers(function, name)
        if type == "double precision" and self.chance.random() < 0.5:
            return self.chance.choice([0, 1, 2, 0.5])
        return self.maker.fresh(type, function.name)

    def numbers(self, function: Function, name: str) -> Any:
        """The features of a row, or parameters of its kernel."""
        known = PARAMETERS.get(function.kernel)
        if name == "x" or known is None:
            length = FEATURES.get(function.kernel, 3)
            value: list[Any] = [self.chance.choice([0, 1, 2, 3, 0.5, -1, None]) for _ in range(length)]
        else:
            value = list(self.chance.choice(known))
        return (
            value
            if self.chance.random() < 0.5
            else self.maker.altered("double precision[]", value, function.name)
        )

    def store(self) -> str:
        groups = self.chance.choice([0, 0, 0, 1, 1, 2, -1, 5])
        if self.chance.random() < 0.05:
            return str(self.chance.choice([0, 1, -1, 2**31 - 1]))
        more = ""
        if self.chance.random() < 0.4:
            flags = [f"{name} => {self.chance.choice(['true', 'false'])}" for name in ("apart", "hashed")]
            beside, share = self.chance.choice([-1, 0, 1, 2, 3]), self.chance.choice([0, 0.5, 1])
            more = ", ".join(["", *flags, f"beside => {beside}", f"share => {share}"])
        return f"madlib.__store_fill({sql('text', self.chance.choice(QUERIES))}, {groups}{more})"

    def altered(self, call: Call) -> Call:
        """Return the call with one argument altered, or with another first state of its own aggregate."""
        if call.own and call.own.initial is not None and self.chance.random() < 0.5:
            return replace(call, own=replace(call.own, initial=self.maker.altered_bytes(call.own.initial)))
        at = self.chance.randrange(len(call.rows))
        row = call.rows[at]
        if not row.values:
            return call
        n = self.chance.randrange(len(row.values))
        if isinstance(row.values[n], Raw):
            value = (
                self.value(call.function, "integer", "store")
                if "__store" in row.values[n].text
                else row.values[n]
            )
        else:
            value = self.maker.altered(row.types[n], row.values[n], call.function.name)
        rows = [*call.rows]
        rows[at] = Row(row.types, (*row.values[:n], value, *row.values[n + 1 :]))
        return replace(
            call,
            rows=tuple(rows),
            repeat=call.repeat if self.chance.random() < 0.9 else self.chance.choice([1, 129]),
        )
