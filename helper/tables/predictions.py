"""Prediction over a whole table: one path for all methods; a record has what differs between them.

A model is a table with a row per group, and a way to make arguments of its row functions from the features of
a row of any source.  Nothing read from a model is executed: only names and values are used, and quoted.
"""

from collections.abc import Callable, Mapping
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.helper import NewTable
from madpy.helper.tables.models import (
    Columns,
    casts_between,
    check_made_by,
    groups_before,
    groups_item,
    no_model,
    order_of,
)
from madpy.helper.tables.training import stars
from madpy.ports.postgres.scan.scan import join_groups
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, free_name
from madpy.records import Record, field

PREDICTION, PROBABILITY = "prediction", "probability"
FEATURES = "features"
FEATURE_NAMES = "feature_names"  # a column of models of terms
JOINED = ""  # the entry of a score that is an item of FROM, joined to each row with all of its rows

# SQL of the columns that a prediction adds, by their names.
Score = dict[str, str]


class Model(Record):
    """A checked model: the part that all methods have in common; each kind of model is a subclass."""

    table: Source  # with a row per group, m in SQL
    groups: list[str]

    def vector(self, source: Source, features: str | None) -> str:
        """Return SQL of the features of a row of a source: as the caller wrote them, or those of training."""
        raise NotImplementedError

    def arguments(self, features: str) -> str:
        """Return SQL of the arguments of a row function, given SQL of a row's features."""
        raise NotImplementedError

    def call(self, function: str, arguments: str) -> str:
        """Return SQL of a call of a row function of the library."""
        holes = {"schema": self.table.db.schema, "function": function, "arguments": arguments}
        return fill("{schema:i}.{function:i}({arguments:q})", holes)

    def explain_nulls(self, job: "Job") -> None:
        """Warn of the reason for rows without a prediction, if the kind of model has one of its own."""


class Job(Record):
    """The model, source and output of a prediction, all checked."""

    model: Model
    source: Source
    output: NewTable
    casts: dict[str, str]  # a common type for each grouping column whose types differ in model and source
    vector: str  # SQL of the features of a row
    score: Callable[[Any, str], Score]

    def rows(self) -> tuple[str, str]:
        """Return SQL of a row's features, and an item of FROM: s, the source, joined with m, the models."""
        features = free_name(FEATURES, self.source.columns)
        model = fill("{m:i} AS m", {"m": self.model.table})
        rows = fill(
            "(SELECT *, {vector:q} AS {features:i} FROM {source:i}) AS s {model:q}",
            {
                "vector": self.vector,
                "features": features,
                "source": self.source,
                "model": join_groups(model, self.model.groups, "s", "m", "LEFT JOIN", self.casts),
            },
        )
        return fill("s.{f:i}", {"f": features}), rows


class Predictions(Record):
    """The result of a prediction over a table: field for field the SQL type predictions."""

    output_table: str
    num_rows: int
    num_null_predictions: int


class Method(Record):
    """A record of a method, from which its predictions follow, and its summary where its models are terms.

    `columns` distinguish its output tables from others; the first one follows the grouping columns.  `read`
    checks a model, given its output table.  `rows` returns the columns of a prediction, from the model and
    SQL of the arguments of row functions; `classes` does so for each class.  `terms` has the columns of the
    summary of terms, and the arrays of the model that they come from: of several names a model has one.
    """

    name: str  # name of the training function
    columns: Columns
    read: Callable[["Method", Source], Any]
    rows: Callable[[Any, str], Score]
    classes: Callable[[Any, str], Score] | None = None
    terms: Mapping[str, str | list[str]] = field(default_factory=dict)

    def predict(
        self,
        db: Database,
        model_table: str | None,
        source_table: str | None,
        output_table: str | None,
        features: str | None,
    ) -> Predictions:
        """Create `output_table`: the columns of the source, and what `rows` gives.

        These are NULL where the model has no such group, and where a row lacks features that the model needs.
        """
        return _count(self._create(self.rows, db, model_table, source_table, output_table, features))

    def predict_prob(
        self,
        db: Database,
        model_table: str | None,
        source_table: str | None,
        output_table: str | None,
        features: str | None,
    ) -> Predictions:
        """Create `output_table` with a row for each row of the source and each class."""
        assert self.classes is not None
        return _count(self._create(self.classes, db, model_table, source_table, output_table, features))

    def create_view(
        self,
        db: Database,
        model_table: str | None,
        source_table: str | None,
        view_name: str | None,
        features: str | None,
    ) -> str:
        """Create a view of the source with predictions, made as the view is read; return its full name."""
        made = (db, model_table, source_table, view_name, features)
        return self._create(self.rows, *made, what="view_name", kind="VIEW").output.full_name

    def summary(self, db: Database, output_table: str | None) -> list[dict[str, Any]]:
        """Return the terms of each group of a model, in the order of training; NULL for aliased ones."""
        model = helper.check_model_table(db, output_table, "output_table")
        types = check_made_by(model, self.name, {**self.columns, FEATURE_NAMES: "text[]"})
        groups = groups_before(model, next(iter(self.columns)))
        arrays = self._arrays(model, {name: types[name] for name in types if name not in groups})
        rows = db.execute(
            """
            SELECT {groups:q} AS groups, t.term, {figures:q}
            FROM {model:i} AS m, unnest({arrays:q}) WITH ORDINALITY AS t(term, {names:q}, n)
            ORDER BY {order:q} t.n
            """,
            groups=groups_item(model, groups, "m"),
            figures=", ".join(fill("t.{n:i}", {"n": name}) for name in self.terms),
            model=model,
            arrays=", ".join(fill("m.{n:i}", {"n": name}) for name in [FEATURE_NAMES, *arrays]),
            names=", ".join(fill("{n:i}", {"n": name}) for name in self.terms),
            order=order_of(model, groups, "m"),
        )
        return [{**row, "signif": stars(row["p_value"])} for row in rows]

    def _arrays(self, model: Source, types: Mapping[str, str]) -> list[str]:
        """Return the column of the model that each of the `terms` comes from, given the types of columns."""
        arrays = []
        for names in self.terms.values():
            wanted = [names] if isinstance(names, str) else names
            there = [name for name in wanted if types.get(name) == "double precision[]"]
            if not there:
                raise no_model(model, self.name)
            arrays.append(there[0])
        return arrays

    def _create(
        self,
        score: Callable[[Any, str], Score],
        db: Database,
        model_table: str | None,
        source_table: str | None,
        output_table: str | None,
        features: str | None,
        what: str = "output_table",
        kind: str = "TABLE",
    ) -> Job:
        table, source, output = helper.check_tables_of_prediction(
            db, model_table, source_table, output_table, what,
            lambda table: check_made_by(table, self.name, self.columns),
        )  # fmt: skip
        model = self.read(self, table)
        _check_columns(model, source, [name for name in score(model, "") if name != JOINED])
        job = Job(
            model,
            source,
            output,
            casts_between(model.table, model.groups, source),
            model.vector(source, features),
            score,
        )
        _check_one_each(model)
        _create(job, kind)
        return job


def check_free(source: Source, adds: list[str]) -> None:
    """Check that a source has no columns of the names that a prediction adds."""
    for name in adds:
        if name in source.columns:
            raise MadpyError(
                f'table "{source.name}" has a column "{name}" already',
                sqlstate="42701",
                hint="rename it, or predict from a view without it",
            )


def _check_columns(model: Model, source: Source, adds: list[str]) -> None:
    check_free(source, adds)
    for group in model.groups:
        if group not in source.columns:
            raise MadpyError(
                f'table "{source.name}" has no column "{group}"',
                sqlstate="42703",
                hint=f"add the grouping columns of the model: {', '.join(model.groups)}",
            )


def _check_one_each(model: Model) -> None:
    """Raise an error for two models of one group, which would predict a row twice: the table was changed."""
    several = model.table.db.execute(
        "SELECT FROM {model:i} {by:q} HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1",
        model=model.table,
        by=fill("GROUP BY {g:i,}", {"g": model.groups}).rstrip(", ") if model.groups else "",
    )
    if several:
        raise MadpyError(
            f"table {quoted(model.table.name)} has several models" + " for one group" * bool(model.groups),
            sqlstate="21000",
            hint="train the model again",
        )


def _create(job: Job, kind: str) -> None:
    """Create the output, a TABLE or a VIEW: the columns of the source, then those of the score."""
    features, rows = job.rows()
    adds = job.score(job.model, job.model.arguments(features))
    beside = adds.pop(JOINED, None)
    job.source.db.execute(
        """
        CREATE {kind:q} {output:i} AS
        SELECT {columns:q} {scored:q} FROM {rows:q} {beside:q}
        """,
        kind=kind,
        output=job.output,
        columns="".join(fill("s.{c:i}, ", {"c": column}) for column in job.source.columns),
        scored=", ".join(fill("{i:q} AS {n:i}", {"i": item, "n": name}) for name, item in adds.items()),
        rows=rows,
        beside=f"LEFT JOIN LATERAL {beside} ON true" if beside else "",
    )


def _count(job: Job) -> Predictions:
    """Return the number of rows, and of those without a prediction: NULL in the score's first column."""
    first = next(name for name in job.score(job.model, "") if name != JOINED)
    counted = count_predictions(job.source.db, job.output, first)
    if counted.num_null_predictions:
        job.model.explain_nulls(job)
    return counted


def count_predictions(db: Database, output: NewTable, column: str = PREDICTION) -> Predictions:
    """Return the number of rows of a table, and of those where a column is NULL."""
    counted = db.execute(
        """
        SELECT pg_catalog.count(*) AS all, pg_catalog.count(*) FILTER (WHERE {p:i} IS NULL) AS nulls
        FROM {output:i}
        """,
        p=column,
        output=output,
    )[0]
    return Predictions(output.full_name, counted["all"], counted["nulls"])
