"""logregr_train: check the arguments, iterate over the rows, write the model and its summary."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from madpy.errors import SqlError
from madpy.helper import helper
from madpy.helper.checks.reasons import explained
from madpy.helper.features.terms import Terms, check_terms
from madpy.helper.tables.output import Column, Derived, Lists, Pieces, create_output
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.logregr import core
from madpy.modules.logregr.check import METHOD, OPTIMIZERS, check_design, check_rows, warn
from madpy.modules.logregr.predict import predict
from madpy.modules.logregr.summary import summary
from madpy.modules.logregr.target import Target, check_target
from madpy.ports.postgres.scan.moments import raw_moments
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.session.db import Database, Relation

__all__ = ["predict", "summary", "train"]

NUMBERS = "double precision[]"
AT_ONCE = 300_000  # numbers of the matrices of one step
COLUMNS = (
    ("coef", NUMBERS),
    ("log_likelihood", "double precision"),
    ("std_err", NUMBERS),
    ("z_stats", NUMBERS),
    ("p_values", NUMBERS),
    ("odds_ratios", NUMBERS),
    ("condition_no", "double precision"),
    ("num_rows_processed", "bigint"),
    ("num_missing_rows_skipped", "bigint"),
    ("num_iterations", "integer"),
    ("variance_covariance", NUMBERS),
    ("null_deviance", "double precision"),
    ("deviance", "double precision"),
    ("aic", "double precision"),
    ("converged", "boolean"),
    ("status", "text"),
    ("feature_names", "text[]"),
    ("aliases", NUMBERS),
)


@dataclass(frozen=True, kw_only=True)
class Result(Training):
    """Field for field the SQL type logregr_result; the figures are NULL where there are several groups."""

    target_type: str
    classes: list[str]  # the negative one, the positive one
    positive_class: str
    log_likelihood: float | None
    num_iterations: int  # the most of a group
    num_converged: int  # groups
    terms: dict[str, Any]


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    grouping_cols: str | None,
    max_iter: int | None,
    optimizer: str | None,
    tolerance: float | None,
    verbose: bool | None,
) -> Result:
    """Fit the odds of `target` on `features` in each group; create `output_table` and its summary."""
    say = db.teller(METHOD, verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target, features, grouping_cols)
    most = int(helper.check_range("max_iter", max_iter, low=1))
    bound = helper.check_range("tolerance", tolerance, low=0, high=1)
    helper.check_choice("optimizer", optimizer, OPTIMIZERS)
    groups = helper.check_groups(source, grouping_cols, dict(COLUMNS))
    found = check_target(source, target)
    terms = check_terms(source, features, conditions=[f"{found.item} IS NOT NULL"])
    try:
        found, scan, states = _first_pass(source, target, found, terms, groups, most)
        say(f"the odds of {found.labels[1]!r} in {target} on {', '.join(terms.names)}")
        say(f"reading {tables.names['source_table']} by {scan.feed}")
        newton = _iterate(db, scan, states, terms, found, most, bound, say)
    except SqlError as error:
        raise explained(error, terms) from None
    _create_model(db, scan, tables.output, terms, states, newton)
    scan.close()
    warn(db, newton, terms, most)

    one = len(newton.status) == 1
    return create_summary(
        db,
        tables.summary,
        Result(
            method="logregr",
            **tables.fields(),
            target=target,
            features=features,
            feature_names=terms.names,
            grouping_cols=grouping_cols,
            options={"max_iter": most, "optimizer": optimizer, "tolerance": bound},
            num_groups=len(newton.status),
            num_rows_processed=int(states.rows_used.sum()),
            num_missing_rows_skipped=int(states.rows_skipped.sum()),
            target_type=found.sql_type,
            classes=found.labels,
            positive_class=found.labels[1],
            log_likelihood=float(newton.likelihood[0]) if one else None,
            num_iterations=int(newton.iterations.max()),
            num_converged=int((newton.status == core.CONVERGED).sum()),
            terms=terms.as_json(),
        ),
    )


def _first_pass(
    source: Source,
    text: str | None,
    target: Target,
    terms: Terms,
    groups: list[str],
    max_iter: int,
) -> tuple[Target, Scan, States]:
    """Moments of features and target; a target that was taken for 0 or 1 and is not, is looked at again."""
    while True:
        rows = Rows(source, target.item, terms.items, terms.is_vector, groups=groups)
        scan = Scan(rows, passes=max_iter + 1)
        states = scan.step("moments")
        check_rows(rows, terms, states)
        states = replace(states, body=raw_moments(states.body))
        if not target.assumed or core.is_binary(states.body):
            return target, scan, states
        scan.close()
        target = check_target(source, text, look=True)


def _iterate(
    db: Database,
    scan: Scan,
    states: States,
    terms: Terms,
    target: Target,
    max_iter: int,
    tolerance: float,
    say: Callable[[str], None],
) -> core.Newton:
    """All groups together, a pass for each step."""
    k = len(terms.names)
    design = core.design(states.body, k, terms.blocks)
    check_design(design, terms, target)
    newton = core.Newton(design, tolerance)
    for iteration in range(1, max_iter + 1):
        if not newton.active.any():
            break
        db.progress(f"{METHOD}: iteration {iteration} of at most {max_iter}")
        for part in _parts(scan, newton.going, k):
            # without groups a constant, which leaves parallel workers on
            params = newton.params(part) if scan.rows.groups else newton.params(part)[0]
            found = scan.step("logregr", params, part.tolist(), outcome=True)
            newton.take(part, core.sums(found.body, k))
        going = int(newton.active.sum())
        say(
            f"iteration {iteration}: log-likelihood {newton.likelihood.sum():.10g},"
            f" {going} of {len(newton.active)} group(s) go on"
        )
    newton.stop()
    for number, word in enumerate(core.WORDS):
        if count := int((newton.status == number).sum()):
            say(f"{word}: {count} group(s)")
    return newton


def _refine(db: Database, scan: Scan, newton: core.Newton, k: int) -> core.Array:
    """Where features are nearly collinear, a pass for the standard errors."""
    roots = np.full(newton.hessian.shape, np.nan)
    for part in _parts(scan, core.nearly_collinear(newton), k):
        db.progress(f"{METHOD}: standard errors of features that are nearly collinear")
        basis = core.bases(newton, part)
        params = core.basis_params(newton, part, basis)
        found = scan.step("logregr", params if scan.rows.groups else params[0], part.tolist(), outcome=True)
        roots[part] = core.roots(newton, part, basis, core.sums(found.body, k))
    return roots


def _parts(scan: Scan, groups: core.Numbers, k: int) -> Iterator[core.Numbers]:
    """Which groups a step is for: over a store a few thousand at once, whose states stay in the cache."""
    size = max(1, len(groups) if scan.feed == "streaming" else AT_ONCE // k**2)
    for start in range(0, len(groups), size):
        yield groups[start : start + size]


def _create_model(
    db: Database, scan: Scan, output: Relation, terms: Terms, states: States, newton: core.Newton
) -> None:
    k = len(terms.names)
    cells: dict[str, Column] = {
        "fit": core.fits(newton, _refine(db, scan, newton, k)),
        **core.deviances(newton),
        "num_rows_processed": states.rows_used,
        "num_missing_rows_skipped": states.rows_skipped,
        "num_iterations": newton.iterations,
        "converged": newton.status == core.CONVERGED,
        "status": Pieces(newton.status, core.WORDS),
        "aliases": Lists(core.aliases(newton, terms.blocks)),
    }
    constants = {"feature_names": terms.names}
    derived = Derived("__logregr_estimate", "fit", k, core.estimated(k))
    create_output(db, scan, output, COLUMNS, np.arange(len(newton.status)), cells, constants, derived)
