"""Rows kept in a backend's memory between passes are found by the place of the first one, or not at all."""

from itertools import count

import pytest

from madpy.ports.postgres.shards.kept import read_kept

KEEP = "SELECT madlib.__keep({training}, ctid, tableoid, {x}, ARRAY[{scalars}]) FROM t"
STEP = "SELECT madlib.__kept_step(ctid, tableoid, '{kernel}', {params}) FROM t WHERE ctid = ANY ({places})"

TRAININGS = count(1)


@pytest.fixture
def t(sql):
    """3,000 rows of three groups; every tenth x2 is NULL."""
    sql(
        "CREATE TABLE t AS SELECT i % 3 AS g, sin(i) AS y, cos(i * i) AS x1,"
        " CASE WHEN i % 10 > 0 THEN i % 13 END::float8 AS x2 FROM generate_series(1, 3000) AS i"
    )
    sql("BEGIN")
    yield sql
    sql("ROLLBACK")


def keep(sql, x="ARRAY[x1, x2]", groups=(), scalars="y"):
    """Keep rows for another training than those before."""
    by = ", ".join(groups)
    query = KEEP.format(training=next(TRAININGS), x=x, scalars=scalars).replace(
        "SELECT ", f"SELECT {by}, " if by else "SELECT ", 1
    )
    rows = sql(query + (f" GROUP BY {by}" if by else ""))
    return read_kept([(tuple(map(str, row[:-1])), row[-1]) for row in rows])


def step(kept, kernel="moments", params="NULL"):
    return STEP.format(kernel=kernel, params=params, places=kept.places)


def test_a_step_over_kept_rows_is_one_over_the_table(t):
    kept = keep(t)
    assert kept.rows == {(): 3000}
    found = t.rows(f"SELECT f.* FROM madlib.regr_fit(({step(kept)})) AS f")
    wanted = t.rows(
        "SELECT f.* FROM madlib.regr_fit((SELECT madlib.moments_state(y, ARRAY[x1, x2]) FROM t)) AS f"
    )
    assert found[0]["num_rows_processed"] == 2700
    assert found[0]["num_missing_rows_skipped"] == 300
    assert found[0]["coef"] == pytest.approx(wanted[0]["coef"], rel=1e-12)


def test_groups_are_kept_each_by_itself(t):
    kept = keep(t, groups=["g"])
    assert kept.rows == {("0",): 1000, ("1",): 1000, ("2",): 1000}
    query = step(kept).replace("SELECT ", "SELECT g, ", 1) + " GROUP BY g"
    fit = "SELECT g, round((madlib.regr_fit(state)).r2::numeric, 10) FROM ({}) AS s(g, state) ORDER BY g"
    whole = "SELECT g, madlib.moments_state(y, ARRAY[x1, x2]) FROM t GROUP BY g"
    assert t(fit.format(query)) == t(fit.format(whole))


def test_the_first_rows_have_no_features(t):
    """Their number is not known yet; where no row has any, all are skipped."""
    late = "CASE WHEN ctid > '(3,1)' THEN ARRAY[x1, x2] END"
    query = "SELECT (madlib.regr_fit(({}))).num_missing_rows_skipped"
    skipped = t.value(query.format(f"SELECT madlib.moments_state(y, {late}) FROM t"))
    assert skipped > 600
    assert t.value(query.format(step(keep(t, late)))) == skipped
    never = keep(t, "CASE WHEN y > 9 THEN ARRAY[x1] END")
    wanted = t.value("SELECT madlib.moments_state(y, CASE WHEN y > 9 THEN ARRAY[x1] END) FROM t")
    assert t.value(step(never)) == wanted


def test_kernels_with_parameters(t):
    kept = keep(t, scalars="y, 1")
    fit = "SELECT madlib.regr_fit(({}))"
    whole = "SELECT madlib.squared_residuals_state(y, ARRAY[x1, x2], 1, ARRAY[1, 2]) FROM t"
    found, wanted = (
        t.rows(f"SELECT ({fit.format(query)}).r2")[0]["r2"]
        for query in (step(kept, "squared_residuals", "ARRAY[1, 2]::float8[]"), whole)
    )
    assert found == pytest.approx(wanted, rel=1e-12)
    assert t.fails(step(kept, "squared_residuals")).message == 'kernel "squared_residuals" needs parameters'


def test_large_states_are_packed_on_their_way(t):
    """A state of 60 features has 29 kB; the first rows of three groups merge into one state."""
    x = f"ARRAY[{', '.join(f'x1 * {n}' for n in range(60))}]"
    kept = keep(t, x, groups=["g"])
    found = t.value(step(kept))
    assert len(found) > 29_000
    assert found[:4] == b"mdpt"
    whole = t.value(f"SELECT madlib.moments_state(y, {x}) FROM t")
    assert (len(found), found[:44]) == (len(whole), whole[:44])


@pytest.mark.parametrize(
    "state", ["6d64707a", "6d64707a00000000", "6d64707affffffff00", "6d64707a000000100102030405"]
)
def test_packed_states_from_anywhere(t, state):
    t(
        "CREATE AGGREGATE pg_temp.forged(bytea) (SFUNC = madlib.__kept_combine, STYPE = bytea,"
        f" INITCOND = '\\x{state}')"
    )
    error = t.fails(
        "SELECT pg_temp.forged(s) FROM (SELECT madlib.moments_state(y, ARRAY[x1]) AS s FROM t) AS q"
    )
    assert error.sqlstate == "22P03"


@pytest.mark.parametrize("x", ["ARRAY[x1] || CASE WHEN y > 0 THEN ARRAY[x2] END", "ARRAY[]::float8[]"])
def test_features_that_are_no_rectangle(t, x):
    assert t.fails(KEEP.format(training=next(TRAININGS), x=x, scalars="y")).sqlstate == "2202E"


def test_too_little_memory(t):
    t("SET LOCAL madpy.store_memory = '64kB'")
    assert keep(t) is None
    t("SET LOCAL madpy.store_memory = '100kB'")
    assert keep(t) is not None
    assert keep(t, groups=["g"]) is None  # each group would fit


def test_many_groups_are_too_many(t):
    assert keep(t, groups=["x1", "y"]) is None


def test_rows_go_with_the_transaction_its_part_or_another_training(t):
    kept = keep(t)
    keep(t, scalars="-y")
    sums = "SELECT (madlib.regr_fit(({}))).coef[1] < 0"
    assert t.value(
        sums.format(step(kept))
    )  # found by the same first row, the rows are those of the other one
    t("SAVEPOINT s")
    kept = keep(t)
    t("ROLLBACK TO s")
    assert t.value(f"SELECT ({step(kept)}) IS NULL")
    kept = keep(t)
    t("COMMIT")
    assert t.value(f"SELECT ({step(kept)}) IS NULL")


def test_rows_of_another_role_are_not_found(t):
    kept = keep(t)
    t("CREATE ROLE madpy_kept_other; GRANT SELECT ON t TO madpy_kept_other")
    t(f"GRANT USAGE ON SCHEMA {t.value('SELECT current_schema()')} TO madpy_kept_other")
    t("SET LOCAL ROLE madpy_kept_other")
    assert t.value(f"SELECT ({step(kept)}) IS NULL")


@pytest.mark.parametrize(
    ("state", "sqlstate"),
    [
        ("\\x", "22P03"),
        ("\\x00", "22P03"),
        ("\\x6d64706b00", "22P03"),
        ("\\x6d64706b", "22P03"),
        ("\\x6d64706b" + "00" * 20 + "ffffffff", "55000"),
        ("\\x6d64706b" + "00" * 20 + "ffffff7f", "55000"),
    ],
)
def test_states_from_anywhere(t, state, sqlstate):
    """States of a wrong length, of another kind, or of rows that nobody kept are refused."""
    t(
        "CREATE AGGREGATE pg_temp.forged(bigint, tid, oid, float8[], float8[])"
        f" (SFUNC = madlib.__keep_accum, STYPE = bytea, INITCOND = '{state}')"
    )
    query = KEEP.format(training=next(TRAININGS), x="ARRAY[x1]", scalars="y")
    assert t.fails(query.replace("madlib.__keep", "pg_temp.forged")).sqlstate == sqlstate
