"""Targets that a family does not have, in rows that a fit skips: they do not count."""

import pytest

WRONG = {"binomial": "7", "poisson": "-7", "gamma": "0", "gaussian": "'NaN'"}


@pytest.mark.parametrize("memory", [0, 1000])
@pytest.mark.parametrize("groups", [None, "g"])
@pytest.mark.parametrize("features", ["x", "x, c", "ARRAY[1, x]", "v"])
@pytest.mark.parametrize("family", WRONG)
def test_a_target_that_does_not_count(sql, train, family, features, groups, memory):
    """The feature is NULL, or the weight 0 or NULL, or the offset NULL."""
    sql(f"SET madpy.store_memory = {memory}")
    sql(
        "CREATE TABLE t AS SELECT sin(i) AS x, 'c' || i % 3 AS c, ARRAY[1, sin(i)] AS v, i % 2 AS g,"
        " i % 3 + 1 AS w, cos(i) / 9 AS o, (sin(i * i) > 0)::int::float8 AS y"
        " FROM generate_series(1, 120) AS i"
    )
    options = {"weights": "w", "offset": "o", "grouping_cols": groups, "order": groups or "1"}
    options["target"] = "y + 1" if family == "gamma" else "y"
    link = {"link": "log"} if family == "gamma" else {}
    models = train(features, family, **options, **link)
    wrong = f"{WRONG[family]}::float8" + (" - 1" if family == "gamma" else "")
    for row in (
        "NULL, NULL, NULL, 1, 1, 0",
        "NULL, NULL, ARRAY[1, NULL], 1, 1, 0",
        "1, 'c0', ARRAY[1, 1], 1, 0, 0",
        "1, 'c0', ARRAY[1, 1], 1, NULL, 0",
        "1, 'c0', ARRAY[1, 1], 1, 1, NULL",
    ):
        sql(f"INSERT INTO t VALUES ({row}, {wrong})")
    more = train(features, family, **options, **link, output="n")
    for one, other in zip(models, more, strict=True):
        assert one["coef"] == pytest.approx(other["coef"], rel=1e-10)
        assert one["num_rows_processed"] == other["num_rows_processed"]
    assert sum(model["num_missing_rows_skipped"] for model in more) == 5
