"""Importance of the features of a model table: coefficients, gains of splits, or permuted columns."""

from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.helper.tables.models import casts_between, check_made_by
from madpy.modules.projects.evaluation.own_figures import (
    DETAILS,
    METHODS,
    Row,
    in_order,
    no_figures,
    rows_of_details,
)
from madpy.modules.projects.evaluation.permutation import (
    Permuted,
    Sample,
    decreases,
    permuted_columns,
    sample_rows,
    score_of,
)
from madpy.modules.projects.evaluation.predicted import read_rows, target_items
from madpy.modules.projects.evaluation.queries import SUPERVISED
from madpy.modules.projects.evaluation.tables import PREDICTED, of_table
from madpy.modules.projects.tables.features import columns_of_features
from madpy.modules.projects.tables.found import ModelTable, find_table
from madpy.modules.projects.tables.linear import LINEAR, read_linear
from madpy.ports.postgres.scan.scan import join_groups
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill, free_name

SEED = 0


def table_importances(
    db: Database,
    name: str,
    method: str | None,
    relation: str | None,
    y_column_name: str | None,
    features: str | None,
) -> list[Row]:
    """Return a row for each feature of a model table, the most important first.

    An importance is an absolute coefficient times the standard deviation of its term over the relation; the
    share of a feature in the gain of all splits; or the decrease of r2 or accuracy where the column is
    permuted, for clusters the share of rows that are in another one.  With groups the first two are means
    over the groups.
    """
    chosen = helper.check_choice("method", method, METHODS)
    model = find_table(db, name)
    known = _own_figures(db, model)
    if chosen == "auto":
        chosen = next((one for one, rows in known.items() if rows is None or rows), "permutation")
    own = known.get(chosen, [])
    if own:
        return in_order(own, chosen)
    if own is not None and chosen != "permutation":
        raise no_figures(chosen)
    if relation is None:
        raise MadpyError(
            f"the importance of features by {chosen} needs rows", hint="give a relation, as evaluate takes it"
        )
    source = helper.check_source(db, relation, "relation")
    db.progress("importance: reading")
    if chosen == "coefficients":
        return in_order(_coefficients(db, model, source, features), chosen)
    return in_order(_permuted(db, model, source, y_column_name, features), chosen)


def _own_figures(db: Database, model: ModelTable) -> dict[str, list[Row] | None]:
    """Return figures that the tables of a model have, by method; None for those that need rows as well."""
    if model.method in LINEAR:
        return {"coefficients": None}
    if model.method == "dtree":
        return {"impurity": _impurity(db, model)}
    return {one: _details(model, name) for one, name in DETAILS.items()} if model.method == "sk" else {}


def _details(model: ModelTable, name: str) -> list[Row]:
    """Return figures of the fits of sk_train; none where they have none."""
    check_made_by(model.table, "sk_train", {"details": "jsonb"})
    rows = model.table.db.execute(
        "SELECT (details OPERATOR(pg_catalog.->) {name:l})::text AS figures FROM {table:i}"
        " WHERE model IS NOT NULL",
        name=name,
        table=model.table,
    )
    return rows_of_details([row["figures"] for row in rows])


def _impurity(db: Database, model: ModelTable) -> list[Row]:
    return db.execute(
        """
        SELECT feature, pg_catalog.avg(importance) AS importance, NULL::float8 AS deviation
        FROM {schema:i}.dtree_importance({table:l}) GROUP BY feature
        """,
        schema=db.schema,
        table=str(model.table),
    )


def _coefficients(db: Database, model: ModelTable, source: Source, features: str | None) -> list[Row]:
    """Return an absolute coefficient times the deviation of its term, for all terms that vary."""
    linear = read_linear(model)
    vector = free_name("madpy_vector", source.columns)
    rows = db.execute(
        """
        SELECT f.n, pg_catalog.sum(f.num_rows * f.size) / pg_catalog.sum(f.num_rows) AS importance
        FROM (
            SELECT t.n, pg_catalog.count(*) AS num_rows,
                   pg_catalog.abs(m.coef[t.n]) * pg_catalog.stddev_pop(t.x) AS size
            FROM (SELECT *, {items:q} AS {vector:i} FROM {source:i}) AS s {models:q},
                 pg_catalog.unnest(s.{vector:i}) WITH ORDINALITY AS t(x, n)
            WHERE m.coef[t.n] IS NOT NULL
            GROUP BY t.n, m.tableoid, m.ctid, m.coef[t.n]
        ) AS f GROUP BY f.n
        """,
        items=linear.vector(source, features),
        vector=vector,
        source=source,
        models=join_groups(
            fill("{m:i} AS m", {"m": model.table}),
            linear.groups,
            "s",
            "m",
            "JOIN",
            casts_between(model.table, linear.groups, source),
        ),
    )
    sizes = {row["n"]: row["importance"] for row in rows}
    return [
        {"feature": term.name, "importance": sizes[n], "deviation": None}
        for n, term in enumerate(linear.terms.terms, 1)
        if sizes.get(n) is not None and not term.is_constant
    ]


def _permuted(
    db: Database, model: ModelTable, source: Source, given: str | None, features: str | None
) -> list[Row]:
    """Return the decrease of the score for each column that the model reads and that is permuted.

    The score of clusters is the share of rows that are in the cluster of the row as it is.  Where a feature
    is an expression, all columns are permuted that decide no group, and those that change no prediction are
    left out.
    """
    truth: list[str] = []
    if model.task in SUPERVISED:
        truth = target_items(source, given, model.trained_target, model.task == "classification")
    targets = [free_name(f"madpy_target_{n}", source.columns) for n in range(1, max(2, len(truth) + 1))]
    columns = _columns(model, source)
    sample = sample_rows(
        db, source, [one.column for one in columns], None, dict(zip(targets, truth, strict=False))
    )
    if model.task not in SUPERVISED:
        sample = _with_clusters(db, model, sample, features, targets[0])

    def score(query: str | None) -> float:
        rows = sample.rows
        if query is not None:
            table = db.temporary_table("madpy_exchanged", query)
            rows = Source(table.schema, table.name, db)
        names = ", ".join(fill("{name:i}", {"name": name}) for name in targets)
        subject = of_table(db, model, rows, names, features, with_shares=False)
        result = score_of(model.task, read_rows(db, subject.query, subject.labels, subject.class_type))
        db.drop_temporary(PREDICTED)
        if query is not None:
            db.drop_temporary(rows)
        return result

    rows = decreases(db, sample, columns, SEED, score)
    is_whole = columns_of_features(model) is not None
    return [row for row in rows if is_whole or row["importance"] or row["deviation"]]


def _with_clusters(
    db: Database, model: ModelTable, sample: Sample, features: str | None, target: str
) -> Sample:
    """Return a sample with the cluster of each row in a further column, `target`."""
    of_table(db, model, sample.rows, None, features, with_shares=False)
    table = db.temporary_table(
        "madpy_clusters",
        fill(
            "SELECT {columns:q} cluster_id AS {target:i} FROM {predicted:i}",
            {
                "columns": "".join(fill("{name:i}, ", {"name": name}) for name in sample.rows.columns),
                "target": target,
                "predicted": PREDICTED,
            },
        ),
    )
    db.drop_temporary(PREDICTED)
    return Sample(Source(table.schema, table.name, db), sample.number)


def _columns(model: ModelTable, source: Source) -> list[Permuted]:
    """Return the columns to permute: those of the features, or all but the grouping columns."""
    names: Sequence[str] | None = columns_of_features(model)
    if names is not None:
        return permuted_columns(source, names)
    groups = model.groups
    columns = [Permuted(name, name) for name in source.columns if name not in groups]
    if not columns:
        raise MadpyError(f"table {quoted(source.name)} has no column", hint="give another relation")
    return columns
