"""The added variance has each feature's own unit: predictions are the same in any unit."""

import pytest


def test_a_feature_in_a_large_unit_does_not_drown_another(sql, nb):
    """A score of 0 or 3 tells the classes apart, an epoch in seconds has nothing to do with them."""
    sql(
        "CREATE TABLE t AS SELECT i % 2 = 0 AS y, CASE WHEN i % 2 = 0 THEN 0 ELSE 3 END AS score,"
        " 1.6e9 + i * 86400.0 * (i % 7) AS epoch FROM generate_series(1, 1000) AS i"
    )
    nb("score, epoch")
    sql("SELECT madlib.nb_predict('m', 't', 'p')")
    assert sql.value("SELECT avg((prediction = y)::int) FROM p") == 1


@pytest.mark.parametrize("scale", ["1e-6", "0.1", "86400", "1e9"])
@pytest.mark.parametrize("grouping", [None, "g"])
def test_a_change_of_unit_changes_no_prediction(sql, nb, scale, grouping):
    """By a factor and an offset, of a feature that a class has no or one value of, or that is constant."""
    sql(
        "CREATE TABLE t AS SELECT i, i % 3 AS y, i % 2 AS g, i % 5 AS c, sin(i) + i % 3 AS a,"
        " CASE i % 3 WHEN 1 THEN 0.3 WHEN 2 THEN cos(i) END AS part, 0.1 AS same"
        " FROM generate_series(1, 99) AS i"
    )
    sql(
        f"CREATE TABLE u AS SELECT i, y, g, c, a * {scale} + 7 AS a, part * {scale} AS part,"
        f" same * {scale} AS same FROM t"
    )
    for table, output in (("t", "m"), ("u", "n")):
        nb("a, part, same, c", source=table, output=output, grouping_cols=grouping, categorical_cols="c")
        sql(f"SELECT madlib.nb_predict_prob('{output}', '{table}', 'p_{output}')")
    rows = sql("SELECT i, prediction, probability FROM p_m ORDER BY 1, 2")
    other = sql("SELECT i, prediction, probability FROM p_n ORDER BY 1, 2")
    assert [row[:2] for row in rows] == [row[:2] for row in other]
    assert [row[2] for row in rows] == pytest.approx([row[2] for row in other], abs=1e-6)
    assert {p for _, _, p in rows} - {0, 1}
