"""explain, trial_info and describe_data beside functions of madlib and numpy."""

import numpy as np
import pytest

from tests.projects.kept import keep, project_of, quoted


def test_explain_by_project_and_by_number_is_sk_explain(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi", "ridge")
    item = f"(SELECT model FROM pgml.models WHERE id = {model})"
    wanted = sql(f"SELECT d.ctid, e.* FROM d, madlib.sk_explain({item}, d) AS e ORDER BY 1, 3")
    name = quoted(project_of(sql, model))
    assert len(wanted) == 442 * 3
    assert sql(f"SELECT d.ctid, e.* FROM d, pgml.explain({name}, d) AS e ORDER BY 1, 3") == wanted
    assert sql(f"SELECT d.ctid, e.* FROM d, pgml.explain({model}, age, bmi) AS e ORDER BY 1, 3") == wanted
    sums = sql(
        f"SELECT sum(e.contribution) - pgml.predict({name}, d)"
        f" FROM d, pgml.explain({name}, d) AS e GROUP BY d"
    )
    assert max(abs(one) for (one,) in sums) < 1e-10


def test_explain_in_a_select_list_and_of_another_model_in_each_row(sql, diabetes):
    first, second = (keep(sql, "d", "target", "age, bmi", one) for one in ("ridge", "linear"))
    rows = sql(
        f"SELECT m, pgml.explain(m, 50, 25.5) FROM unnest('{{{first}, {second}, {first}}}'::bigint[]) AS m"
    )
    assert len(rows) == 9
    assert rows[:3] == rows[6:] != rows[3:6]


def test_explain_of_nothing_has_no_rows(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi", "ridge")
    assert sql("SELECT * FROM pgml.explain(NULL::text, 1, 2)") == []
    assert sql(f"SELECT * FROM pgml.explain({model}, NULL::float8, 2)") == []
    assert sql("SELECT pgml.explain(NULL::bigint, 1, 2)") == []


def test_explain_errors(sql, diabetes):
    model = keep(sql, "d", "target", "age, bmi", "nearest_neighbors")
    assert sql.fails(f"SELECT pgml.explain({model}, 1, 2)").sqlstate == "0A000"
    assert sql.fails("SELECT pgml.explain('nothing', 1)").message == (
        'pgml.explain: there is no project and no table "nothing"'
    )
    assert sql.fails("SELECT pgml.explain(987654321, 1)").message == "model 987654321 does not exist"


def test_trials_the_best_first(sql, diabetes):
    model = keep(sql, "d", "target", "age", "ridge")
    trials = [
        {"trial": n, "algorithm": "ridge", "hyperparams": {} if n == 2 else {"alpha": n},
         "status": "successful",
         "score": score, "deviation": 0.1, "seconds": 1.5}
        for n, score in ((1, 0.2), (2, 0.4), (3, None))
    ]  # fmt: skip
    sql(f"SELECT pgml.__write('add_trials', {model}::bigint, {quoted(trials)}::jsonb)")
    rows = sql.rows(f"SELECT * FROM pgml.trial_info({quoted(project_of(sql, model))})")
    assert [(row["trial"], row["is_kept"], row["score"]) for row in rows] == [
        (2, True, 0.4), (1, False, 0.2), (3, False, None),
    ]  # fmt: skip
    assert sql.fails("SELECT * FROM pgml.trial_info('nothing')").sqlstate == "42704"


def test_describe_data(sql, diabetes):
    sql("UPDATE d SET bmi = NULL WHERE age > 60; ALTER TABLE d ADD word text")
    sql("UPDATE d SET word = CASE WHEN age > 50 THEN 'old' ELSE 'young' END")
    rows = {row["name"]: row for row in sql.rows("SELECT * FROM pgml.describe_data('d', 'target')")}
    values = {
        name: np.array(sql(f"SELECT {name}, target FROM d WHERE {name} IS NOT NULL"))
        for name in ("age", "bmi")
    }
    for name, pairs in values.items():
        row = rows[name]
        assert row["num_rows"] == 442 and row["nulls"] == 442 - len(pairs)
        assert row["distinct_values"] == len(np.unique(pairs[:, 0]))
        assert row["mean"] == pytest.approx(pairs[:, 0].mean())
        assert row["stddev"] == pytest.approx(pairs[:, 0].std(ddof=1))
        assert (row["min"], row["max"]) == (pairs[:, 0].min(), pairs[:, 0].max())
        assert row["median"] == pytest.approx(np.median(pairs[:, 0]))
        assert row["correlation"] == pytest.approx(np.corrcoef(pairs.T)[0, 1])
    assert rows["word"]["most_frequent"] == ["young", "old"]
    assert rows["word"]["correlation"] is None and rows["target"]["correlation"] is None
    assert sql("SELECT count(*) FROM pgml.describe_data('d') WHERE correlation IS NULL") == [(len(rows),)]
    assert sql.fails("SELECT * FROM pgml.describe_data('d', 'word')").message == (
        'pgml.describe_data: y_column_name: "word" is of type text, a number is needed'
    )


def test_describe_data_without_a_correlation(sql):
    """Columns without values, or with NaN or infinities, have none; the others have theirs."""
    sql("CREATE TABLE e (y float8, good int, nothing int, nan float8, endless numeric, apart int)")
    sql("INSERT INTO e SELECT i, i * i, NULL, i, i, NULL FROM generate_series(1, 5) AS i")
    sql("UPDATE e SET nan = 'NaN' WHERE good = 4; UPDATE e SET endless = 'Infinity' WHERE good = 9")
    sql("INSERT INTO e (apart) VALUES (1), (2)")
    rows = dict(sql("SELECT name, correlation FROM pgml.describe_data('e', 'y')"))
    expected = np.corrcoef([1, 2, 3, 4, 5], [1, 4, 9, 16, 25])[0, 1]
    assert rows.pop("good") == pytest.approx(expected)
    assert set(rows) == {"y", "nothing", "nan", "endless", "apart"} and not any(rows.values())
    for change in ("UPDATE e SET y = NULL", "DELETE FROM e"):
        sql(change)
        assert sql("SELECT count(*), count(correlation) FROM pgml.describe_data('e', 'y')") == [(6, 0)]


def test_describe_data_of_a_hostile_name(sql):
    sql('CREATE TABLE "a""); DROP TABLE x; --" ("x y" float8, "select" float8)')
    sql('INSERT INTO "a""); DROP TABLE x; --" VALUES (1, 2), (2, 4), (3, 5)')
    rows = sql.rows("""SELECT * FROM pgml.describe_data('"a""); DROP TABLE x; --"', '"select"')""")
    assert [row["name"] for row in rows] == ["x y", "select"]
    assert rows[0]["correlation"] == pytest.approx(np.corrcoef([1, 2, 3], [2, 4, 5])[0, 1])
