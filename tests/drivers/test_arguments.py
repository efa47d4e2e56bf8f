"""Arguments that every training refuses, and names that every training takes.

Arguments that only one method takes are in its own test_bad_input.py.
"""

import pytest

from tests.drivers.drivers import DRIVERS, MATRIX, USES, identifier, said
from tests.methods import literal
from tests.session import Session

NAMES = [
    "select", "a b", "Ünï-cödé", "o'clock", 'say "hi"', "semi;colon --", 'a","b', "%s {x} $1", "\\n \\ $$",
    "ü" * 31 + "x",  # 63 bytes
]  # fmt: skip
COLUMNS = 'Use columns of table "t": id, a, b, g, c, y, yes, five, nan, inf.'
TWICE = 'grouping_cols: column "g" is named twice'
NO_COLUMN = 'column "z" of table "t" does not exist'
SELF = 'output table "t" is the source table itself'


def test_none_is_missing(sql: Session) -> None:
    functions = sql(
        """
        SELECT proname, proargnames @> '{output_table}',
               proargnames && '{model_table}' OR proname LIKE '%\\_summary'
        FROM pg_catalog.pg_proc
        WHERE pronamespace = 'madlib'::regnamespace
            AND proargnames && '{source_table,model_table,output_table}' AND proname <> 'load_dataset'
        """
    )
    assert {name for name, trains, uses in functions if trains and not uses} == DRIVERS.keys()
    assert {name for name, _, uses in functions if uses} == USES.keys()


@pytest.mark.parametrize(
    ("options", "sqlstate", "message", "hint"),
    [
        ({"source": None}, "22004", "source_table must not be null", None),
        ({"source": " "}, "42602", "source_table must not be empty", "Name a table."),
        (
            {"source": "no.where"},
            "42P01",
            'table "no.where" does not exist',
            'Check the name: there is no schema "no".',
        ),
        ({"source": "(SELECT 1)"}, "42602", 'source_table: "(SELECT 1)" is not a table name',
         "Make a view of the query, and name the view."),
        ({"output": None}, "22004", "output_table must not be null", None),
        ({"output": ""}, "42602", "output_table must not be empty", "Name a table."),
        ({"output": "taken"}, "42P07", 'output table "taken" already exists',
         "Drop it or choose another name."),
        ({"output": "t"}, "42P07", SELF, "Choose another name: a source is only read."),
        ({"output": "no.m"}, "3F000", 'schema "no" does not exist', "Create it first: CREATE SCHEMA no."),
        ({"output": "x" * 56}, "42622", f'output_table: the name "{"x" * 56}" is too long',
         "Choose a name of at most 55 bytes."),
        ({"features": "a, z"}, "42703", NO_COLUMN, COLUMNS),
        ({"grouping_cols": "z"}, "42703", NO_COLUMN, COLUMNS),
        ({"grouping_cols": "g + 1"}, "22023", 'grouping_cols: "g + 1" is not a column',
         'List columns of "t", separated by commas.'),
        ({"grouping_cols": "g, g"}, "42701", TWICE, None),
    ],
)  # fmt: skip
def test_arguments(refused, options, sqlstate, message, hint):
    for driver in DRIVERS.values():
        if "grouping_cols" in options and not driver.has_groups:
            continue
        assert said(refused(driver.call(**options), driver.name)) == (sqlstate, message, hint)


@pytest.mark.parametrize("name", DRIVERS.keys() - MATRIX - {"summary"})
def test_features_and_targets_that_are_none(refused, name):
    driver = DRIVERS[name]
    for what in ["features", "target"] if driver.target else ["features"]:
        for value, sqlstate, message, hint in [
            (None, "22004", f"{what} must not be null", None),
            ("", "22023", f"{what} must not be empty", COLUMNS),
            ("*", "42601", f'{what}: "*" is not a list of expressions', COLUMNS),
        ]:
            assert said(refused(driver.call(**{what: value}), name)) == (sqlstate, message, hint)


@pytest.mark.parametrize("name", ["nb_train", "dtree_train", "kmeans_train", *sorted(MATRIX), "summary"])
def test_a_feature_that_is_given_twice(refused, name):
    """A feature given twice would count twice; a linear model reports the second one as aliased."""
    driver = DRIVERS[name]
    what = driver.features
    hint = "Leave one of them out." if what == "features" else None
    for features, column in [
        ("a, b, a", "a"),
        ('a, "a"', "a"),
        ("b + 1, a, b + 1", "b + 1"),
        ("a, c, c", "c"),
    ]:
        if name in MATRIX and column == "c":
            continue
        assert said(refused(driver.call(features=features), name)) == (
            "42701", f'{what}: "{column}" is named twice', hint
        )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name(sql, name):
    """Any name of a table, feature, group, group value or output gives what a plain name gives."""
    short = name.replace("ü" * 31, "ü" * 26)
    sql(
        f"""
        CREATE TABLE {identifier(name)} AS
        SELECT a AS {identifier(name)}, b, y, yes, g,
               CASE g WHEN 0 THEN {literal(name)} ELSE c END AS {identifier(short + "g")}
        FROM t
        """
    )
    for driver in DRIVERS.values():
        groups = {"grouping_cols": identifier(short + "g")} if driver.has_groups else {}
        options = {"features": f"{identifier(name)}, b", **groups}
        (row,) = sql.rows(driver.call(identifier(name), identifier(short + "o"), **options))
        sql(driver.call(**dict.fromkeys(groups, "g")))
        assert sql(f"SELECT count(*) FROM {row['output_table']}") == sql("SELECT count(*) FROM m")
        assert sql(f"SELECT count(*) FROM {row['summary_table']}") == sql("SELECT count(*) FROM m_summary")
        assert row["feature_names"][-1] == "b"
        assert name in row["feature_names"]
        sql("DROP TABLE m, m_summary")
        sql(f"DROP TABLE {row['output_table']}, {row['summary_table']}")
