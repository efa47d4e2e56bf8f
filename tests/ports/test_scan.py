"""Scan: two feeds, one answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from madpy.errors import MadpyError
from madpy.ports.postgres.scan.scan import Rows, Scan
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import fill
from tests.ports.kernels import KERNELS, TABLE
from tests.regr.call import call

COEF = [1.0, -2.0, 3.0]
GROUPS = {
    "none": [],
    "one": ["g"],
    "two, with NULLs": ["Group, 2", "g"],
    "numeric": ["n"],
    "padded": ["c"],
    "called as the kernel's own": ["state", "params"],
    "NaN, zeros and a name of no use": ['a") from pg_shadow; --'],
}


@pytest.fixture
def t(sql):
    sql(TABLE)
    sql(
        """
        ALTER TABLE t ADD "Group, 2" text, ADD n numeric(9, 2), ADD c char(3), ADD state date,
                      ADD params boolean, ADD "a"") from pg_shadow; --" float8;
        UPDATE t SET "Group, 2" = (ARRAY['a', 'b"', NULL])[1 + i % 3], n = nullif(i % 4, 3) / 2.0,
                     c = (ARRAY['x', 'y', 'zz'])[1 + i % 3],
                     state = date '2020-01-01' + i % 2, params = i % 5 > 2,
                     "a"") from pg_shadow; --" = (ARRAY['NaN', '0', '-0', NULL])[1 + i % 4]::float8;
        UPDATE t SET g = NULL WHERE g = 2
        """
    )
    return sql


@pytest.fixture
def scan(db: Database, t, schema) -> Callable[..., Scan]:
    def make(
        groups=(), passes=1, features=("x[1]", "x[2]", "x[3]"), weights="w", table="t", **options
    ) -> Scan:
        rows = Rows(
            Source(schema, table, db), "y", list(features), weights=weights, groups=list(groups), **options
        )
        return Scan(rows, passes)

    return make


def states_by_sql(scan: Scan, kernel: str) -> list[tuple]:
    """The grouping columns as text and the state, of each group, in the order of their text.

    Which of the equal values 0 and -0 stands for a group is nobody's promise.
    """
    params = None
    if kernel in ("meat", "squared_residuals"):
        distinct = 'SELECT DISTINCT {groups:i,} {coef:l} AS "kernel params" FROM {source:i}'
        params = fill(distinct, {"groups": scan.rows.groups, "coef": COEF, "source": scan.rows.source})
    texts = "".join(fill("{g:i}::text, ", {"g": group}) for group in scan.rows.groups)
    found = scan.db.execute(
        'SELECT {t:q} "kernel state" FROM ({s:q}) AS s', t=texts, s=scan.states(kernel, params)
    )
    return sorted((tuple("0" if v == "-0" else v for v in row.values()) for row in found), key=str)


def states_by_group(scan: Scan, kernel: str) -> list[tuple]:
    """Return for each group of `step` the grouping columns as text, the state's body and its counts."""
    keys = [tuple("0" if v == "-0" else v for v in values.values()) for values in scan.group_values]
    params = np.tile(COEF, (len(keys), 1)) if kernel in ("meat", "squared_residuals") else None
    states = scan.step(kernel, params)
    numbers = zip(states.body.tolist(), states.rows_used.tolist(), states.rows_skipped.tolist(), strict=True)
    return sorted(zip(keys, numbers, strict=True), key=str)


@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_both_feeds_have_the_same_states(db, t, scan, kernel, groups):
    weights = None if kernel == "moments" else "w"
    with db.atomic():
        stored, streamed = scan(groups, 2, weights=weights), scan(groups, 1, weights=weights)
        assert (stored.feed, streamed.feed) == ("store", "streaming")
        by_sql = states_by_sql(stored, kernel)
        assert by_sql == states_by_sql(streamed, kernel)
        assert states_by_group(stored, kernel) == states_by_group(streamed, kernel)
    names = fill("{g:i,}", {"g": groups}).rstrip(", ") or "()"
    assert len(by_sql) == t.value(f"SELECT count(*) FROM (SELECT FROM t GROUP BY {names}) AS s")


@pytest.mark.parametrize("passes", [1, 2])
def test_a_vector_is_its_elements(db, scan, passes):
    with db.atomic():
        apart = states_by_sql(scan(["g"], passes), "weighted_moments")
        assert states_by_sql(scan(["g"], passes, features=["x"], is_vector=True), "weighted_moments") == apart


@pytest.mark.parametrize("passes", [1, 2])
def test_a_group_without_a_vector(db, t, scan, passes):
    """Its state does not know how many features there are."""
    t("UPDATE t SET x = NULL WHERE g IS NULL")
    with db.atomic():
        found = scan(["g"], passes, features=["x"], is_vector=True)
        groups = [values["g"] for values in found.group_values]
        assert (found.step("weighted_moments").rows_used[groups.index(None)], len(groups)) == (0, 3)


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("kernel", ["moments", "meat"])
def test_some_groups(db, scan, kernel, passes):
    """Each with its own parameters, which the other groups have no part in."""
    with db.atomic():
        found = scan(["Group, 2", "g"], passes, weights=None if kernel == "moments" else "w")
        groups = len(found.group_values)
        params = np.tile(COEF, (groups, 1)) * np.arange(1, groups + 1)[:, None] if kernel == "meat" else None
        every = found.step(kernel, params)
        some = [1, groups - 1]
        of_some = found.step(kernel, None if params is None else params[some], some)
        assert of_some.body.tolist() == every.body[some].tolist()
        assert of_some.rows_used.tolist() == every.rows_used[some].tolist()


def test_another_of_equal_values_may_stand_for_a_group(db, t, scan):
    """0 and -0 are one group; which of them is its text may change from one pass to the next."""
    t("CREATE TABLE zeros AS SELECT *, '0'::float8 AS zero FROM t; UPDATE zeros SET zero = 1 WHERE i = 1")
    with db.atomic():
        found = scan(["zero"], table="zeros")
        before = found.step("meat", np.array(COEF))
        t("UPDATE zeros SET zero = '-0' WHERE zero = 0")
        after = found.step("meat", np.array(COEF))
        assert after.rows_used.tolist() == before.rows_used.tolist()
        assert {values["zero"] for values in found.group_values} == {"0", "1"}


@pytest.mark.parametrize("params", [None, COEF], ids=["each", "constant"])
def test_a_group_that_is_gone(db, t, scan, params):
    with db.atomic():
        found = scan(["g"], weights=None if params is None else "w")
        kernel, given = ("moments", None) if params is None else ("meat", np.array(params))
        found.step(kernel, given)
        t("DELETE FROM t WHERE g IS NULL")
        with pytest.raises(MadpyError, match='table "t" was changed while it was read: 3 groups became 2'):
            found.step(kernel, given)


@pytest.mark.parametrize("groups", [[], ["g"]], ids=["alone", "grouped"])
def test_no_rows(db, t, scan, groups):
    t("CREATE TABLE empty AS SELECT * FROM t WHERE false")
    with db.atomic():
        stored, streamed = (scan(groups, passes, table="empty") for passes in (2, 1))
        assert states_by_sql(stored, "weighted_moments") == states_by_sql(streamed, "weighted_moments")
        assert stored.step("weighted_moments").body.size == streamed.step("weighted_moments").body.size == 0


# --- which feed ---


def test_one_pass_streams_and_more_are_stored_while_they_fit(db, scan):
    with db.atomic():
        assert scan(passes=1).feed == scan(["g"], passes=1).feed == "streaming"
        assert scan(passes=2).feed == scan(["g"], passes=2).feed == "store"
        db.execute("SET LOCAL madpy.store_memory = 0")
        assert scan(passes=2).feed == scan(["g"], passes=2).feed == "streaming"


def test_many_groups_are_stored(db, t, scan):
    t("CREATE TABLE many AS SELECT i AS g, i::float8 AS y, 1.0::float8 AS x FROM generate_series(1, 20000) i")
    t("ANALYZE many")
    with db.atomic():
        found = scan(["g"], 1, features=["x"], weights=None, table="many")
        assert found.feed == "store"
        assert len(found.group_values) == 20000
        assert found.step("moments").rows_used.tolist() == [1] * 20000


def test_close_gives_the_memory_back(db, scan):
    with db.atomic():
        stored = scan(passes=2)
        store = stored.store
        stored.close()
        stored.close()
        with pytest.raises(Exception, match=f"there is no store {store} in this transaction"), db.atomic():
            db.execute("SELECT madlib.__store_map({store:l})", store=store)


# --- drivers ---

OPTIONS = {
    "plain": {},
    "weights": {"weights": "w"},
    "robust": {"robust": True},
    "robust with weights": {"robust": True, "weights": "w"},
    "Breusch-Pagan": {"heteroskedasticity_option": True},
}


@contextmanager
def memory(sql, setting: str) -> Iterator[None]:
    sql(f"SET madpy.store_memory = '{setting}'")
    yield
    sql("RESET madpy.store_memory")


@pytest.mark.parametrize("groups", [None, 'n, "Group, 2"', "c", "state"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_both_feeds_train_the_same_models(t, options, groups):
    t("CREATE TABLE r AS SELECT *, sqrt(i) AS x1, cos(i) AS x2 FROM t")
    train = {"features": "x1, x2", "source": "r", "grouping_cols": groups} | options
    t(call(output="stored", **train))
    with memory(t, "0"):
        t(call(output="streamed", **train))
    order = f" ORDER BY {groups}" if groups else ""
    stored, streamed = (t.rows(f"SELECT * FROM {table}{order}") for table in ("stored", "streamed"))
    assert len(stored) == len(streamed) > 0
    for one, other in zip(stored, streamed, strict=True):
        for name, value in one.items():
            if isinstance(value, float | list) and name != "feature_names":
                np.testing.assert_allclose(
                    np.float64(value), np.float64(other[name]), rtol=1e-12, err_msg=name
                )
            else:
                assert value == other[name], name
    types = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = '{}'::regclass AND attnum > 0 ORDER BY attnum"
    )
    assert t(types.format("stored")) == t(types.format("streamed"))


def test_more_rows_than_memory_stream(sql):
    """y = 3 - 2 x + an error that x says nothing of, +1 and -1 in turn; closed forms for the rest."""
    n = 3_000_000
    sql(
        f"""
        CREATE TABLE big AS SELECT x::real, (3 - 2 * x + (ARRAY[1, -1, -1, 1])[1 + i % 4])::float8 AS y
        FROM generate_series(0, {n - 1}) AS i, LATERAL (SELECT i / 4 - {n // 8} AS x) AS s
        """
    )
    with memory(sql, "8MB"):
        sql(call("x", source="big", robust=True, verbose=True))
        assert "regr_train: reading by streaming" in [notice.message for notice in sql.notices]
    model = sql.rows("SELECT * FROM m")[0]
    assert model["coef"] == [3, -2]
    assert model["num_rows_processed"] == n
    assert model["residual_std_err"] == pytest.approx((n / (n - 2)) ** 0.5, rel=1e-15)
