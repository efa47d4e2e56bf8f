"""The tables of a boosted model: a row for each round, and the summary with the packed models."""

from typing import Any, TypeVar

from madpy.helper.features.subject import Subject
from madpy.helper.tables.training import Training, create_summary_from
from madpy.modules.common.trees.packing import packed_model
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.sql import Relation, fill, free_name

COLUMNS = [
    ("round", "integer"),
    ("num_leaves", "integer"),
    ("depth", "integer"),
    ("loss", "double precision"),
    ("validation_loss", "double precision"),
]
OWN_COLUMNS = ["validation_rows", "gain_importance", "model"]
FIGURES = [
    "group_number", "rounds", "best", "num_leaves", "depth", "loss", "validation_loss", "held", "importance",
    "used", "skipped", "weight", "class_rows", "start",
]  # columns of __boost_groups  # fmt: skip

Trained = TypeVar("Trained", bound=Training)


def read_figures(scan: Scan) -> list[dict[str, Any]]:
    """Return what is known of each group's model: FIGURES."""
    return scan.db.execute(
        "SELECT * FROM {schema:i}.__boost_groups({store:l}) ORDER BY group_number", store=scan.store
    )


def create_rounds(scan: Scan, output: Relation) -> None:
    """Create the table with a row for each round, in the order of groups and rounds."""
    scan.db.execute(
        """
        CREATE TABLE {output:i} AS SELECT {groups:q} {columns:q}
        FROM {schema:i}.__boost_rounds({store:l}) AS t
             JOIN ({relation:q}) AS g ON g.{number:i} = t.group_number
        ORDER BY t.group_number, t.round
        """,
        output=output,
        groups="".join(fill("g.{c:i}, ", {"c": column}) for column in scan.rows.groups),
        columns=", ".join(f"t.{name}" for name, _ in COLUMNS),
        store=scan.store,
        relation=scan.group_relation(),
        number=scan.group,
    )


def create_summary(scan: Scan, summary: Relation, record: Trained, subject: Subject) -> Trained:
    """Create the summary: a row for each group, with its figures and its model."""
    groups = scan.rows.groups
    names = {name: fill("{n:i}", {"n": free_name(f"boost {name}", groups)}) for name in FIGURES}
    relation = fill(
        """
        (SELECT * FROM {schema:i}.__boost_groups({store:l}) AS f({names:q})
                  JOIN ({relation:q}) AS g ON g.{number:i} = f.{own:q}
         ORDER BY f.{own:q}) AS x
        """,
        {
            "schema": scan.db.schema,
            "store": scan.store,
            "names": ", ".join(names.values()),
            "relation": scan.group_relation(),
            "number": scan.group,
            "own": names["group_number"],
        },
    )
    computed = {name: names[name] for name in ("num_leaves", "depth", "loss", "validation_loss")}
    computed |= {
        "num_rounds": names["best"],
        "num_rows_processed": names["used"],
        "num_missing_rows_skipped": names["skipped"],
    }
    more = {
        "validation_rows": names["held"],
        "gain_importance": names["importance"],
        "model": packed_model(
            scan,
            "boost",
            names["group_number"],
            subject.header("gradient boosting"),
            subject.classes,
            subject.features.names,
            [feature.levels or [] for feature in subject.features.features],
        ),
    }
    return create_summary_from(scan.db, summary, record, relation, computed, groups, more)
