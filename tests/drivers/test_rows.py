"""Rows, numbers and categories that every training skips, counts or refuses."""

import pytest

from tests.drivers.drivers import DRIVERS, LINEAR, MATRIX, said

NULLS = "Leave such rows out, or turn the value into NULL: rows with a NULL are skipped."


@pytest.mark.parametrize("name", DRIVERS.keys() - {"summary"})
def test_rows_that_are_none(refused, name):
    error = refused(DRIVERS[name].call("empty"), name)
    sqlstate = "22000" if name == "sk_compare" else "22023"  # projects tell it from a wrong argument
    assert said(error) == (sqlstate, 'table "empty" is empty', "Give a table that has rows.")
    error = refused(DRIVERS[name].call("nulls"), name)
    assert error.sqlstate == sqlstate
    assert error.message in (
        'none of the 60 rows of table "nulls" can be used',
        "the target is NULL in every row",
    )
    assert error.detail in (
        None, '"a", "b" are NULL in all of them.', 'The target, "a", "b" are NULL in all of them.'
    )  # fmt: skip


@pytest.mark.parametrize("source", ["empty", "nulls"])
def test_there_is_a_summary_of_nothing(sql, source):
    sql(DRIVERS["summary"].call(source))
    assert (
        sql("SELECT row_count, distinct_values, mean FROM m")
        == [(0 if source == "empty" else 60, 0, None)] * 2
    )


@pytest.mark.parametrize(("column", "what"), [("nan", "NaN"), ("inf", "infinite")])
def test_numbers_that_are_none(sql, refused, column, what):
    """Naive Bayes and trees count NaN as NULL, trees split at infinity, a summary counts both, sk neither."""
    takes = {"nb_train"} if column == "nan" else set()
    for name, driver in DRIVERS.items():
        query = driver.call(features=f"a, {column}")
        if name in takes | {
            "boost_train",
            "dtree_train",
            "forest_train",
            "summary",
            "sk_train",
            "sk_compare",
        }:
            sql(f"{query}; DROP TABLE m, m_summary")
            continue
        feature = "" if name in MATRIX else "feature "
        assert said(refused(query, name)) == ("22003", f'{feature}"{column}" is {what} in some row', NULLS)


@pytest.mark.parametrize("name", ["logregr_train", "nb_train", "dtree_train"])
def test_a_class_with_one_row_and_one_class_only(sql, refused, name):
    driver = DRIVERS[name]
    sql(driver.call(target="id = 7"))
    sql(f"SELECT madlib.{name.replace('train', 'predict')}('m', 't', 'p')")
    assert sql("SELECT count(prediction) FROM p") == [(60,)]
    error = refused(driver.call(output="n", target="g < 9"), name)
    assert said(error)[:2] == ("22023", "the target has one class only: true")


def test_a_constant_number_is_predicted_by_one_leaf(sql):
    sql(DRIVERS["dtree_train"].call(target="five"))
    assert sql("SELECT split, is_leaf, num_rows, prediction FROM m") == [(None, True, 60, 5)]


@pytest.mark.parametrize("name", sorted(LINEAR))
def test_more_levels_than_numbers_are_made_of(sql, refused, name):
    sql("CREATE TABLE many AS SELECT *, 'c' || i AS k FROM t, generate_series(1, 1001) AS i")
    assert said(refused(DRIVERS[name].call("many", features="a, k"), name)) == (
        "54011",
        'features: column "k" has more than 1000 distinct values',
        "Group them first, or leave the column out: it may be a name or a key.",
    )


@pytest.mark.parametrize("name", [name for name in DRIVERS if name.endswith("_train")])
def test_a_category_seen_only_at_prediction(sql, name):
    """An unseen level gives no prediction where every feature is needed, else one by the other features."""
    sql(DRIVERS[name].call(features="a, c"))
    sql("CREATE TABLE later AS TABLE t; UPDATE later SET c = 'new' WHERE id <= 4")
    predict = name.replace("train", "predict")
    (found,) = sql(f"SELECT num_rows, num_null_predictions FROM madlib.{predict}('m', 'later', 'p')")
    assert found == (60, 4 if name in LINEAR else 0)
