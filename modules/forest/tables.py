"""The tables of a forest: a row for each tree, and the summary with the packed models."""

from typing import Any, TypeVar

from madpy.helper.features.subject import Subject
from madpy.helper.tables.training import Training, create_summary_from
from madpy.modules.common.trees.packing import packed_model
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.sql import Relation, fill, free_name

COLUMNS = [
    ("tree", "integer"),
    ("num_rows", "bigint"),
    ("num_nodes", "integer"),
    ("num_leaves", "integer"),
    ("depth", "integer"),
    ("oob_rows", "bigint"),
    ("oob_error", "double precision"),
]
WEIGHTED = ["num_rows", "oob_rows"]  # sums of weights where there are weights
OWN_COLUMNS = ["oob_rows", "impurity_importance", "permutation_importance", "model"]
FIGURES = [
    "group_number", "num_nodes", "num_leaves", "depth", "oob_rows", "oob_error", "oob_r2", "importance",
    "permutation", "used", "skipped", "weight", "class_rows",
]  # columns of __forest_groups  # fmt: skip

Trained = TypeVar("Trained", bound=Training)


def read_figures(scan: Scan) -> list[dict[str, Any]]:
    """Return what is known of each group's forest: FIGURES."""
    return scan.db.execute(
        "SELECT * FROM {schema:i}.__forest_groups({store:l}) ORDER BY group_number", store=scan.store
    )


def create_trees(scan: Scan, output: Relation, subject: Subject) -> None:
    """Create the table with a row for each tree, in the order of groups and trees."""
    kind = "double precision" if subject.is_weighted else "bigint"
    scan.db.execute(
        """
        CREATE TABLE {output:i} AS SELECT {groups:q} {columns:q}
        FROM {schema:i}.__forest_trees({store:l}) AS t
             JOIN ({relation:q}) AS g ON g.{number:i} = t.group_number
        ORDER BY t.group_number, t.tree
        """,
        output=output,
        groups="".join(fill("g.{c:i}, ", {"c": column}) for column in scan.rows.groups),
        columns=", ".join(
            f"t.{name}::{kind if name in WEIGHTED else sql_type} AS {name}" for name, sql_type in COLUMNS
        ),
        store=scan.store,
        relation=scan.group_relation(),
        number=scan.group,
    )


def create_summary(scan: Scan, summary: Relation, record: Trained, subject: Subject) -> Trained:
    """Create the summary: a row for each group, with its figures and its model."""
    groups = scan.rows.groups
    names = {name: fill("{n:i}", {"n": free_name(f"forest {name}", groups)}) for name in FIGURES}
    kind = "double precision" if subject.is_weighted else "bigint"
    relation = fill(
        """
        (SELECT * FROM {schema:i}.__forest_groups({store:l}) AS f({names:q})
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
    computed = {name: names[name] for name in ("num_nodes", "num_leaves", "depth", "oob_error")}
    computed |= {"num_rows_processed": names["used"], "num_missing_rows_skipped": names["skipped"]}
    if not subject.classes:
        computed["oob_r2"] = names["oob_r2"]
    more = {
        "oob_rows": f"{names['oob_rows']}::{kind}",
        "impurity_importance": names["importance"],
        "permutation_importance": names["permutation"],
        "model": packed_model(
            scan,
            "forest",
            names["group_number"],
            subject.header("random forest"),
            subject.classes,
            subject.features.names,
            [feature.levels or [] for feature in subject.features.features],
        ),
    }
    return create_summary_from(scan.db, summary, record, relation, computed, groups, more)
