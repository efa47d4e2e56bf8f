"""logregr_train: check the arguments, iterate over the rows, write the model and its summary."""

from typing import Any

from madpy.errors import SqlError
from madpy.helper import helper
from madpy.helper.checks.fits import check_rows
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.reading import scan_terms
from madpy.helper.features.terms import Terms, check_number, used_rows
from madpy.helper.tables.fits import Outcomes, counts, create_model, single, typed
from madpy.helper.tables.output import Derived
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.common.linear.design import aliases, design
from madpy.modules.common.linear.irls import Search, estimated, fits
from madpy.modules.common.linear.matrices import Array
from madpy.modules.common.linear.passes import Passes
from madpy.modules.logregr import core
from madpy.modules.logregr.check import METHOD, OPTIMIZERS, check_design, warn
from madpy.modules.logregr.target import Target, check_target
from madpy.ports.postgres.scan.moments import raw_moments
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation
from madpy.records import replace

COLUMNS = typed(
    *("coef", "log_likelihood", "std_err", "z_stats", "p_values", "odds_ratios", "condition_no"),
    *("num_rows_processed", "num_missing_rows_skipped", "num_iterations", "variance_covariance"),
    *("null_deviance", "deviance", "aic", "converged", "status", "feature_names", "aliases"),
)


class Result(Training, kw_only=True):
    """Field for field the SQL type logregr_result; the figures are NULL where there are several groups."""

    target_type: str
    classes: list[str]  # the negative one, the positive one
    positive_class: str
    log_likelihood: float | None
    num_iterations: int  # the largest number in a group
    num_converged: int  # number of groups
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
    weights: str | None = None,
) -> Result:
    """Fit the odds of `target` on `features` in each group; create `output_table` and its summary."""
    log = db.logger(METHOD, verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target, features, weights, grouping_cols)
    most, bound = helper.check_iterations(max_iter, tolerance)
    helper.check_choice("optimizer", optimizer, OPTIMIZERS)
    groups = helper.check_groups(source, grouping_cols, dict(COLUMNS))
    w = None if weights is None else check_number(source, weights, "weights")
    classes = check_target(source, target, features, w)
    used = used_rows(classes.item, w)
    classes, scan, terms, states = _first_pass(
        Rows(source, classes.item, [], weights=w, groups=groups), target, classes, features, used, most
    )
    try:
        log(f"the odds of {classes.labels[1]!r} in {target} on {', '.join(terms.names)}")
        log(f"reading {tables.names['source_table']} by {scan.feed}")
        first = design(states.body, len(terms.names), terms.blocks)
        check_frequencies(first.rows, states.rows_used)
        check_design(first, terms, classes)
        search = core.search(first, bound)
        passes = Passes(db, scan, "logregr" if w is None else "weighted_logregr", METHOD)
        passes.iterate(search, most, log)
    except SqlError as error:
        raise with_feature_names(error, terms) from None
    for number, word in enumerate(core.WORDS):
        if count := int((search.status == number).sum()):
            log(f"{word}: {count} group(s)")
    said = core.deviances(search)
    outcomes = Outcomes(terms, states, search.iterations, search.status, core.WORDS)
    _create_model(passes, tables.output, outcomes, search, said)
    scan.close()
    warn(db, search, terms, most)

    return create_summary(
        db,
        tables.summary,
        Result(
            method="logregr",
            **tables.fields(),
            target=target,
            features=features,
            grouping_cols=grouping_cols,
            options={"max_iter": most, "optimizer": optimizer, "tolerance": bound, "weights": weights},
            **counts(outcomes),
            target_type=classes.sql_type,
            classes=classes.labels,
            positive_class=classes.labels[1],
            **single(said, "log_likelihood"),
        ),
    )


def _first_pass(
    rows: Rows,
    text: str | None,
    target: Target,
    features: str | None,
    conditions: list[str],
    max_iter: int,
) -> tuple[Target, Scan, Terms, States]:
    """Return moments of features and target; a target that is not 0 or 1 as assumed is checked again."""
    while True:
        rows = replace(rows, target=target.item)
        scan, terms = scan_terms(rows, features, max_iter + 1, conditions)
        try:
            states = scan.step("moments" if rows.weights is None else "weighted_moments")
        except SqlError as error:
            raise with_feature_names(error, terms) from None
        check_rows(replace(rows, features=terms.items, is_vector=terms.is_vector), terms, states)
        states = replace(states, body=raw_moments(states.body))
        if not target.assumed or core.is_binary(states.body):
            return target, scan, terms, states
        scan.close()
        target = check_target(rows.source, text, features, rows.weights, look=True)


def _create_model(
    passes: Passes, output: Relation, outcomes: Outcomes, search: Search, said: dict[str, Array]
) -> None:
    k = len(outcomes.terms.names)
    create_model(
        passes.scan,
        output,
        COLUMNS,
        outcomes,
        {"fit": fits(search, passes.refine(search)), **said},
        aliases(search.design, search.fitted, outcomes.terms.blocks),
        Derived("__logregr_estimate", "fit", k, estimated(k, "z_stats", "odds_ratios")),
    )
