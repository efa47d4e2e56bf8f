"""Lists of expressions, taken apart by the server's grammar: items mean what they meant in the list."""

import random

import pg
import pytest


def quoted(text: str) -> str:
    return "$list$" + text + "$list$"


def parse(sql, text: str) -> tuple[bool, list[str], list[str | None]]:
    return sql(f"SELECT * FROM madlib.__parse_list({quoted(text)})")[0]


@pytest.fixture
def t(sql):
    """One row, with names that need quotes and some that look like SQL."""
    sql(
        """
        CREATE TABLE t (a int, b float8, c text, "Cap" int, "fixed acidity" float8, "a,b" int, "x""y" int,
                        "naïve (日本)" int, arr float8[], "end" int, "a"") from pg_shadow; --" int);
        INSERT INTO t VALUES (1, 2.5, 'c', 3, 4.5, 5, 6, 7, '{8,9,10}', 11, 12)
        """
    )
    return sql


LISTS = [
    ("a", ["a"]),
    ("a, b", ["a", "b"]),
    ("  a  ,\n\tb\n", ["a", "b"]),
    ("a + 1, (a, b), a * (b - 1)", ["a + 1", "(a, b)", "a * (b - 1)"]),
    ("coalesce(a, b), greatest(a, b, 3)", ["coalesce(a, b)", "greatest(a, b, 3)"]),
    ("'x, y', 'it''s; ]', ')('", ["'x, y'", "'it''s; ]'", "')('"]),
    (r"E'a\', b', E'\\', U&'d\0061t'", [r"E'a\', b'", r"E'\\'", r"U&'d\0061t'"]),
    ("$$a, b$$, $q$]; $$ $q$", ["$$a, b$$", "$q$]; $$ $q$"]),
    ("B'101', X'1F'", ["B'101'", "X'1F'"]),
    ("a /* , b */, b -- , c", ["a /* , b */", "b -- , c"]),
    ("a -- one, two\n, b", ["a -- one, two", "b"]),
    ("/* /* nested, */ , */ a, b", ["a", "b"]),
    ('"Cap", "a,b", "x""y", "fixed acidity"', ['"Cap"', '"a,b"', '"x""y"', '"fixed acidity"']),
    ('"naïve (日本)", \'é, ü\'', ['"naïve (日本)"', "'é, ü'"]),
    ('"a"") from pg_shadow; --", a', ['"a"") from pg_shadow; --"', "a"]),
    ("arr[1], arr[2:3], (arr)[a + 1]", ["arr[1]", "arr[2:3]", "(arr)[a + 1]"]),
    ("ARRAY[1, 2], a", ["ARRAY[1, 2]", "a"]),
    ("ARRAY[1, 2]::float8[], a", ["ARRAY[1, 2]::float8[]", "a"]),
    ("(ARRAY[a, b])[1]", ["(ARRAY[a, b])[1]"]),
    ("(ARRAY[a, b])", ["(ARRAY[a, b])"]),
    ("ARRAY[a] || ARRAY[2]", ["ARRAY[a] || ARRAY[2]"]),
    ("ARRAY(SELECT 1), a", ["ARRAY(SELECT 1)", "a"]),
    ("a::text, b::numeric(10, 2)", ["a::text", "b::numeric(10, 2)"]),
    ("CAST(a AS varchar(3)), a", ["CAST(a AS varchar(3))", "a"]),
    ("CASE WHEN a > 0 THEN 1 ELSE 2 END, a", ["CASE WHEN a > 0 THEN 1 ELSE 2 END", "a"]),
    ("a IN (1, 2), b BETWEEN 1 AND 3, NOT a = 2", ["a IN (1, 2)", "b BETWEEN 1 AND 3", "NOT a = 2"]),
    ("a <> 2, -a, @ b, a IS DISTINCT FROM 3", ["a <> 2", "-a", "@ b", "a IS DISTINCT FROM 3"]),
    ("a OPERATOR(pg_catalog.+) 1, b", ["a OPERATOR(pg_catalog.+) 1", "b"]),
    ("(SELECT max(x) FROM (VALUES (1), (2)) v (x)), a",
     ["(SELECT max(x) FROM (VALUES (1), (2)) v (x))", "a"]),
    ("extract(year FROM date '2020-02-02'), substring(c FROM 1 FOR 1)",
     ["extract(year FROM date '2020-02-02')", "substring(c FROM 1 FOR 1)"]),
    ("ROW(a, b), t.a, t", ["ROW(a, b)", "t.a", "t"]),
    ("NULL, true, 1e-3, .5, 1.", ["NULL", "true", "1e-3", ".5", "1."]),
    ("interval '1 day', timestamp '2000-01-01' AT TIME ZONE 'UTC'",
     ["interval '1 day'", "timestamp '2000-01-01' AT TIME ZONE 'UTC'"]),
    ('c COLLATE "C", a', ['c COLLATE "C"', "a"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "items"), LISTS)
def test_items_as_written(t, text, items):
    """And they mean the same one by one as together."""
    is_array, found, _ = parse(t, text)
    assert (is_array, found) == (False, items)
    together = t(f"SELECT {text}\nFROM t")[0]
    one_by_one = tuple(t.value(f"SELECT ({item}\n) FROM t") for item in found)
    assert one_by_one == together


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("ARRAY[1, a, b + 1]", ["1", "a", "b + 1"]),
        ("array [ 1 ,a ]", ["1", "a"]),
        ("/* as, written */ ARRAY /* here */ [a, b] -- the end", ["a", "b"]),
        ("\f ARRAY[a]", ["a"]),
        ("ARRAY[arr[1], arr[2], (arr)[3]]", ["arr[1]", "arr[2]", "(arr)[3]"]),
        (
            "ARRAY[coalesce(a, b), CASE WHEN a IN (1, 2) THEN 1 END]",
            ["coalesce(a, b)", "CASE WHEN a IN (1, 2) THEN 1 END"],
        ),
        ('ARRAY["a,b", "x""y", "naïve (日本)"]', ['"a,b"', '"x""y"', '"naïve (日本)"']),
        ("ARRAY[a -- ], b\n, b]", ["a -- ], b", "b"]),
        ("ARRAY[(SELECT 1 FROM t LIMIT 1), (a)]", ["(SELECT 1 FROM t LIMIT 1)", "(a)"]),
    ],
)
def test_an_array_is_its_elements(t, text, items):
    is_array, found, _ = parse(t, text)
    assert (is_array, found) == (True, items)
    one_by_one = [t.value(f"SELECT ({item}\n) FROM t") for item in found]
    assert one_by_one == t.value(f"SELECT {text}\nFROM t")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a, A, \"Cap\", Cap", ["a", "a", "Cap", "cap"]),
        ("(a), a + 1, t.a, 1, +a", ["a", None, None, None, None]),
        ('"a"") from pg_shadow; --", "end"', ['a") from pg_shadow; --', "end"]),
        ("ÄÖ, naïve", ["ÄÖ", "naïve"]),
        ('U&"d\\0061t", "a"', ["dat", "a"]),
        ("ARRAY[a, 1, b]", ["a", None, "b"]),
        ("current_user, true", [None, None]),
    ],
)  # fmt: skip
def test_bare_columns_have_names(t, text, columns):
    assert parse(t, text)[2] == columns


REFUSED = "is not a list of expressions"
MORE = "It holds more than expressions."


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", MORE),
        ("  \n", MORE),
        ("-- a", MORE),
        ("/* a */", MORE),
        ("a FROM t", MORE),
        ("a WHERE true", MORE),
        ("a GROUP BY a", MORE),
        ("a HAVING true", MORE),
        ("a WINDOW w AS ()", MORE),
        ("a ORDER BY 1", MORE),
        ("a LIMIT 1", MORE),
        ("a LIMIT ALL", MORE),
        ("a OFFSET 1", MORE),
        ("a FETCH FIRST ROW ONLY", MORE),
        ("a FOR UPDATE", MORE),
        ("DISTINCT a", MORE),
        ("DISTINCT ON (a) b", MORE),
        ("a AS b", 'It gives an expression the name "b".'),
        ("a, b c", 'It gives an expression the name "c".'),
        ("*", "A star is not an expression."),
        ("a, t.*", "A star is not an expression."),
        ("(t).*", "A star is not an expression."),
        ("ARRAY[]", "Its parts cannot be told apart."),
        ("ARRAY[[1, 2], [3, 4]]", "An array of one dimension is needed."),
        ("ARRAY[a, ARRAY[b]]", "An array of one dimension is needed."),
    ],
)
def test_what_is_no_list(sql, text, detail):
    error = sql.fails(f"SELECT madlib.__parse_list({quoted(text)})")
    assert (error.sqlstate, error.message, error.detail) == ("42601", f'"{text}" {REFUSED}', detail)
    assert error.hint.startswith("Separate expressions by commas; write a name with capitals, spaces or")


@pytest.mark.parametrize(
    "text",
    [
        "a;",
        "a; DROP TABLE t",
        ";",
        ",",
        "a,",
        ",a",
        "a,,b",
        "(a",
        "a)",
        "a) FROM pg_shadow; --",
        "a]",
        "ARRAY[a",
        "ARRAY[a,]",
        "ARRAY[*]",
        "'a",
        '"a',
        "$$a",
        "E'\\'",
        "a /* b",
        '""',
        "SELECT a",
        "a UNION SELECT b",
        "a UNION ALL SELECT b",
        "VALUES (1)",
        "TABLE t",
        "a INTO b",
        "ALL a",
        "ALL a, b",
        "a FOR READ ONLY",
        "a, b FOR READ ONLY",
        "ALL ARRAY[a]",
        "ARRAY[a] FOR READ ONLY",
        "a := 1",
        "fixed acidity high",
        "a b c",
        "\\",
        "a\\; DROP TABLE t",
        "end",
        "DROP TABLE t",
        "a <",
        "CASE WHEN a THEN b",
    ],
)
def test_what_is_no_sql(sql, text):
    assert sql.fails(f"SELECT madlib.__parse_list({quoted(text)})").sqlstate == "42601"


def test_null_is_null(sql):
    assert sql("SELECT * FROM madlib.__parse_list(NULL)") == [(None, None, None)]


@pytest.mark.parametrize("strings", ["on", "off"])
def test_a_backslash_is_what_the_session_takes_it_for(sql, strings):
    """With standard_conforming_strings off, the quote behind a backslash does not end a string."""
    sql(f"SET standard_conforming_strings = {strings}; SET escape_string_warning = off")
    text = r"'a\', b'"
    if strings == "on":
        assert sql.fails(f"SELECT madlib.__parse_list({quoted(text)})").sqlstate == "42601"
    else:
        assert parse(sql, text)[1] == [text]


def test_very_long_lists(sql):
    names = [f'"column, {i}"' for i in range(20_000)]
    _, items, columns = parse(sql, ", ".join(names))
    assert items == names
    assert columns[-1] == "column, 19999"
    assert parse(sql, f"ARRAY[{', '.join(names)}]")[:2] == (True, names)
    assert parse(sql, " + ".join(["a"] * 20_000))[1] == [" + ".join(["a"] * 20_000)]


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "(" * 100_000 + "a" + ")" * 100_000, "-" + " -" * 100_000 + " a"]
)
def test_a_depth_of_no_use_is_an_error(sql, text):
    pid = sql.connection.backend_pid
    assert sql.fails(f"SELECT madlib.__parse_list({quoted(text)})").sqlstate in ("42601", "54001")
    assert sql.value("SELECT pg_backend_pid()") == pid


def test_a_long_name_is_cut_as_everywhere(sql):
    assert parse(sql, "a" * 100)[2] == ["a" * 63]


TOKENS = [
    *("a", "b", "arr", '"Cap"', "1", "'x,'", "NULL", "E'\\'", "$$"),
    *(",", ",", ",", "(", ")", "[", "]", "ARRAY[", "coalesce(", "CASE", "END", "+", "-", "*", ".", "::text"),
    *("/*", "*/", "-- x\n", ";", "ALL", "AS", "FROM t"),
]


def outcome(sql, expression: str) -> str:
    """The value of an expression over t, or the code of its error."""
    try:
        return str(sql.value(f"SELECT {expression} FROM t"))
    except pg.DatabaseError as error:
        return str(error.sqlstate)


def test_any_mixture_of_tokens(t):
    """A list that is accepted means the same item by item as in one; one that is not has the same error."""
    generator = random.Random(11)
    taken = 0
    for _ in range(4000):
        text = " ".join(generator.choices(TOKENS, k=generator.randint(1, 7)))
        try:
            is_array, items, _ = parse(t, text)
        except pg.DatabaseError as error:
            assert error.sqlstate == "42601", text
            continue
        taken += 1
        together = ", ".join(f"({item}\n)" for item in items)
        if is_array:
            assert outcome(t, f"{text}\n") == outcome(t, f"ARRAY[{together}]"), text
        else:
            assert outcome(t, f"ROW({text}\n)::text") == outcome(t, f"ROW({together})::text"), text
    assert taken > 100
