"""The self-test of the module, as `madpy check` runs it."""

from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / "modules" / "regr" / "check.sql"


def test_it_works_and_says_so(sql):
    sql("BEGIN")
    rows = sql(CHECK.read_text().replace("MADLIB_SCHEMA", "madlib"))
    sql("ROLLBACK")
    assert sql.warnings == []
    assert rows[0][0] is True
    assert rows[0][1].endswith("regr_train made 2 models of 2, regr_predict is off by 0")
