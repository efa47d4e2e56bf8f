"""Operators of nb are PostgreSQL's own: not what others have put into a schema of the search_path."""

import pytest

from tests.nb.conftest import call


@pytest.mark.parametrize("feed", ["streaming", "store", "many columns"])
def test_nothing_of_others_is_run(sql, loot, feed):
    rows = 20000 if feed == "store" else 60
    groups = rows // 5 if feed == "store" else 2
    sql(
        "CREATE TABLE t AS SELECT i::float8 AS a, i % 3 AS n, ('k' || i % 3)::varchar AS k, i % 2 = 0 AS b,"
        f" (i % 4 / 2.0)::float8 AS f, (i % 4)::numeric AS d, ('g' || i % {groups})::varchar AS g,"
        f" ('y' || i % 5 % 2)::varchar AS y, i % {groups} AS j"
        f" FROM generate_series(1, {rows}) AS i; ANALYZE t"
    )
    assert sql.value("SELECT 1.5::float8 > 1") is True and loot() != []  # they would be
    sql("TRUNCATE public.loot")
    features = "a, k, n, b, f, d"
    if feed == "many columns":
        features += "".join(f", a + {n}" for n in range(95))
    for target, model in (("y", "m"), ("n", "by_number"), ("f", "by_float"), ("d", "by_numeric")):
        sql(call(features, target, output=model, grouping_cols="g, j", categorical_cols="n, f, d"))
    given = "" if feed != "many columns" else f", '{features}'"
    for model in ("m", "by_number", "by_float", "by_numeric"):
        sql(f"SELECT madlib.nb_predict('{model}', 't', 'p_{model}'{given})")
        sql(f"SELECT madlib.nb_predict_prob('{model}', 't', 'q_{model}'{given})")
        sql(f"SELECT madlib.nb_create_view('{model}', 't', 'v_{model}'{given})")
        sql(f"SELECT count(*) FROM v_{model}")
    assert sql.value("SELECT count(*) FROM p_m") == rows
    assert loot() == []
