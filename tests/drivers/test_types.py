"""Groups, classes and categories of types whose values can be written or compared in several ways."""

import pytest

from tests.drivers.drivers import DRIVERS, GROUPED, ROW_PER_GROUP


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
@pytest.mark.parametrize("name", GROUPED)
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
@pytest.mark.parametrize("name", GROUPED)
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
