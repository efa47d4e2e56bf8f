"""Checks of the arguments of k-means, and of the tables that it reads."""

import random

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name, quoted
from madpy.helper.checks.expressions import check_once
from madpy.helper.features.terms import Term, Terms, check_terms, has_weight, level_item, level_items
from madpy.modules.kmeans.core import METRICS
from madpy.modules.kmeans.layout import params_size
from madpy.ports.postgres.layouts.kernel import MAX_PARAMS
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.records import Record

INITS = ("kmeans++", "kmeans||", "random")
CENTROIDS = "centroid"  # the column of a table of centroids
CLUSTER = "cluster_id"
MAX_SEED = 2**53  # the kernels take it as a double
# Columns of a model, and their types; the size is a sum of weights where there were some.
MODEL = {CLUSTER: ["integer"], CENTROIDS: ["double precision[]"], "size": ["bigint", "double precision"]}


class Settings(Record):
    """The checked arguments that say how to cluster; k is 0 until a table of centroids has been read."""

    k: int  # 0: as many as `table` has centroids
    init: str  # the argument
    table: Source | None  # table of the first centroids
    max_iter: int
    tolerance: float
    seed: int
    distance: str

    @property
    def description(self) -> str:
        k = f"k = {self.k}, " if self.k else ""
        return (
            f"{k}init {self.init}, {self.distance}, max_iter {self.max_iter}, tolerance {self.tolerance:g},"
            f" seed {self.seed}"
        )


def check_init(db: Database, init: str | None) -> Source | None:
    """Return the table of centroids that `init` names; None if it is one of INITS."""
    word: str = helper.check_not_null("init", init)
    if word in INITS:
        return None
    hint = f"choose {', '.join(INITS)}, or a table with a column {CENTROIDS}"
    if parse_name(word) is None:
        raise MadpyError(f"init: unknown value {quoted(word)}", hint=hint)
    try:
        table = helper.check_model_table(db, word, "init")
    except MadpyError as error:
        if error.sqlstate != "42P01":
            raise
        raise MadpyError(f"init: {error.message}", sqlstate=error.sqlstate, hint=hint) from None
    if table.types.get(CENTROIDS) != "double precision[]":
        raise MadpyError(
            f"init: table {quoted(table.name)} has no column {CENTROIDS} of type double precision[]",
            sqlstate="42703",
            hint="give a model of kmeans_train, or another table with such a column",
        )
    return table


def check_settings(
    k: int | None,
    init: str,
    table: Source | None,
    max_iter: int | None,
    tolerance: float | None,
    seed: int | None,
    distance: str | None,
) -> Settings:
    """Check the numbers and words among the arguments; with a table of centroids k may be NULL."""
    if k is None and table is None:
        raise MadpyError("k must not be null", sqlstate="22004", hint="give the number of clusters")
    return Settings(
        0 if table is not None and k is None else int(helper.check_range("k", k, 1)),
        init,
        table,
        int(helper.check_range("max_iter", max_iter, 1)),
        float(helper.check_range("tolerance", tolerance, 0)),
        check_seed(seed),
        helper.check_choice("distance", distance, METRICS),
    )


def check_seed(seed: int | None) -> int:
    """Return the seed, or a random one for NULL, which the summary records."""
    if seed is None:
        return random.SystemRandom().randrange(MAX_SEED)
    if not 0 <= seed <= MAX_SEED:
        raise MadpyError(f"seed must be between 0 and {MAX_SEED}, not {seed}")
    return seed


def check_size(k: int, d: int, scalars: int) -> None:
    """Raise an error if k centroids of d numbers exceed a kernel's parameters; scalars: 1 with weights."""
    if d > 0 and params_size(k, d, scalars) > MAX_PARAMS:
        raise MadpyError(
            f"k = {k} is too large for {d} features",
            sqlstate="54000",
            hint=f"give a smaller k: the largest is {(MAX_PARAMS - params_size(0, d, scalars)) // d}",
        )


def check_points(
    source: Source, features: str | None, model: Terms | None = None, weights: str | None = None
) -> Terms:
    """Return features as coordinates: without an intercept, with a 0 or 1 for each level of a text column."""
    used = has_weight(weights)
    terms = check_terms(source, features, model=model, conditions=used)
    if terms.is_vector:
        return terms
    repeated = [term for n, term in enumerate(terms.terms) if term in terms.terms[:n]]
    if repeated:
        check_once([repeated[0].column or repeated[0].name] * 2, "features")
    coordinates: list[tuple[Term, str]] = []
    missing = dict(terms.references)
    types = source.base_types
    for term, item in zip(terms.terms, terms.items, strict=True):
        if term.column in missing:
            coordinates.append(_level(term.column, types[term.column], missing.pop(term.column)))
        if term.kind != "intercept":
            coordinates.append((term, item))
    for column, level in missing.items():  # a row with any other value is left out
        term, _ = _level(column, types[column], level)
        coordinates.append((term, level_items(column, types[column], level, [level])[0]))
    return Terms(
        [term for term, _ in coordinates], [item for _, item in coordinates], False, terms.references
    )


def _level(column: str, sql_type: str, level: str) -> tuple[Term, str]:
    return Term(f"{column}={level}", "level", column, level), level_item(column, sql_type, level)
