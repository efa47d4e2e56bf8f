"""Nothing of others is run, and columns of odd types are counted as their types would have it."""

import pytest

COLUMNS = {
    "dom": ("positive", "i % 4 + 1", 4),
    "en": ("mood", "(ARRAY['sad', 'ok', 'happy'])[i % 3 + 1]::mood", 3),
    "js": ("json", "json_build_object('a', i % 5)", 5),
    "jb": ("jsonb", "jsonb_build_object('a', i % 5)", 5),
    "xm": ("xml", "('<a>' || i % 6 || '</a>')::xml", 6),
    "arr": ("integer[]", "ARRAY[i % 7, NULL]", 7),
    "jarr": ("json[]", "ARRAY[json_build_array(i % 2)]", 2),
    "rng": ("int4range", "int4range(i % 3, 9)", 3),
    "mrng": ("int4multirange", "int4multirange(int4range(i % 3, 9))", 3),
    "comp": ("pair", "ROW(i % 4, 'x')::pair", 4),
    "pt": ("point", "point(i % 4, 1)", 4),
    "bx": ("box", "box(point(i % 4, 1), point(9, 9))", 4),
    "po": ("polygon", "polygon(box(point(i % 4, 1), point(9, 9)))", 4),
    "ln": ("line", "line(point(i % 4, 1), point(9, 9))", 4),
    "ci": ("circle", "circle(point(i % 4, 1), 1)", 4),
    "bt": ('bit(3)', "(i % 8)::bit(3)", 8),
    "vb": ("bit varying", "(i % 8)::bit(3)::bit varying", 8),
    "mo": ("money", "(i % 5)::money", 5),
    "iv": ("interval", "(i % 5) * interval '1 mon'", 5),
    "tz": ("time with time zone", "timetz '10:00+00' + (i % 5) * interval '1 h'", 5),
    "ma": ("macaddr", "('08:00:2b:01:02:0' || i % 9)::macaddr", 9),
    "ts": ("tsvector", "to_tsvector('simple', 'a' || i % 3)", 3),
    "tq": ("tsquery", "to_tsquery('simple', 'a' || i % 3)", 3),
    "nm": ("name", "('n' || i % 3)::name", 3),
    "ch": ('"char"', "chr(65 + i % 3)::\"char\"", 3),
    "oi": ("oid", "(i % 3)::oid", 3),
    "rc": ("regclass", "(ARRAY['pg_class', 'pg_type'])[i % 2 + 1]::regclass", 2),
    "jp": ("jsonpath", "('$.a' || i % 3)::jsonpath", 3),
    "xi": ("xid", "(i % 3)::text::xid", 3),
    "ti": ("tid", "('(0,' || i % 3 || ')')::tid", 3),
    "ls": ("pg_lsn", "('0/' || i % 3)::pg_lsn", 3),
}  # fmt: skip


@pytest.fixture
def t(sql):
    """2,310 rows with a column of each type, every eleventh value NULL."""
    sql("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE TYPE pair AS (a integer, b text)")
    sql("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
    columns = ", ".join(
        f"CASE WHEN i % 11 > 0 THEN ({value})::{type} END AS {name}"
        for name, (type, value, _) in COLUMNS.items()
    )
    sql(f"CREATE TABLE t AS SELECT i, sin(i) AS x, ('g' || i % 2)::varchar AS g, {columns}"
        " FROM generate_series(1, 2310) AS i")  # fmt: skip
    return sql


@pytest.mark.parametrize("estimates", [True, False])
def test_every_type(t, estimates):
    t(f"SELECT madlib.summary('t', 'o', get_estimates => {estimates})")
    found = {row["target_column"]: row for row in t.rows("SELECT * FROM o")}
    assert len(found) == len(COLUMNS) + 3
    for name, (type, _, distinct) in COLUMNS.items():
        row = found[name]
        assert (row["distinct_values"], row["missing_values"]) == (distinct, 210), name
        assert sum(row["mfv_frequencies"]) == 2100, name
        assert row["data_type"] == ("integer" if name == "dom" else type.replace("bit(3)", "bit")), name
        texts = t(f"SELECT DISTINCT {name}::text FROM t WHERE {name} IS NOT NULL")
        assert set(row["most_frequent_values"]) == {text for (text,) in texts}, name
        assert t.value(f"SELECT madlib.fmsketch_dcount({name}) FROM t") == distinct, name


@pytest.mark.parametrize("estimates", [True, False])
def test_nothing_of_others_is_run(t, loot, estimates):
    assert t.value("SELECT 'a'::varchar = 'b'::varchar") is True and loot() != []  # they would be
    t("TRUNCATE public.loot")
    t(f"SELECT madlib.summary('t', 'o', get_estimates => {estimates}, ntile_array => ARRAY[0.1])")
    t(f"SELECT madlib.summary('t', 'p', 'x, dom, en, js, i * 2', 'g', get_estimates => {estimates})")
    for driver in ("correlation", "covariance"):
        t(f"SELECT madlib.{driver}('t', '{driver}', 'dom, i, x')")
        t(f"SELECT madlib.{driver}('t', '{driver}_g', 'i, x', true, 'g, dom')")
    t("SELECT madlib.fmsketch_dcount(g), madlib.column_summary(g) FROM t")
    assert loot() == []


@pytest.mark.parametrize("estimates", [True, False])
@pytest.mark.parametrize("group", ["en", "comp", "en, comp", "dom"])
def test_nothing_of_the_owner_of_a_type_is_run(t, group, estimates):
    """Who owns a type may give it casts and operators, which are chosen before PostgreSQL's own."""
    t("CREATE TABLE loot (who text)")
    for type in ("mood", "pair"):
        body = "LANGUAGE plpgsql AS $$ BEGIN INSERT INTO loot VALUES (current_query()); RETURN 'true'; END $$"
        t(f"CREATE FUNCTION evil({type}) RETURNS text {body}")
        t(f"CREATE CAST ({type} AS text) WITH FUNCTION evil({type}) AS ASSIGNMENT")
        t(f"CREATE FUNCTION evil({type}, {type}) RETURNS boolean {body}")
        for operator in ("=", "<>", "<", ">"):
            t(f"CREATE OPERATOR {operator} (leftarg = {type}, rightarg = {type}, function = evil)")
    t("CREATE VIEW v AS SELECT en, comp, dom, i, x, js FROM t WHERE en IS NOT NULL")
    assert t.value("SELECT max(en::text) FROM v") == "true"  # it would be
    t("TRUNCATE loot")
    t(f"SELECT madlib.summary('v', 'o', 'en, comp, i, js', get_estimates => {estimates})")
    t(f"SELECT madlib.summary('v', 'p', 'en, comp, i, js', '{group}', get_estimates => {estimates})")
    t(f"SELECT madlib.correlation('v', 'c', 'i, x', true, '{group}')")
    assert t("SELECT * FROM loot") == []
    assert t("SELECT count(*) FROM p WHERE group_by_value LIKE '%true%'") == [(0,)]
