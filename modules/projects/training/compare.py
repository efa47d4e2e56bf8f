"""The fits of a training: sk_compare, called by SQL, and what it wrote."""

import json
from typing import Any

from madpy.errors import SqlError
from madpy.helper.tables.training import SUMMARY
from madpy.modules.projects.training.plan import Plan
from madpy.modules.projects.training.split import Counted
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation, identifier
from madpy.records import Record

TABLE = "madpy_candidates"
JSON = ("hyperparams", "preprocess", "metrics", "train_metrics", "folds", "details", "warnings", "rungs")
FIELDS = (
    "candidate",
    "algorithm",
    "status",
    "error",
    "score",
    "score_deviation",
    "seconds",
    "num_rows_processed",
)


class Compared(Record):
    """The answer of sk_compare: a row for each candidate; its model stays in a temporary table."""

    rows: list[dict[str, Any]]
    best_number: int
    metric: str
    columns: dict[str, Any] | None
    table: Relation
    counted: Counted

    @property
    def best(self) -> dict[str, Any]:
        return next(row for row in self.rows if row["candidate"] == self.best_number)


def drop_compared(db: Database, compared: Compared) -> None:
    """Drop the table of candidates and its summary."""
    db.execute(
        "DROP TABLE {table:i}, {summary:i}",
        table=compared.table,
        summary=Relation(compared.table.schema, compared.table.name + SUMMARY),
    )


def compare(plan: Plan) -> Compared:
    """Have all candidates fitted and scored on the same rows."""
    source, wanted = plan.source, plan.wanted
    db = source.db
    split = plan.split
    column = identifier(split.column) if split.column is not None and wanted.folds else None
    by_hash = plan.holdout is not None and split.sampling == "random"
    table = Relation("pg_temp", TABLE)
    record = _called(
        db,
        """
        SELECT best_candidate, metric, columns::text AS columns, num_rows, num_holdout_rows, hash_sum
        FROM {schema:i}.sk_compare(
            {source:l}, {table:l}, {target:l}, {features:l}, {candidates:l}::jsonb, task => {task:l},
            holdout => {holdout:l}, folds => {folds:l}, fold_groups => {groups:l}, fold_order => {order:l},
            metric => {metric:l}, halving => {halving:l}, time_limit => {limit:l}, seed => {seed:l},
            keep => 'best', row_hash => {hash:l}, holdout_share => {share:l})
        """,
        source=str(source),
        table=str(table),
        target=", ".join(map(identifier, split.targets)) or None,
        features=", ".join(map(identifier, plan.features)),
        candidates=json.dumps(wanted.candidates),
        task=plan.task,
        holdout=None if by_hash else plan.holdout,
        hash=split.hash_item(source),
        share=split.share if by_hash else None,
        folds=wanted.folds,
        groups=column if split.sampling == "group" else None,
        order=column if split.sampling == "last" else None,
        metric=plan.metric,
        halving=wanted.halving,
        limit=plan.limit,
        seed=split.seed,
    )
    texts = ", ".join(f"{name}::text AS {name}" for name in JSON)
    rows = db.execute(
        "SELECT {names:q}, {texts:q} FROM {table:i} ORDER BY candidate",
        names=", ".join(FIELDS),
        texts=texts,
        table=table,
    )
    for row in rows:
        row.update({name: json.loads(row[name]) if row[name] else None for name in JSON})
    columns = json.loads(record["columns"]) if record["columns"] else None
    counted = Counted(record["num_rows"], record["num_holdout_rows"], record["hash_sum"])
    return Compared(rows, record["best_candidate"], record["metric"], columns, table, counted)


def _called(db: Database, sql: str, **holes: Any) -> dict[str, Any]:
    """Return the record of sk_compare; its errors are those of train."""
    try:
        return db.execute(sql, **holes)[0]
    except SqlError as error:
        message = error.message.removeprefix("sk_compare: ")
        error.message = message.replace("fold_groups", "test_column").replace("fold_order", "test_column")
        raise
