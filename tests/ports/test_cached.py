"""A function finds what it cached for an argument only if the value is the same."""

import pytest

from tests.session import Session

CALLS = {
    "dtree_predict": "madlib.dtree_predict(m.dtree, ARRAY[10.0::float8])",
    "dtree_predict_prob": "(SELECT class FROM madlib.dtree_predict_prob(m.dtree, ARRAY[10.0::float8])"
    " ORDER BY probability DESC LIMIT 1)",
    "dtree_predict_number": "madlib.dtree_predict_number(m.dtree_number, ARRAY[10.0::float8])",
    "nb_predict": "madlib.nb_predict(m.nb, ARRAY[10.0::float8])",
    "nb_predict_prob": "(SELECT class FROM madlib.nb_predict_prob(m.nb, ARRAY[10.0::float8])"
    " ORDER BY probability DESC LIMIT 1)",
    "__level_code of a text": "madlib.__level_code('b'::text, m.texts)",
    "__level_code of an integer": "madlib.__level_code(2::bigint, m.integers)",
}
KINDS = {"dtree": "bytea", "dtree_number": "bytea", "nb": "bytea", "texts": "text[]", "integers": "bigint[]"}
# what each call gives for the first and the second row: trained on data that are each other's opposite
WANTED = {
    "dtree_predict": ("low", "HIGH"),
    "dtree_predict_prob": ("low", "HIGH"),
    "dtree_predict_number": (1, 7),
    "nb_predict": ("low", "HIGH"),
    "nb_predict_prob": ("low", "HIGH"),
    "__level_code of a text": (0, 1),
    "__level_code of an integer": (1, 0),
}


@pytest.fixture
def models(sql: Session) -> None:
    """Two rows of models m and of lists of levels; in both the right answer differs, the length may not."""
    sql(
        """
        CREATE TABLE s1 AS SELECT i::float8 AS x, CASE WHEN i < 50 THEN 'low' ELSE 'high' END AS c,
                                  CASE WHEN i < 50 THEN 1.0 ELSE 7 END AS y FROM generate_series(1, 100) AS i;
        CREATE TABLE s2 AS SELECT x, CASE c WHEN 'low' THEN 'HIGH' ELSE 'LOW' END AS c, 8 - y AS y FROM s1
        """
    )
    for n in (1, 2):
        sql(f"SELECT madlib.dtree_train('s{n}', 'd{n}', 'c', 'x')")
        sql(f"SELECT madlib.dtree_train('s{n}', 'r{n}', 'y', 'x')")
        sql(f"SELECT madlib.nb_train('s{n}', 'b{n}', 'c', 'x')")
    rows = [
        f"SELECT {n} AS n, d.model AS dtree, r.model AS dtree_number, b.model AS nb, {texts} AS texts,"
        f" {integers} AS integers FROM d{n}_summary AS d, r{n}_summary AS r, b{n}_summary AS b"
        for n, texts, integers in (
            (1, "ARRAY['b','a']", "ARRAY[1,2]::bigint[]"),
            (2, "ARRAY['a','b']", "ARRAY[2,1]::bigint[]"),
        )
    ]
    sql(f"CREATE TABLE models AS {' UNION ALL '.join(rows)}")


@pytest.fixture(params=CALLS)
def case(request: pytest.FixtureRequest, models: None) -> tuple[str, str, list[tuple[int, object]]]:
    """The call over a row m, its argument that is kept, and the right answers in turn."""
    name: str = request.param
    column = next(c for c in sorted(KINDS, key=len, reverse=True) if f"m.{c}" in CALLS[name])
    first, second = WANTED[name]
    return CALLS[name], column, [(1, first), (2, second)]


def test_a_variable_of_plpgsql(sql: Session, case: tuple) -> None:
    """PL/pgSQL keeps an expression for the transaction, and gives it another value in each call and turn."""
    call, column, wanted = case
    body = call.replace(f"m.{column}", "given")
    sql(
        f"CREATE FUNCTION pick(given {KINDS[column]}) RETURNS text LANGUAGE plpgsql AS"
        f" $$ BEGIN RETURN {body}; END $$"
    )
    answers = sql(f"SELECT n, pick({column}) FROM models ORDER BY n")
    assert answers == [(n, f"{answer}") for n, answer in wanted]
    sql(
        f"""
        CREATE FUNCTION turns() RETURNS SETOF text LANGUAGE plpgsql AS $$
        DECLARE given {KINDS[column]}; i integer;
        BEGIN
            FOR i IN 1 .. 4 LOOP
                SELECT {column} INTO given FROM models WHERE n = 1 + i % 2;
                RETURN NEXT {body};
            END LOOP;
        END $$
        """
    )
    assert sql("SELECT turns()") == [(f"{wanted[i % 2][1]}",) for i in range(1, 5)]


@pytest.mark.parametrize("kind", ["STABLE", "VOLATILE"])
def test_a_function_of_sql(sql: Session, case: tuple, kind: str) -> None:
    """Inlined, and not."""
    call, column, wanted = case
    body = call.replace(f"m.{column}", "$1")
    sql(
        f"CREATE FUNCTION pick({KINDS[column]}) RETURNS text LANGUAGE sql {kind} AS"
        f" $$ SELECT ({body})::text $$"
    )
    assert sql(f"SELECT n, pick({column}) FROM models ORDER BY n") == [(n, f"{a}") for n, a in wanted]


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
def test_a_prepared_statement(sql: Session, case: tuple, mode: str) -> None:
    call, column, wanted = case
    sql(f"SET plan_cache_mode = {mode}")
    sql(f"PREPARE one ({KINDS[column]}) AS SELECT {call.replace(f'm.{column}', '$1')}")
    for n, answer in wanted * 2:
        literal = sql.value(f"SELECT quote_literal({column}::text) FROM models WHERE n = {n}")
        assert sql.value(f"EXECUTE one ({literal})") == answer
    sql("DEALLOCATE one")


def test_rows_in_turn(sql: Session, case: tuple) -> None:
    """A column, LATERAL, UNION, a cursor, a subquery of each row, a value decompressed or put together."""
    call, column, wanted = case
    turns = [wanted[i % 2] for i in range(8)]
    many = "(SELECT m.*, i FROM models AS m, generate_series(1, 4) AS i) AS m"
    order = "ORDER BY i, n"
    assert sql(f"SELECT n, {call} FROM {many} {order}") == turns
    assert sql(f"SELECT n, l.a FROM {many}, LATERAL (SELECT {call} AS a OFFSET 0) AS l {order}") == turns
    one = f"SELECT n, {call} FROM models AS m WHERE n = "
    assert sorted(sql(f"{one} 1 UNION ALL {one} 2")) == wanted
    inner = f"(SELECT k.{column} FROM models AS k WHERE k.n = m.n OFFSET 0)"
    assert sql(f"SELECT n, {call.replace(f'm.{column}', inner)} FROM {many} {order}") == turns
    if KINDS[column] == "bytea":
        whole = f"substr(m.{column}, 1, 9) || substr(m.{column}, 10)"
        assert sql(f"SELECT n, {call.replace(f'm.{column}', f'({whole})')} FROM {many} {order}") == turns
    sql("BEGIN")
    sql(f"DECLARE c CURSOR FOR SELECT n, {call} FROM {many} {order}")
    assert [sql("FETCH c")[0] for _ in turns] == turns
    sql("ROLLBACK")


def test_an_error_leaves_what_was_kept(sql: Session, models: None) -> None:
    """A damaged model in a loop that catches the error, then the one before it again."""
    sql(
        """
        CREATE FUNCTION models_in_turn() RETURNS SETOF text LANGUAGE plpgsql AS $$
        DECLARE given bytea; whole bytea := (SELECT dtree FROM models WHERE n = 1); i integer;
        BEGIN
            FOR i IN 1 .. 4 LOOP
                given := CASE WHEN i % 2 = 1 THEN whole ELSE set_byte(whole, 40, 77) END;
                BEGIN
                    RETURN NEXT madlib.dtree_predict(given, ARRAY[10.0::float8]);
                EXCEPTION WHEN invalid_binary_representation THEN
                    RETURN NEXT SQLERRM;
                END;
            END LOOP;
        END $$
        """
    )
    answers = sql.value("SELECT array_agg(answer) FROM models_in_turn() AS answer")
    damaged = "this model is damaged: its checksum is wrong"
    assert answers == ["low", damaged, "low", damaged]
