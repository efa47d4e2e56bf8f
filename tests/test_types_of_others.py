"""Columns of types whose owner gave them casts and operators: every training and prediction over them.

Nothing of the owner is run, and what comes out is right, or an error says what cannot be done.
"""

import pytest

from tests.drivers.drivers import DRIVERS, GROUPED, USES
from tests.methods import Driver
from tests.session import Session

TYPES = ("mood", "pair")
TARGETS = ("text", "json", "jsonb", "float8", "bigint", "boolean", "float8[]", "varchar")
TRAP = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$"


@pytest.fixture(autouse=True)
def data(sql: Session) -> None:
    """Table t has columns en and comp of types with traps; table plain has the same as text."""
    sql(
        """
        CREATE TYPE mood AS ENUM ('happy', 'ok', 'sad');
        CREATE TYPE pair AS (a integer, b text);
        CREATE TABLE t AS
        SELECT i AS id, sin(i) AS a, cos(i * 1.7) AS b, sin(i) + cos(i * 3.1) AS y, cos(i * 5) > 0 AS yes,
               (enum_range(NULL::mood))[1 + i % 3] AS en, (enum_range(NULL::mood))[1 + i % 2] AS two,
               ROW(i % 2, CASE WHEN i % 2 = 1 THEN 'x' END)::pair AS comp
        FROM generate_series(1, 60) AS i;
        CREATE TABLE plain AS
        SELECT id, a, b, y, yes, en::text AS en, two::text AS two, comp::text AS comp FROM t;
        CREATE TABLE twisted AS SELECT id, en AS a, comp AS b, ARRAY[en, two] AS x, yes, y, en FROM t;
        """
    )
    for name in (*TYPES, *(f"{name}[]" for name in TYPES)):
        short = name.replace("[]", "s")
        for target in TARGETS:
            cast = f"{short}_{target.replace('[]', 's')}"
            sql(f"CREATE FUNCTION to_{cast}({name}) RETURNS {target} {TRAP}")
            sql(f"CREATE CAST ({name} AS {target}) WITH FUNCTION to_{cast}({name}) AS IMPLICIT")
            sql(f"CREATE FUNCTION from_{cast}({target}) RETURNS {name} {TRAP}")
            sql(f"CREATE CAST ({target} AS {name}) WITH FUNCTION from_{cast}({target})")
        for operator in ("=", "<>", "<", ">", "<=", ">=", "||", "~"):
            for other in (name, "text"):
                function = f"trap_{short}"
                sql(f"CREATE OR REPLACE FUNCTION {function}({name}, {other}) RETURNS boolean {TRAP}")
                operands = f"leftarg = {name}, rightarg = {other}"
                sql(f"CREATE OPERATOR {operator} ({operands}, function = {function})")
    for query in ("en::text", "to_jsonb(en)", "en = two", "comp::text", "'x'::text::mood", "en::float8"):
        assert sql.fails(f"SELECT {query} FROM t").message.startswith("run as"), query


def trained(sql: Session, driver: Driver, what: str, **options: str) -> None:
    """Trains, or is refused for the type."""
    query = driver.call(**options)
    if not refused(driver, what, options):
        sql(query)
        return
    error = sql.fails(query)
    assert error.sqlstate == "42804", error
    assert " is of type " in error.message, error


def refused(driver: Driver, what: str, options: dict[str, str]) -> bool:
    if what == "target":
        return driver.name in ("regr_train", "glm_train")
    if driver.name in ("correlation", "covariance"):
        return what == "features"
    return what == "features" and "comp" in options["features"] and driver.name != "summary"


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("name", GROUPED)
def test_groups(sql: Session, name: str, memory: int) -> None:
    """Those of a type of somebody else are those of a text."""
    sql(f"SET madpy.store_memory = {memory}")
    driver = DRIVERS[name]
    for group in ("en", "comp"):
        sql(driver.call(output=f"m_{group}", grouping_cols=group))
        sql(driver.call("plain", f"n_{group}", grouping_cols=group))
        columns = [c for (c,) in sql(
            f"SELECT attname FROM pg_attribute WHERE attrelid = 'm_{group}'::regclass"
            f" AND attnum > 0 AND attname <> '{group}'"
        )]  # fmt: skip
        same = ", ".join(f'"{column}"::text' for column in columns)
        text = f"format('%s', {group})"
        found = sorted(sql(f"SELECT {text}, {same} FROM m_{group}"), key=repr)
        assert found == sorted(sql(f"SELECT {text}, {same} FROM n_{group}"), key=repr)
        use(sql, name, f"m_{group}", f"n_{group}")


def use(sql: Session, name: str, model: str, other: str) -> None:
    """Everything that takes the model, over t and over plain."""
    for function, (training, more) in USES.items():
        if training != name:
            continue
        if not more:
            query = f"SELECT * FROM madlib.{function}('{{}}')"
            assert repr(sql(query.format(model))) == repr(sql(query.format(other)))
            continue
        made = f"SELECT madlib.{function}('{{}}', '{{}}', '{{}}')"
        sql(made.format(model, "t", "p"))
        sql(made.format(other, "plain", "q"))
        kind = "VIEW" if function.endswith("view") else "TABLE"
        columns = "id, prediction" if "kmeans" not in function else "id, cluster_id"
        answers = [sorted(sql(f"SELECT {columns} FROM {table}"), key=repr) for table in ("p", "q")]
        assert answers[0] == answers[1] and answers[0] != []
        sql(f"DROP {kind} p; DROP {kind} q")


@pytest.mark.parametrize("memory", [0, 100000])
@pytest.mark.parametrize("name", DRIVERS)
def test_features(sql: Session, name: str, memory: int) -> None:
    sql(f"SET madpy.store_memory = {memory}")
    driver = DRIVERS[name]
    for number, features in enumerate(("a, en", "en, a, two", "comp, a")):
        model = f"m{number}"
        trained(sql, driver, "features", output=model, features=features)
        if not refused(driver, "features", {"features": features}):
            sql(driver.call("plain", f"n{number}", features=features))
            use(sql, name, model, f"n{number}")


@pytest.mark.parametrize("name", ["nb_train", "dtree_train"])
def test_categories(sql: Session, name: str) -> None:
    """Named as such, over every type."""
    driver = DRIVERS[name]
    sql(driver.call(features="a, en, two", categorical_cols="en"))
    error = sql.fails(driver.call(output="n", features="a, comp", categorical_cols="comp"))
    assert error.sqlstate == "42804"


@pytest.mark.parametrize("name", [name for name in DRIVERS if DRIVERS[name].target])
def test_targets(sql: Session, name: str) -> None:
    driver = DRIVERS[name]
    for target in ("two", "comp", "en"):
        if name == "logregr_train" and target == "en":
            assert "more than 2 distinct values" in sql.fails(driver.call(target=target)).message
            continue
        trained(sql, driver, "target", output=f"m_{target}", target=target)
        if name not in ("regr_train", "glm_train"):
            sql(driver.call("plain", f"n_{target}", target=target))
            for function, (training, more) in USES.items():
                if training == name and more:
                    sql(f"SELECT madlib.{function}('m_{target}', 't', 'p')")
                    kind = "VIEW" if function.endswith("view") else "TABLE"
                    assert sql("SELECT count(*) FROM p WHERE prediction IS NULL") == [(0,)]
                    sql(f"DROP {kind} p")
                elif training == name:
                    sql(f"SELECT * FROM madlib.{function}('m_{target}')")


@pytest.mark.parametrize("name", DRIVERS)
def test_a_domain_within_a_type(sql: Session, name: str) -> None:
    """Its constraints would be run as values are read from text."""
    sql(f"CREATE FUNCTION trap(integer) RETURNS boolean {TRAP}")
    sql("CREATE DOMAIN inner_d AS integer; CREATE TYPE outer_c AS (i inner_d)")
    sql("CREATE TABLE u AS SELECT *, ROW(id % 2)::outer_c AS c, ARRAY[id % 2]::inner_d[] AS d FROM t")
    sql("ALTER DOMAIN inner_d ADD CHECK (trap(VALUE)) NOT VALID")
    driver = DRIVERS[name]
    for column in ("c", "d") if driver.has_groups else ():
        error = sql.fails(driver.call("u", grouping_cols=column))
        assert error.sqlstate == "42804"
        assert error.message.endswith("which is made of the domain inner_d"), error
    if driver.target:
        error = sql.fails(driver.call("u", target="c"))
        assert error.sqlstate == "42804"
        assert " is of type outer_c" in error.message, error


@pytest.mark.parametrize("name", [name for name in DRIVERS if name.endswith("_train")])
def test_predictions_over_a_table_of_other_types(sql: Session, name: str) -> None:
    """A feature that was a number is a column of somebody's type there."""
    driver = DRIVERS[name]
    sql(driver.call(output="numbers"))
    sql("CREATE VIEW arrays AS SELECT *, ARRAY[a, b] AS x FROM t")
    sql(driver.call("arrays", "vector", features="x"))
    for function, (training, more) in USES.items():
        for model in ("numbers", "vector"):
            if training == name and more:
                error = sql.fails(f"SELECT madlib.{function}('{model}', 'twisted', 'p')")
                assert error.sqlstate == "42804"
                assert " is of type " in error.message, error
        if training == name and more:
            error = sql.fails(f"SELECT madlib.{function}('numbers', 'twisted', 'p', 'a, y')")
            assert error.sqlstate in ("42804", "22023"), error
            assert not error.message.startswith("run as")


@pytest.mark.parametrize("column", ["terms", "centroids", "distance", "feature_names", "classes", "model"])
def test_summaries_with_columns_of_other_types(sql: Session, column: str) -> None:
    """Somebody's table beside a model: its columns are looked at before they are read."""
    for name, driver in DRIVERS.items():
        if not name.endswith("_train"):
            continue
        sql(driver.call(output=name))
        there = f"attrelid = '{name}_summary'::regclass AND attname = '{column}'"
        if not sql(f"SELECT FROM pg_attribute WHERE {there}"):
            continue
        sql(f"ALTER TABLE {name}_summary DROP {column}, ADD {column} pair DEFAULT ROW(1, 'x')::pair")
        for function, (training, more) in USES.items():
            if training == name and more:
                try:
                    sql(f"SELECT madlib.{function}('{name}', 't', 'p_{function}')")
                except Exception as error:
                    assert "run as" not in str(error)
