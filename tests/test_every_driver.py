"""Arguments that every training refuses: one table of drivers, one of bad input.

Arguments that only one method takes are in its own test_bad_input.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.session import Failure, Session

NAMES = [
    "select", "a b", "Ünï-cödé", "o'clock", 'say "hi"', "semi;colon --", 'a","b', "%s {x} $1", "\\n \\ $$",
    "ü" * 31 + "x",  # 63 bytes
]  # fmt: skip
COLUMNS = "It has: id, a, b, g, c, y, yes, five, nan, inf."
NULLS = "Leave such rows out, or turn the value into NULL: rows with a NULL are skipped."
TWICE = 'grouping_cols: column "g" is named twice'
NO_COLUMN = 'column "z" of table "t" does not exist'
SELF = 'output table "t" is the source table itself'


@dataclass(frozen=True)
class Driver:
    """A training: the target it takes by default, None if it takes none, and how it calls its columns."""

    name: str
    target: str | None = None
    features: str = "features"
    more: str = ""

    def call(self, source: str | None = "t", output: str | None = "m", **options: str | None) -> str:
        """`options`: target, features, grouping_cols."""
        arguments = {"source_table": source, "output_table": output}
        if self.target:
            arguments["target"] = options.pop("target", self.target)
        arguments[self.features] = options.pop("features", "a, b")
        listed = ", ".join(f"{name} => {literal(value)}" for name, value in (arguments | options).items())
        return f"SELECT * FROM madlib.{self.name}({listed}{self.more})"


DRIVERS = {
    driver.name: driver
    for driver in (
        Driver("regr_train", "y"),
        Driver("logregr_train", "yes"),
        Driver("glm_train", "y", more=", family => 'gaussian'"),
        Driver("nb_train", "yes"),
        Driver("dtree_train", "yes"),
        Driver("kmeans_train", more=", k => 2"),
        Driver("correlation", features="target_cols"),
        Driver("covariance", features="target_cols"),
        Driver("summary", features="target_cols"),
    )
}
LINEAR = {"regr_train", "logregr_train", "glm_train", "kmeans_train"}  # features as numbers
ROW_PER_GROUP = {"regr_train", "logregr_train", "glm_train"}  # in the model
MATRIX = {"correlation", "covariance"}
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "regr_summary": ("regr_train", ""),
    "regr_predict": ("regr_train", ", 't', 'p'"),
    "logregr_summary": ("logregr_train", ""),
    "logregr_predict": ("logregr_train", ", 't', 'p'"),
    "glm_predict": ("glm_train", ", 't', 'p'"),
    "nb_predict": ("nb_train", ", 't', 'p'"),
    "nb_predict_prob": ("nb_train", ", 't', 'p'"),
    "nb_create_view": ("nb_train", ", 't', 'p'"),
    "dtree_predict": ("dtree_train", ", 't', 'p'"),
    "dtree_predict_prob": ("dtree_train", ", 't', 'p'"),
    "dtree_display": ("dtree_train", ""),
    "dtree_importance": ("dtree_train", ""),
    "kmeans_predict": ("kmeans_train", ", 't', 'p'"),
}


def literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture(autouse=True)
def data(sql: Session) -> None:
    sql(
        """
        CREATE TABLE t AS
        SELECT i AS id, sin(i) AS a, cos(i * 1.7) AS b, i % 3 AS g, substr('uvw', i % 3 + 1, 1) AS c,
               sin(i) + cos(i * 3.1) AS y, cos(i * 5) > 0 AS yes, 5 AS five,
               CASE WHEN i = 7 THEN 'NaN' ELSE i::float8 END AS nan,
               CASE WHEN i = 7 THEN 'inf' ELSE i::float8 END AS inf
        FROM generate_series(1, 60) AS i;
        CREATE TABLE taken (i integer);
        CREATE TABLE empty AS SELECT * FROM t WHERE false;
        CREATE TABLE nulls AS TABLE t;
        UPDATE nulls SET a = NULL, b = NULL, y = NULL, yes = NULL
        """
    )


@pytest.fixture
def refused(sql: Session) -> Callable[..., Failure]:
    """The error of a call that has to fail, in the words of its function, and to leave nothing behind."""

    def call(query: str, name: str) -> Failure:
        before = relations(sql)
        error = sql.fails(query)
        assert relations(sql) == before
        assert error.message.startswith(f"{name}: "), error
        error.message = error.message.removeprefix(f"{name}: ")
        return error

    return call


def relations(sql: Session) -> list[tuple[Any, ...]]:
    """All relations there are, temporary ones too."""
    return sql("SELECT oid::regclass::text FROM pg_catalog.pg_class WHERE relkind <> 't' ORDER BY 1")


def said(error: Failure) -> tuple[str | None, str, str | None]:
    return error.sqlstate, error.message, error.hint


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


# --- arguments that all of them take ---


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


# --- rows that cannot be used ---


@pytest.mark.parametrize("name", DRIVERS.keys() - {"summary"})
def test_rows_that_are_none(refused, name):
    error = refused(DRIVERS[name].call("empty"), name)
    assert said(error) == ("22023", 'table "empty" is empty', "Give a table that has rows.")
    error = refused(DRIVERS[name].call("nulls"), name)
    assert error.sqlstate == "22023"
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
    """Naive Bayes and trees count NaN as NULL, trees split at infinity, a summary counts both."""
    takes = {"nb_train"} if column == "nan" else set()
    for name, driver in DRIVERS.items():
        query = driver.call(features=f"a, {column}")
        if name in takes | {"dtree_train", "summary"}:
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


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("name", [name for name in DRIVERS if name.endswith("_train")])
def test_groups_of_any_collation(sql, name, memory):
    """The model keeps it, and is applied to a table with the same one and with another."""
    sql(f"SET madpy.store_memory = {memory}; CREATE TABLE other AS TABLE t")
    sql('ALTER TABLE t ALTER c TYPE text COLLATE "C"')
    sql(DRIVERS[name].call(grouping_cols="c"))
    for table in ("m", "m_summary") if name not in ROW_PER_GROUP else ("m",):
        kept = "SELECT collation_name FROM information_schema.columns WHERE table_schema = current_schema()"
        assert sql(f"{kept} AND table_name = '{table}' AND column_name = 'c'") == [("C",)]
    for source in ("t", "other"):
        predict = name.replace("train", "predict")
        (found,) = sql(f"SELECT num_null_predictions FROM madlib.{predict}('m', '{source}', 'p_{source}')")
        assert found == (0,)


@pytest.mark.parametrize("method", ["regr", "logregr", "glm", "nb", "dtree", "kmeans"])
def test_padded_groups_of_another_collation(sql, method):
    """They begin alike."""
    sql("CREATE TABLE padded AS SELECT id, a, b, y, yes, ('g' || g)::char(5) AS h FROM t")
    sql('CREATE TABLE other AS TABLE padded; ALTER TABLE padded ALTER h TYPE char(5) COLLATE "C"')
    sql(DRIVERS[f"{method}_train"].call("padded", grouping_cols="h"))
    found = sql(f"SELECT num_rows, num_null_predictions FROM madlib.{method}_predict('m', 'other', 'p')")
    assert found == [(60, 0)]


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("name", ["logregr_train", "nb_train", "dtree_train"])
def test_texts_that_a_collation_calls_equal(sql, name, memory):
    """As classes and categories they are two, in training as in scoring; no row is lost."""
    sql("CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    sql("CREATE TABLE loose AS SELECT a, CASE WHEN yes THEN 'x' ELSE 'X' END COLLATE loose AS c FROM t")
    assert sql("SELECT DISTINCT c = 'x' FROM loose") == [(True,)]
    sql(f"SET madpy.store_memory = {memory}")
    sql(DRIVERS[name].call("loose", target="c", features="a"))
    found = "SELECT classes, num_rows_processed, num_missing_rows_skipped FROM m_summary"
    assert sql(found) == [(["X", "x"], 60, 0)]  # in the order of the database, which is that of bytes
    if name != "logregr_train":  # dummies are compared as the column's collation has it
        features = "substr(c, 1), c"
        sql(DRIVERS[name].call("loose", "n", target="c", features=features))
        sql(f"SELECT madlib.{name.replace('train', 'predict')}('n', 'loose', 'p', '{features}')")
        assert sql('SELECT count(*) FROM p WHERE prediction <> c COLLATE "C"') == [(0,)]


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("name", DRIVERS)
def test_groups_of_a_domain(sql, name, memory):
    """Its constraints, which somebody wrote, are not run."""
    sql("CREATE DOMAIN short AS char(3) NOT NULL; ALTER TABLE t ALTER c TYPE short")
    sql("CREATE FUNCTION bad(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'run'; END $$")
    sql("ALTER DOMAIN short ADD CHECK (bad(VALUE)) NOT VALID")
    sql(f"SET madpy.store_memory = {memory}")
    sql(DRIVERS[name].call(grouping_cols="c"))
    assert sql("SELECT DISTINCT c::char(3)::text, pg_typeof(c)::text, octet_length(c) FROM m ORDER BY 1") == [
        ("u", "short", 3), ("v", "short", 3), ("w", "short", 3)
    ]  # fmt: skip
    if name.endswith("_train"):
        predict = name.replace("train", "predict")
        (found,) = sql(f"SELECT num_null_predictions FROM madlib.{predict}('m', 't', 'p')")
        assert found == (0,)


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("name", DRIVERS)
def test_times_are_the_same_times_in_any_style(sql, name, memory):
    """IST would be read as Israel's; the order in a date that is written is the session's."""
    sql("ALTER TABLE t ADD at timestamptz")
    sql("UPDATE t SET at = timestamptz '2001-01-12Z' + g * interval '1 day'")
    sql(f"SET madpy.store_memory = {memory}; SET timezone = 'Asia/Kolkata'; SET datestyle = 'SQL, DMY'")
    sql(DRIVERS[name].call(grouping_cols="at", features="a, (at < '13/01/2001 12:00Z')::int * b"))
    assert sql("SELECT count(DISTINCT m.at) FROM m JOIN t USING (at)") == [(3,)]
    ago = "clock_timestamp() - trained_at BETWEEN interval '0' AND interval '1 hour'"
    assert sql(f"SELECT DISTINCT {ago} FROM m_summary") == [(True,)]
    assert sql.value("SHOW datestyle") == "SQL, DMY"


@pytest.mark.parametrize("name", ["logregr_train", "nb_train", "dtree_train"])
def test_times_are_classes_in_any_style(sql, name):
    sql("ALTER TABLE t ADD at timestamptz")
    sql("UPDATE t SET at = timestamptz '2001-01-12Z' + yes::int * interval '1 day'")
    sql("SET timezone = 'Asia/Kolkata'; SET datestyle = 'SQL, DMY'")
    sql(DRIVERS[name].call(target="at"))
    assert sql.value("SELECT classes FROM m_summary") == [
        "2001-01-12 05:30:00+05:30", "2001-01-13 05:30:00+05:30"
    ]  # fmt: skip
    sql(f"SELECT madlib.{name.replace('train', 'predict')}('m', 't', 'p')")
    assert sql("SELECT count(*) FROM p WHERE prediction::timestamptz IN (SELECT at FROM t)") == [(60,)]


# --- names ---


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
        options = {"features": f"{identifier(name)}, b", "grouping_cols": identifier(short + "g")}
        (row,) = sql.rows(driver.call(identifier(name), identifier(short + "o"), **options))
        sql(driver.call(grouping_cols="g"))
        assert sql(f"SELECT count(*) FROM {row['output_table']}") == sql("SELECT count(*) FROM m")
        assert sql(f"SELECT count(*) FROM {row['summary_table']}") == sql("SELECT count(*) FROM m_summary")
        assert row["feature_names"][-1] == "b"
        assert name in row["feature_names"]
        sql("DROP TABLE m, m_summary")
        sql(f"DROP TABLE {row['output_table']}, {row['summary_table']}")


# --- rights and transactions ---


def test_rights(sql, refused, role, schema):
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; CREATE SCHEMA own_{schema} AUTHORIZATION {role}")
    sql(f"SET ROLE {role}")
    for name, driver in DRIVERS.items():
        assert said(refused(driver.call(output=f"own_{schema}.m"), name)) == (
            "42501",
            'permission denied for table "t"',
            f"Ask its owner for GRANT SELECT ON {schema}.t.",
        )
    sql(f"RESET ROLE; GRANT SELECT ON t TO {role}; SET ROLE {role}")
    for name, driver in DRIVERS.items():
        assert said(refused(driver.call(), name)) == (
            "42501",
            f'permission denied for schema "{schema}"',
            f"Choose another schema, or ask its owner for GRANT USAGE, CREATE ON SCHEMA {schema}.",
        )
        sql(driver.call(output=f"own_{schema}.{name}"))


def test_a_read_only_transaction(sql, refused):
    """The error comes before the source is read."""
    sql("CREATE VIEW unread AS SELECT * FROM t WHERE 1 / (id - id) = 1")
    sql("SET default_transaction_read_only = on")
    for name, driver in DRIVERS.items():
        error = refused(driver.call("unread"), name)
        assert (error.sqlstate, error.message) == (
            "25006",
            '"m" cannot be created in a read-only transaction',
        )


def test_a_timeout_in_the_middle(sql, refused):
    """Each row takes a while."""
    sql("CREATE VIEW slow AS SELECT * FROM t WHERE pg_sleep(0.005) IS NOT NULL")
    sql("SET statement_timeout = 100")
    for name, driver in DRIVERS.items():
        error = refused(driver.call("slow"), name)
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to statement timeout")


def test_a_rollback_leaves_nothing(sql):
    before = relations(sql)
    sql("BEGIN")
    for name, driver in DRIVERS.items():
        sql(driver.call(output=name))
    sql("ROLLBACK")
    assert relations(sql) == before


def test_an_error_leaves_the_transaction_before_it(sql):
    sql("BEGIN")
    for name, driver in DRIVERS.items():
        sql(driver.call(output=name))
        before = relations(sql)
        sql("SAVEPOINT here")
        sql.fails(driver.call(features="a, z"))
        sql("ROLLBACK TO here")
        assert relations(sql) == before
    sql("COMMIT")


# --- models ---


def test_a_table_that_is_no_model(sql, refused):
    """Other tables, a model of every other method, and the summary table of the right one."""
    for name, driver in DRIVERS.items():
        sql(driver.call(output=name))
    for function, (trained, arguments) in USES.items():
        for table in {*DRIVERS, f"{trained}_summary", "t", "taken"} - {trained}:
            assert said(refused(f"SELECT madlib.{function}('{table}'{arguments})", function)) == (
                "42809",
                f'table "{table}" is not a model of {trained}',
                f"Give the output_table of a call of {trained}.",
            )


@pytest.mark.parametrize("grouping_cols", [None, "g"])
def test_a_model_with_rows_that_were_doubled(sql, refused, grouping_cols):
    """Each row would have two predictions."""
    for function, (trained, arguments) in USES.items():
        if not arguments:
            continue
        sql(DRIVERS[trained].call(grouping_cols=grouping_cols))
        rows = "m" if trained in ROW_PER_GROUP else "m_summary"
        sql(f"INSERT INTO {rows} TABLE {rows} LIMIT 1")
        error = refused(f"SELECT madlib.{function}('m'{arguments})", function)
        assert said(error) == (
            "21000",
            f'table "{rows}" has several models{" for one group" * bool(grouping_cols)}',
            "Train the model again.",
        )
        sql("DROP TABLE m, m_summary")


@pytest.mark.parametrize("name", ["regr", "logregr"])
def test_a_model_with_columns_of_other_types(sql, refused, name):
    sql(DRIVERS[f"{name}_train"].call())
    columns = (
        "SELECT attname FROM pg_attribute WHERE attrelid = 'm'::regclass AND atttypid = 'float8[]'::regtype"
    )
    for (column,) in sql(f"{columns} AND attname ~ 'coef|std_err|stats|p_values|odds'"):
        sql(f"BEGIN; ALTER TABLE m ALTER {column} TYPE text[]")
        error = sql.fails(f"SELECT madlib.{name}_summary('m')")
        assert said(error)[:2] == ("42809", f'{name}_summary: table "m" is not a model of {name}_train')
        sql("ROLLBACK")


def test_a_model_that_is_not_there(sql, refused):
    for function, (_, arguments) in USES.items():
        what = "output_table" if function.endswith("_summary") else "model_table"
        for table, sqlstate, message in [
            (None, "22004", f"{what} must not be null"),
            ("", "42602", f"{what} must not be empty"),
            ("a.b.c", "42602", f'{what}: "a.b.c" is not a table name'),
            ("nowhere", "42P01", 'table "nowhere" does not exist'),
        ]:
            error = refused(f"SELECT madlib.{function}({literal(table)}{arguments})", function)
            assert said(error)[:2] == (sqlstate, message)
