"""Only expressions over the source, with the caller's rights; nothing read from a table is executed."""

import json

import pytest

from tests.regr.call import call

HOSTILE = 'a") from pg_shadow; --'
QUOTED = '"a"") from pg_shadow; --"'


@pytest.fixture(autouse=True)
def data(sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS a, sin(i) AS y, i % 2 AS g FROM generate_series(1, 20) AS i")


@pytest.mark.parametrize(
    "text",
    [
        "a; DROP TABLE t",
        "a) FROM t; DROP TABLE t; --",
        "a FROM pg_shadow --",
        "a INTO stolen",
        "a, (SELECT 1) UNION SELECT 2",
        "a ORDER BY 1",
        "a LIMIT 1",
        "a WHERE true",
        "DISTINCT a",
        "ALL a",
        "a AS b",
        "a b",
        "*",
        "t.*",
        "a /*",
        "'a",
        '"a',
        "a,,y",
        ",",
        "ARRAY[]",
        "ARRAY[ARRAY[a]]",
        "\\",
    ],
)
@pytest.mark.parametrize("argument", ["features", "target", "weights", "grouping_cols"])
def test_a_list_of_expressions_and_nothing_else(sql, refuses, argument, text):
    error = refuses(**{"features": "a", argument: text})
    assert (error.sqlstate, error.message.split(":")[1].strip()) == ("42601", argument)
    assert error.hint
    assert sql.value("SELECT count(*) FROM t") == 20


@pytest.mark.parametrize("text", ["a -- and so on", "a /* and so on */", "/* so */ a", "a\n--\n"])
def test_a_comment_swallows_nothing(train, text):
    plain = train("a", output="plain")
    assert train(f"ARRAY[1, {text}\n]")["coef"] == train(text, text.replace("a", "y", 1), output="n")["coef"]
    assert plain["df_model"] == 1


@pytest.mark.parametrize(
    ("text", "sqlstate", "message"),
    [
        ("sum(a)", "42803", "an aggregate function cannot be used here"),
        ("count(*) FILTER (WHERE a > 1)", "42803", "an aggregate function cannot be used here"),
        ("lag(a) OVER (ORDER BY a)", "42P20", "a window function cannot be used here"),
        ("generate_series(1, 3)", "0A000", "a function that returns a set cannot be used here"),
        ("$1", "42P02", "there is no parameter $1"),
        ("pg_shadow.usesysid", "42P01", 'missing FROM-clause entry for table "pg_shadow"'),
    ],
)
@pytest.mark.parametrize("argument", ["features", "target", "weights"])
def test_an_expression_is_about_one_row(refuses, argument, text, sqlstate, message):
    error = refuses(**{"features": "a", argument: text})
    assert (error.sqlstate, error.message) == (sqlstate, f"regr_train: {argument}: {message}")


def test_a_column_named_as_an_attack(sql, schema):
    """A column named as an attack works as a name in every place that takes one."""
    sql(f"CREATE TABLE {QUOTED} AS SELECT a AS {QUOTED}, y AS z FROM t")
    sql(call(QUOTED, "z", QUOTED, '"m""; DROP TABLE t; --"'))
    names = 'SELECT feature_names FROM "m""; DROP TABLE t; --"'
    assert sql.value(names) == ["(Intercept)", HOSTILE]
    made = f"SELECT * FROM madlib.regr_predict('\"m\"\"; DROP TABLE t; --\"', '{QUOTED}', 'p')"
    assert sql(made) == [(f"{schema}.p", 20, 0)]
    assert sql.value("SELECT count(*) FROM t") == 20


@pytest.fixture
def reader(sql, role, schema):
    """A role with a schema of its own; it may read table t, not `secret`, and of `part` not g."""
    sql(
        f"""
        CREATE TABLE secret AS SELECT a, y AS v FROM t;
        CREATE TABLE part AS SELECT * FROM t;
        CREATE SCHEMA {schema}_own AUTHORIZATION {role};
        GRANT USAGE ON SCHEMA {schema} TO {role};
        GRANT SELECT ON t TO {role};
        GRANT SELECT (a, y) ON part TO {role};
        SET ROLE {role};
        SET search_path = {schema}_own, {schema};
        """
    )
    yield role
    sql(f"RESET ROLE; DROP SCHEMA {schema}_own CASCADE")


def test_a_plain_role_trains_and_predicts(sql, reader, schema):
    (row,) = sql.rows(call("a"))
    assert (row["output_table"], row["trained_by"]) == (f"{schema}_own.m", reader)
    sql(call("a", output="robust", grouping_cols="g", robust=True, heteroskedasticity_option=True))
    sql("SELECT madlib.regr_predict('m', 't', 'p'); SELECT * FROM madlib.regr_summary('m')")
    owners = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = current_schema()"
    assert sql(owners) == [(reader,)]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"source": "secret", "target": "v"}, 'table "secret"'),
        ({"source": "part", "features": "g"}, "table part"),
        ({"source": "part", "grouping_cols": "g"}, "table part"),
        ({"source": "part", "weights": "g"}, "table part"),
        ({"features": "(SELECT max(v) FROM secret)"}, "table secret"),
        ({"features": "ARRAY[1, (SELECT max(v) FROM secret)]"}, "table secret"),
        ({"target": "y + (SELECT max(v) FROM secret)"}, "table secret"),
        ({"weights": "(SELECT count(*) FROM pg_authid)"}, "table pg_authid"),
        ({"features": "length(pg_read_file('PG_VERSION'))"}, "function pg_read_file"),
    ],
)
def test_nobody_reads_what_he_may_not(reader, refuses, arguments, what):
    error = refuses(**{"features": "a"} | arguments)
    assert error.sqlstate == "42501"
    assert error.message.endswith(f"permission denied for {what}")


def test_where_a_role_may_not_write(reader, refuses, schema):
    error = refuses("a", output=f"{schema}.m")
    assert (error.sqlstate, error.message) == (
        "42501",
        f'regr_train: permission denied for schema "{schema}"',
    )
    assert (
        error.hint == f"Choose another schema, or ask its owner for GRANT USAGE, CREATE ON SCHEMA {schema}."
    )


def test_predict_and_summary_read_with_the_callers_rights(sql, reader, schema):
    sql("RESET ROLE")
    sql(f"SET search_path = {schema}")
    sql(call("a"))
    sql(f"SET ROLE {reader}; SET search_path = {schema}_own, {schema}")
    for statement in (
        "SELECT madlib.regr_predict('m', 't', 'p')",
        "SELECT madlib.regr_predict('t', 'secret', 'p')",
        "SELECT madlib.regr_summary('m')",
    ):
        assert sql.fails(statement).sqlstate in ("42501", "42809"), statement
    assert sql.value("SELECT to_regclass('p')") is None


@pytest.fixture
def model(sql):
    sql(call("a"))


def term(**changes) -> str:
    """SQL of a model's terms with the second one changed."""
    whole = {"kind": "number", "name": "a", "column": "a", "level": None} | changes
    return f"jsonb_set(terms, '{{terms,1}}', $json${json.dumps(whole)}$json$)"


@pytest.mark.parametrize(
    "terms",
    [
        term(column="a FROM secret; DROP TABLE t; --"),
        term(column='y"'),
        term(column=["a"]),
        term(column=None),
        term(kind="expression"),
        term(kind="expression", column=None, name="1; DROP TABLE t"),
        term(kind="vector"),
        term(kind="vector", column='a") FROM t; --'),
        term(kind="level", column="g", level="'); DROP TABLE t; --"),
        term(kind=["level"]),
        term(kind="nothing"),
        term(name=7),
        term(more=True),
        "jsonb_set(terms, '{terms,1}', '7')",
        "jsonb_set(terms, '{terms}', '[]')",
        """jsonb_set(terms, '{terms}', '"x"')""",
        "jsonb_set(terms, '{references}', '3')",
        "terms - 'references'",
        "(repeat('[', 2000) || repeat(']', 2000))::jsonb",
        "'[1]'",
        "'null'",
        "NULL",
    ],
)
def test_a_tampered_model_is_an_error(sql, model, terms):
    """Whoever may write to a model's tables runs nothing with them in the session of one who predicts."""
    sql(f"UPDATE m_summary SET terms = ({terms})::jsonb")
    error = sql.fails("SELECT madlib.regr_predict('m', 't', 'p')")
    assert error.message.startswith("regr_predict: "), error
    assert error.sqlstate != "42601"
    assert sql.value("SELECT to_regclass('p')") is None
    assert sql.value("SELECT count(*) FROM t") == 20


def test_a_summary_without_a_row_or_a_column(sql, model):
    sql("DELETE FROM m_summary")
    assert sql.fails("SELECT madlib.regr_predict('m', 't', 'p')").sqlstate == "22P02"
    sql("ALTER TABLE m_summary DROP terms")
    assert sql.fails("SELECT madlib.regr_predict('m', 't', 'p')").sqlstate == "42703"
    sql("DROP TABLE m_summary")
    error = sql.fails("SELECT madlib.regr_predict('m', 't', 'p')")
    assert (error.sqlstate, error.hint) == (
        "42P01",
        "Keep the two tables that regr_train makes in one schema, under their names.",
    )


@pytest.mark.parametrize("coef", ["{}", "{1}", "{1,2,3}", "{{1,2}}"])
def test_coefficients_that_do_not_fit(sql, model, coef):
    sql(f"UPDATE m SET coef = '{coef}'")
    error = sql.fails("SELECT madlib.regr_predict('m', 't', 'p')")
    assert (error.sqlstate, error.message[:14]) == ("2202E", "regr_predict: ")


def test_row_security(sql, reader, refuses):
    """Where it is off a query fails that it would cut; where it is on one trains on what one may see."""
    sql("RESET ROLE; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (g = 1)")
    sql(f"SET ROLE {reader}; SET row_security = off")
    error = refuses("a")
    assert error.sqlstate == "42501"
    assert error.hint == "Set row_security to on to read only the rows that you may see."
    sql("SET row_security = on")
    assert sql.rows(call("a"))[0]["num_rows_processed"] == 10


def test_a_table_that_looks_like_a_model(sql, model):
    sql("CREATE TABLE alike AS SELECT coef, std_err, t_stats, feature_names FROM m")
    error = sql.fails("SELECT madlib.regr_summary('alike')")
    assert (error.sqlstate, error.message) == (
        "42809",
        'regr_summary: table "alike" is not a model of regr_train',
    )


def test_a_model_without_a_row(sql, model):
    """There is no group then that a row could be of."""
    sql("TRUNCATE m")
    for features in ("NULL", "'a'", "'ARRAY[1, a]'"):
        sql("DROP TABLE IF EXISTS p")
        made = sql(
            f"SELECT num_rows, num_null_predictions FROM madlib.regr_predict('m', 't', 'p', {features})"
        )
        assert made == [(20, 20)]
    assert sql("SELECT madlib.regr_summary('m')") == []


@pytest.mark.parametrize("part", ["regr_fit", "__mregr_coef", "__mregr_r2", "__regr_constants"])
@pytest.mark.parametrize(
    ("kernel", "state"),
    [
        ("meat", "meat_state(1, ARRAY[1, 2], 1, ARRAY[1, 2])"),
        ("column_moments", "column_moments_state(ARRAY[1, 2])"),
        ("logregr", "logregr_state(1, array_fill(1.0, ARRAY[50]), array_fill(1.0, ARRAY[150]))"),
        ("nb", "nb_state(0, ARRAY[0, 0, 0], ARRAY[1, 1, 1, 1, 0, 0, 0, 0])"),
        ("kmeans", "kmeans_state(array_fill(0.5, ARRAY[900]), array_fill(1.0, ARRAY[1804]))"),
    ],
)
def test_a_state_of_another_method(sql, part, kernel, state):
    """Its bytes are no moments of a target: they are not read as such."""
    error = sql.fails(f"SELECT madlib.{part}(madlib.{state})")
    assert (error.sqlstate, error.message) == (
        "22023",
        f'a state of the kernel "{kernel}" has no target to regress',
    )
