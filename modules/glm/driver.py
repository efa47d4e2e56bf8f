"""glm_train: check the arguments, iterate over the rows, write the model and its summary."""

from typing import Any

from madpy.errors import SqlError
from madpy.helper import helper
from madpy.helper.checks.fits import check_rows
from madpy.helper.checks.frequencies import check_frequencies
from madpy.helper.checks.reasons import with_feature_names
from madpy.helper.features.reading import scan_terms
from madpy.helper.features.terms import Terms, check_numbers, used_rows
from madpy.helper.tables.fits import Outcomes, counts, create_model, single, typed
from madpy.helper.tables.output import Derived
from madpy.helper.tables.training import Training, check_tables, create_summary
from madpy.modules.common.linear.design import aliases, design
from madpy.modules.common.linear.families import FAMILIES
from madpy.modules.common.linear.irls import estimated
from madpy.modules.common.linear.matrices import Array
from madpy.modules.common.linear.moments import without_column
from madpy.modules.common.linear.passes import Passes
from madpy.modules.common.linear.scoring import Scoring, figures, fits
from madpy.modules.glm import core
from madpy.modules.glm.check import METHOD, check_design, warn
from madpy.ports.postgres.scan.moments import raw_moments
from madpy.ports.postgres.scan.scan import Rows
from madpy.ports.postgres.scan.states import States
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation
from madpy.records import replace


class Result(Training, kw_only=True):
    """Field for field the SQL type glm_result; the figures are NULL where there are several groups."""

    family: str
    link: str
    log_likelihood: float | None
    deviance: float | None
    dispersion: float | None
    num_iterations: int  # the largest number in a group
    num_converged: int  # number of groups
    terms: dict[str, Any]


def train(
    db: Database,
    source_table: str | None,
    output_table: str | None,
    target: str | None,
    features: str | None,
    family: str | None,
    link: str | None,
    grouping_cols: str | None,
    weights: str | None,
    offset: str | None,
    max_iter: int | None,
    tolerance: float | None,
    verbose: bool | None,
) -> Result:
    """Fit the mean of `target` on `features` in each group; create `output_table` and its summary."""
    log = db.logger(METHOD, verbose)
    tables = check_tables(db, source_table, output_table)
    source = tables.source
    source.look_up(target, features, weights, offset, grouping_cols)
    family = helper.check_choice("family", family, tuple(FAMILIES))
    links = FAMILIES[family].links
    link = links[0] if link is None else helper.check_choice("link", link, links)
    most, bound = helper.check_iterations(max_iter, tolerance)
    groups = helper.check_groups(source, grouping_cols, core.columns(family))
    items = check_numbers(source, target, weights=weights, offset=offset)
    rows = Rows(
        source, items["target"], [], weights=items.get("weights", "1::double precision"), groups=groups
    )
    scan, terms = scan_terms(rows, features, most + 1, used_rows(**items), offset=items.get("offset"))
    try:
        log(f"{family} with link {link}: {target} on {', '.join(terms.names)}")
        log(f"reading {tables.names['source_table']} by {scan.feed}")
        states = scan.step("weighted_moments")
        check_rows(replace(rows, features=terms.items, is_vector=terms.is_vector), terms, states)
        search = _search(terms, states, bound, family, link, offset is not None)
        passes = Passes(db, scan, "glm", METHOD)
        passes.iterate(search, most, log)
        for part in passes.parts(search, search.without_null):
            search.find_null(part, lambda groups, params: passes.sums(search, groups, params), most)
    except SqlError as error:
        error.message = error.message.replace(f"feature {len(terms.names) + 1} is", "the offset is")
        raise with_feature_names(error, terms) from None
    said = figures(search)
    outcomes = Outcomes(terms, states, search.iterations, search.status, core.WORDS)
    _create_model(passes, tables.output, outcomes, search, said)
    scan.close()
    warn(db, search, terms, most)

    options = {"family": family, "link": link, "weights": weights, "offset": offset}
    return create_summary(
        db,
        tables.summary,
        Result(
            method="glm",
            **tables.fields(),
            target=target,
            features=features,
            grouping_cols=grouping_cols,
            options=options | {"max_iter": most, "tolerance": bound},
            **counts(outcomes),
            family=family,
            link=link,
            **single(said, "log_likelihood", "deviance", "dispersion"),
        ),
    )


def _search(
    terms: Terms, states: States, tolerance: float, family: str, link: str, has_offset: bool
) -> Scoring:
    body, k = raw_moments(states.body), len(terms.names)
    features = design(without_column(body, k) if has_offset else body, k, terms.blocks)
    check_frequencies(features.rows, states.rows_used)
    check_design(features, terms, family)
    return Scoring(features, tolerance, family, link, has_offset)


def _create_model(
    passes: Passes, output: Relation, outcomes: Outcomes, search: Scoring, said: dict[str, Array]
) -> None:
    k, family = len(outcomes.terms.names), search.family_name
    create_model(
        passes.scan,
        output,
        typed(*core.columns(family)),
        outcomes,
        {"fit": fits(search, passes.refine(search)), **said},
        aliases(search.design, search.fitted, outcomes.terms.blocks),
        Derived("__glm_estimate", "fit", k, estimated(k, core.stats(family))),
    )
