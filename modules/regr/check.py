"""Checks of a fit: an error where there is no model, else a warning."""

from madpy.errors import MadpyError
from madpy.helper.checks.arguments import quoted
from madpy.helper.checks.reasons import NAMED, nothing_to_use, warn_of_aliases, warn_of_single_values
from madpy.helper.features.terms import Terms
from madpy.ports.postgres.scan.scan import Rows, Scan, join_groups
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation
from madpy.records import Record

METHOD = "regr_train"
SAME = 1e-9  # relative difference between coefficients of perfect fits that counts as none
CLOSE = "r2 > 1 - 1e-9::double precision AND df_residual > 0"  # fits that may be perfect


class Counts(Record):
    """Totals over the groups of a model; the figures are of the first group."""

    groups: int
    rows: int
    skipped: int
    largest: int  # rows of the largest group
    unused: int  # groups without a row to use
    constant: int  # groups with rows whose target is constant
    exhausted: int  # groups without residual degrees of freedom
    deficient: int  # groups with aliased terms
    close: int  # groups with residual degrees of freedom and a fit that may be perfect
    r2: float | None
    residual_std_err: float | None


def count_rows(db: Database, output: Relation, terms: Terms) -> Counts:
    row = db.execute(
        """
        SELECT pg_catalog.count(*) AS groups,
               coalesce(pg_catalog.sum(num_rows_processed), 0)::bigint AS rows,
               coalesce(pg_catalog.sum(num_missing_rows_skipped), 0)::bigint AS skipped,
               coalesce(pg_catalog.max(num_rows_processed), 0)::bigint AS largest,
               pg_catalog.count(*) FILTER (WHERE num_rows_processed = 0) AS unused,
               pg_catalog.count(*) FILTER (WHERE num_rows_processed > 0 AND r2 IS NULL) AS constant,
               pg_catalog.count(*) FILTER (WHERE df_residual = 0) AS exhausted,
               pg_catalog.count(*) FILTER (WHERE num_rows_processed - df_residual < {terms:l}::integer)
                   AS deficient,
               pg_catalog.count(*) FILTER (WHERE {close:q}) AS close,
               pg_catalog.min(r2) AS r2, pg_catalog.min(residual_std_err) AS residual_std_err
        FROM {output:i}
        """,
        output=output,
        terms=len(terms.names),
        close=CLOSE,
    )[0]
    return Counts(**row)


def check_fit(rows: Rows, scan: Scan, output: Relation, terms: Terms, counts: Counts) -> None:
    """Raise an error if no group could be fitted; warn of coefficients that are not estimated."""
    db = scan.db
    if counts.rows == 0:
        raise nothing_to_use(rows, terms, counts.skipped)
    k = len(terms.names)
    if counts.largest < k:
        where = " in the largest group" if rows.groups else ""
        raise MadpyError(
            f"{counts.largest} rows{where} are fewer than the {k} terms",
            hint="use fewer features, or more rows",
            detail=f"{counts.skipped} rows with a NULL were skipped" if counts.skipped else None,
        )
    if counts.constant + counts.unused == counts.groups:
        where = " in every group" if rows.groups else ""
        raise MadpyError(f"the target is constant{where}", hint="choose a target that varies")
    if counts.unused:
        db.warning(f"no row could be used in {counts.unused} of {counts.groups} groups")
    if counts.constant:
        db.warning(f"the target is constant in {counts.constant} of {counts.groups} groups: it has no r2")
    warn_of_single_values(db, terms)
    if counts.deficient:
        _warn_of_aliases(db, output, terms, counts)
    if counts.exhausted:
        where = f" in {counts.exhausted} of {counts.groups} groups" if rows.groups else ""
        db.warning(f"as many rows as estimated terms{where}: the fit is exact and has no standard errors")
    if counts.close:
        _warn_of_perfect_fits(db, scan, output, terms, counts)


def _warn_of_aliases(db: Database, output: Relation, terms: Terms, counts: Counts) -> None:
    aliased = db.execute(
        """
        SELECT term, pg_catalog.count(*) AS groups
        FROM (SELECT coef FROM {output:i}
              WHERE pg_catalog.array_position(coef, NULL::double precision) IS NOT NULL OFFSET 0) AS m,
             pg_catalog.unnest(coef) WITH ORDINALITY AS c(estimate, term)
        WHERE estimate IS NULL GROUP BY term ORDER BY term
        """,
        output=output,
    )
    counted = {terms.names[row["term"] - 1]: row["groups"] for row in aliased}
    warn_of_aliases(db, counted, counts.groups)


def _warn_of_perfect_fits(db: Database, scan: Scan, output: Relation, terms: Terms, counts: Counts) -> None:
    """Warn as R's summary.lm does; read states again, since a model does not keep how large its target is."""
    groups = scan.rows.groups
    weighted = scan.rows.weights is not None
    rows = db.execute(
        """
        SELECT o.coef, o.aliases
        FROM (SELECT {groups:i,} coef, aliases FROM {output:i} WHERE {close:q} OFFSET 0) AS o {states:q}
        WHERE {schema:i}.__regr_is_perfect(s.{state:i})
        """,
        groups=groups,
        output=output,
        close=CLOSE,
        state=scan.state,
        states=join_groups(
            f"({scan.states('weighted_moments' if weighted else 'moments')}) AS s", groups, "o", "s"
        ),
    )
    if not rows:
        return
    where = f" in {len(rows)} of {counts.groups} groups" if groups else ""
    equal = dict.fromkeys(
        terms.names[n] for row in rows for n in _equal_features(row["coef"], row["aliases"] or [])
    )
    said = f"; the target equals {', '.join([*map(quoted, equal)][:NAMED])}" if equal else ""
    db.warning(f"essentially perfect fit{where}: standard errors and tests are of rounding only{said}")


def _equal_features(coef: list[float | None], aliases: list[list[float]]) -> list[int]:
    """Return the features equal to the target of a perfect fit: both are the same combination of others."""
    rows = iter(aliases)
    target = [value or 0 for value in coef]
    features = []
    for n, value in enumerate(coef):
        feature = next(rows) if value is None else [float(n == i) for i in range(len(coef))]
        if all(abs(a - b) <= SAME * max(1, abs(a)) for a, b in zip(target, feature, strict=True)):
            features.append(n)
    return features
