"""validate_skew and validate_drift: the rows of now against those of a training, or of another relation."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import quoted
from madpy.modules.projects.catalogue import Project, get_project
from madpy.modules.projects.monitoring import shifts
from madpy.modules.projects.monitoring.distributions import (
    analysed,
    column_of,
    levels_of,
    number_of,
    share_of_nulls,
)
from madpy.modules.projects.schema import own
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.records import Record


class Shift(Record):
    """Field for field the SQL type shift."""

    feature: str
    kind: str
    psi: float | None
    distance: float | None
    nulls: float
    nulls_before: float
    threshold: float
    distance_threshold: float
    verdict: str


class Limits(Record):
    """From where on a feature has changed."""

    index: float
    distance: float


@in_server("validate_skew", is_set=True, module="projects")
def validate_skew(
    db: Database,
    project_name: str | None,
    relation_name: str | None,
    threshold: float | None,
    distance_threshold: float | None,
) -> list[Shift]:
    """Compare the rows of a relation with those that the deployed model of a project was fitted on."""
    limits = _check_limits(threshold, distance_threshold)
    before = _analysis(db, _deployed(db, project_name))
    source = helper.check_source(db, relation_name, "relation_name")
    return _compared(source, before, limits)


@in_server("validate_drift", is_set=True, module="projects")
def validate_drift(
    db: Database,
    project_name: str | None,
    relation_name: str | None,
    baseline: str | None,
    threshold: float | None,
    distance_threshold: float | None,
) -> list[Shift]:
    """Compare the rows of a relation with those of another one, in the features of a project."""
    limits = _check_limits(threshold, distance_threshold)
    known = _analysis(db, _deployed(db, project_name))
    source = helper.check_source(db, relation_name, "relation_name")
    other = helper.check_source(db, baseline, "baseline")
    _check_columns(other, known)
    return _compared(source, [analysed(other, one) for one in known], limits)


def _check_limits(threshold: float | None, distance_threshold: float | None) -> Limits:
    return Limits(
        helper.check_range("threshold", threshold, 0),
        helper.check_range("distance_threshold", distance_threshold, 0, 1),
    )


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
    names = {column_of(source, one["name"])[0] for one in features}
    missing = [name for name in names if name not in source.columns]
    if missing:
        columns = "column" if len(missing) == 1 else "columns"
        raise MadpyError(
            f"table {quoted(source.name)} has no {columns} {', '.join(map(quoted, sorted(missing)))}",
            sqlstate="42703",
            hint="give a table with all features of the project",
        )


def _compared(source: Source, before: list[dict[str, Any]], limits: Limits) -> list[Shift]:
    _check_columns(source, before)
    source.db.progress("validate: reading")
    return [_shift(source, one, limits) for one in before]


def _shift(source: Source, before: Mapping[str, Any], limits: Limits) -> Shift:
    """Return how far a feature has moved."""
    total = before["count"] + before["nulls"]
    nulls_before = before["nulls"] / total if total else 0.0
    if before["kind"] == "number":
        nulls, index, distance = _number_shift(source, before)
    else:
        nulls, index, distance = _category_shift(source, before)
    word = (
        "unknown"
        if index is None or distance is None
        else shifts.verdict(index, limits.index, distance, limits.distance)
    )
    return Shift(
        before["name"],
        before["kind"],
        index,
        distance,
        nulls,
        nulls_before,
        limits.index,
        limits.distance,
        word,
    )


def _number_shift(source: Source, before: Mapping[str, Any]) -> tuple[float, float | None, float | None]:
    """Return the share of NULL, the population stability index and the distance of a number."""
    quantiles = before["quantiles"]
    if not quantiles:
        return share_of_nulls(source, column_of(source, before["name"])[1]), None, None
    cuts = sorted({*shifts.points(quantiles), *shifts.borders(quantiles)})
    rows = source.db.execute(
        """
        SELECT pg_catalog.width_bucket({item:q}, {cuts:l}) AS bucket, count(*) AS rows
        FROM {source:i} GROUP BY 1
        """,
        item=number_of(source, before["name"]),
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
    counts = levels_of(source, before["name"])
    nulls = counts.pop(None, 0)
    total = sum(counts.values())
    if not total or not before["count"]:
        return float(nulls > 0), None, None
    shares = shifts.of_levels(before["levels"], before["rest"], {str(k): v for k, v in counts.items()})
    return nulls / (nulls + total), shifts.stability(*shares), shifts.cramers_v(*shares)
