"""validate_skew and validate_drift: the rows of now against those of a training, or of another relation."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.catalogue import Project, get_project
from madpy.modules.projects.monitoring import shifts
from madpy.modules.projects.schema import own
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import identifier
from madpy.ports.postgres.session.types import TIMES, text_item
from madpy.records import Record

MOST_LEVELS = 200


class Shift(Record):
    """Field for field the SQL type shift."""

    feature: str
    kind: str
    psi: float | None
    distance: float | None
    nulls: float
    nulls_before: float
    threshold: float
    verdict: str


@in_server("validate_skew", is_set=True, module="projects")
def validate_skew(
    db: Database, project_name: str | None, relation_name: str | None, threshold: float | None
) -> list[Shift]:
    """Compare the rows of a relation with those that the deployed model of a project was fitted on."""
    limit = helper.check_range("threshold", threshold, 0)
    before = _analysis(db, _deployed(db, project_name))
    source = helper.check_source(db, relation_name, "relation_name")
    return _compared(source, before, limit)


@in_server("validate_drift", is_set=True, module="projects")
def validate_drift(
    db: Database,
    project_name: str | None,
    relation_name: str | None,
    baseline: str | None,
    threshold: float | None,
) -> list[Shift]:
    """Compare the rows of a relation with those of another one, in the features of a project."""
    limit = helper.check_range("threshold", threshold, 0)
    known = _analysis(db, _deployed(db, project_name))
    source = helper.check_source(db, relation_name, "relation_name")
    other = helper.check_source(db, baseline, "baseline")
    _check_columns(other, known)
    return _compared(source, [_analysed(other, one) for one in known], limit)


def _deployed(db: Database, project_name: str | None) -> Project:
    project = get_project(db, str(helper.check_not_null("project_name", project_name)))
    if project.deployed_model is None:
        raise MadpyError(
            f"no model of project {quoted(project.name)} is deployed", hint="train one, or call deploy"
        )
    return project


def _analysis(db: Database, project: Project) -> list[dict[str, Any]]:
    """Return the analysis of the features that the deployed model was fitted on."""
    rows = db.execute(
        """
        SELECT (s.columns -> 'features')::text AS features
        FROM {own:i}.models AS m JOIN {own:i}.snapshots AS s ON s.id = m.snapshot_id
        WHERE m.id = {id:l}
        """,
        own=own(db),
        id=project.deployed_model,
    )
    analysis: list[dict[str, Any]] = json.loads(rows[0]["features"] or "[]") if rows else []
    if not analysis:
        raise MadpyError(
            f"nothing is known of the rows of model {project.deployed_model}",
            hint="compare with a table: validate_drift",
        )
    return analysis


def _check_columns(source: Source, features: Sequence[Mapping[str, Any]]) -> None:
    names = {_column(source, one["name"])[0] for one in features}
    missing = [name for name in names if name not in source.columns]
    if missing:
        raise MadpyError(
            f"table {quoted(source.name)} has no column {', '.join(map(quoted, sorted(missing)))}",
            sqlstate="42703",
            hint="give a table with all features of the project",
        )


def _column(source: Source, feature: str) -> tuple[str, str]:
    """Return the column of a feature and SQL of its value: image[3] is an element of the array image."""
    if feature in source.columns or not feature.endswith("]"):
        return feature, identifier(feature)
    column, _, place = feature.removesuffix("]").rpartition("[")
    return column, f"{identifier(column)}[{int(place)}]"


def _number(source: Source, feature: str) -> str:
    """Return SQL of a number as models see it: times are seconds since 1970, false and true 0 and 1."""
    column, item = _column(source, feature)
    base = source.columns[column].base
    if base in TIMES:
        return f"pg_catalog.date_part('epoch', {item})"
    return f"({item})::integer::double precision" if base == "boolean" else f"({item})::double precision"


def _compared(source: Source, before: list[dict[str, Any]], threshold: float) -> list[Shift]:
    _check_columns(source, before)
    source.db.progress("validate: reading")
    return [_shift(source, one, threshold) for one in before]


def _shift(source: Source, before: Mapping[str, Any], threshold: float) -> Shift:
    """Return how far a feature has moved."""
    total = before["count"] + before["nulls"]
    nulls_before = before["nulls"] / total if total else 0.0
    if before["kind"] == "number":
        nulls, index, distance = _number_shift(source, before)
    else:
        nulls, index, distance = _category_shift(source, before)
    word = "unknown" if index is None else shifts.verdict(index, threshold)
    return Shift(before["name"], before["kind"], index, distance, nulls, nulls_before, threshold, word)


def _number_shift(source: Source, before: Mapping[str, Any]) -> tuple[float, float | None, float | None]:
    """Return the share of NULL, the population stability index and the distance of a number."""
    quantiles = before["quantiles"]
    if not quantiles:
        return _nulls(source, _column(source, before["name"])[1]), None, None
    cuts = sorted({*shifts.points(quantiles), *shifts.borders(quantiles)})
    rows = source.db.execute(
        """
        SELECT pg_catalog.width_bucket({item:q}, {cuts:l}) AS bucket, count(*) AS rows
        FROM {source:i} GROUP BY 1
        """,
        item=_number(source, before["name"]),
        cuts=cuts,
        source=source,
    )
    counts = {row["bucket"]: int(row["rows"]) for row in rows}
    nulls = counts.pop(None, 0)
    total = sum(counts.values())
    if not total:
        return float(nulls > 0), None, None
    below, now = 0, {}
    for place, cut in enumerate(cuts):
        below += counts.get(place, 0)
        now[cut] = below / total
    ends = shifts.borders(quantiles)
    index = shifts.stability(
        shifts.in_bins([shifts.share_below(quantiles, end) for end in ends]),
        shifts.in_bins([now[end] for end in ends]),
    )
    distance = shifts.largest_gap([shifts.share_below(quantiles, cut) for cut in cuts], list(now.values()))
    return nulls / (nulls + total), index, distance


def _category_shift(source: Source, before: Mapping[str, Any]) -> tuple[float, float | None, float | None]:
    """Return the share of NULL, the population stability index and the distance of a category."""
    counts = _levels(source, before["name"])
    nulls = counts.pop(None, 0)
    total = sum(counts.values())
    if not total or not before["count"]:
        return float(nulls > 0), None, None
    shares = shifts.of_levels(before["levels"], before["rest"], {str(k): v for k, v in counts.items()})
    return nulls / (nulls + total), shifts.stability(*shares), shifts.total_variation(*shares)


def _levels(source: Source, feature: str) -> dict[str | None, int]:
    """Return the rows of each level, of the commonest ones where there are many, the commonest first."""
    column, item = _column(source, feature)
    rows = source.db.execute(
        "SELECT {item:q} AS level, count(*) AS rows FROM {source:i} GROUP BY 1 ORDER BY 2 DESC LIMIT 10000",
        item=text_item(item, source.columns[column].base),
        source=source,
    )
    return {row["level"]: int(row["rows"]) for row in rows}


def _nulls(source: Source, item: str) -> float:
    row = source.db.execute(
        "SELECT count(*) AS rows, count({item:q}) AS there FROM {source:i}", item=item, source=source
    )[0]
    return 1 - row["there"] / row["rows"] if row["rows"] else 0.0


def _analysed(source: Source, like: Mapping[str, Any]) -> dict[str, Any]:
    """Return the analysis of a column of a relation, of the kind of another analysis."""
    name = like["name"]
    if like["kind"] == "category":
        counts = _levels(source, name)
        nulls = counts.pop(None, 0)
        first = dict(list(counts.items())[:MOST_LEVELS])
        total = sum(counts.values())
        rest = total - sum(first.values())
        return {
            "name": name,
            "kind": "category",
            "count": total,
            "nulls": nulls,
            "levels": first,
            "rest": rest,
        }
    row = source.db.execute(
        """
        SELECT count(*) AS rows, count(x) AS there,
               pg_catalog.percentile_disc({shares:l}) WITHIN GROUP (ORDER BY x) AS quantiles
        FROM (SELECT {item:q} AS x FROM {source:i}) AS one
        """,
        shares=[n / 100 for n in range(101)],
        item=_number(source, name),
        source=source,
    )[0]
    there = int(row["there"])
    quantiles = row["quantiles"] if there else None
    return {
        "name": name,
        "kind": "number",
        "count": there,
        "nulls": row["rows"] - there,
        "quantiles": quantiles,
    }
