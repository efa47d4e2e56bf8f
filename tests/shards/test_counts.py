"""Figures beside states, over parts too: exact counts, first rows, why no row can be used."""

import pytest

from tests.session import Session
from tests.shards.test_same import alike, foreign_scans, plans, stops_early
from tests.stats.calls import FIGURES

COUNTED = f"{FIGURES}, distinct_error, first_quartile, median, third_quartile, quantile_array, mfv_error"
ARRAY = (
    "CREATE VIEW {} AS SELECT y, colour, ARRAY[x1, x2, x3] AS a, (id % 2)::int AS b,"
    " CASE WHEN id < 0 THEN x1 END AS no FROM {}"
)


def no_rows_travel(sql: Session) -> bool:
    scans = [scan for plan in plans(sql) for scan in foreign_scans(plan)]
    assert len(scans) > 0
    return all("Relations: Aggregate on" in scan or stops_early(scan) for scan in scans)


@pytest.mark.parametrize("groups", ["NULL", "'flag'", "'colour, amount'"])
def test_exact_counts_and_quantiles(explained: Session, groups: str) -> None:
    options = f"NULL, {groups}, ntile_array => ARRAY[0, 0.1, 0.33, 1], get_estimates => false"
    explained(f"SELECT madlib.summary('rows', 'parts', {options})")
    assert explained.warnings == []
    assert no_rows_travel(explained)
    explained(f"SELECT madlib.summary('flat', 'one', {options})")
    order = "ORDER BY column_number" + ("" if groups == "NULL" else ", " + groups.strip("'"))
    order = order.replace("amount", "amount::float8")
    found, wanted = (explained(f"SELECT {COUNTED} FROM {table} {order}") for table in ("parts", "one"))
    assert len(wanted) >= 8
    assert alike(found, wanted), f"{found}\n{wanted}"


def test_exact_quantiles_of_special_numbers(sharded: Session) -> None:
    """NaN, infinities and NULL as percentile_cont has them."""
    for table, source in (("one", "flat"), ("parts", "rows")):
        sharded(
            f"CREATE VIEW {table} AS SELECT flag, CASE WHEN id % 5 = 0 THEN 'NaN'::float8"
            " WHEN id % 5 = 1 THEN 'Infinity'::float8 WHEN id % 5 = 2 THEN '-Infinity'::float8"
            " WHEN id % 5 = 3 THEN y END AS special, CASE WHEN flag THEN x1 END AS half,"
            f" CASE WHEN id < 0 THEN x1 END AS none, day FROM {source}"
        )
        sharded(f"SELECT madlib.summary('{table}', 'of_{table}', NULL, 'flag', get_estimates => false)")
        assert sharded.warnings == []
    query = f"SELECT flag, {COUNTED} FROM of_{{}} ORDER BY flag, column_number"
    assert alike(sharded(query.format("parts")), sharded(query.format("one")))


@pytest.mark.parametrize("name", ["n", "x", "last", "times", "value", "count", "quantiles"])
def test_groups_named_as_what_is_computed(sharded: Session, name: str) -> None:
    for table, source in (("one", "flat"), ("parts", "rows")):
        sharded(f'CREATE VIEW {table} AS SELECT flag AS "{name}", x1, colour FROM {source}')
        sharded(f"SELECT madlib.summary('{table}', 'of_{table}', NULL, '{name}', get_estimates => false)")
    query = f'SELECT "{name}", {COUNTED} FROM of_{{}} ORDER BY 1, column_number'
    found, wanted = (sharded(query.format(table)) for table in ("parts", "one"))
    assert len(wanted) == 4
    assert alike(found, wanted), f"{found}\n{wanted}"


def test_a_column_without_numbers(sharded: Session) -> None:
    """Only NaN, whose merged sketches are empty: this ran for ever.  Only NULL: nothing is frequent."""
    for table, source in (("one", "flat"), ("parts", "rows")):
        sharded(
            f"CREATE VIEW {table} AS SELECT 'NaN'::float8 + x1 AS nan, CASE WHEN id < 0 THEN x1 END AS none,"
            f" CASE WHEN id < 0 THEN colour END AS no_text FROM {source}"
        )
        sharded("SET statement_timeout = '20s'")
        sharded(f"SELECT madlib.summary('{table}', 'of_{table}')")
    query = f"SELECT {COUNTED} FROM of_{{}} ORDER BY column_number"
    assert alike(sharded(query.format("parts")), sharded(query.format("one")))


def test_why_nothing_can_be_used(explained: Session) -> None:
    for table, source in (("one", "flat"), ("parts", "rows")):
        explained(ARRAY.format(table, source))
    calls = (
        ("regr_train", "'y', 'no, b'"),
        ("logregr_train", "'y > 3', 'no, b'"),
        ("kmeans_train", "'no, b', 2"),
        ("correlation", "'no, b'"),
        ("nb_train", "'no', 'b'"),
        ("logregr_train", "'no', 'b'"),
        ("regr_train", "'y', 'CASE WHEN b < 0 THEN a END'"),
        ("kmeans_train", "'CASE WHEN b < 0 THEN a END', 2"),
    )
    for function, arguments in calls:
        wanted = explained.fails(f"SELECT madlib.{function}('one', 'm', {arguments})")
        found = explained.fails(f"SELECT madlib.{function}('parts', 'm', {arguments})")
        assert found.message == wanted.message.replace('"one"', '"parts"')
        assert (found.sqlstate, found.detail, found.hint) == (wanted.sqlstate, wanted.detail, wanted.hint)
        assert explained.warnings == []
        assert no_rows_travel(explained)


@pytest.mark.parametrize(
    "call",
    [
        "logregr_train('{}', 'm', 'b', 'y')",
        "logregr_train('{}', 'm', 'b + 1', 'y')",
        "logregr_train('{}', 'm', 'colour = ''red''', 'a')",
        "kmeans_train('{}', 'm', 'a', 3)",
        "dtree_train('{}', 'm', 'y', 'a')",
    ],
)
def test_first_rows(explained: Session, call: str) -> None:
    """A target that is 0 or 1, and the length of arrays."""
    answers = []
    for table, source in (("one", "flat"), ("parts", "rows")):
        array = "CASE WHEN x1 > 0 THEN ARRAY[x1, x2, x3] END" if "'a'" in call else "NULL::float8[]"
        explained(f"CREATE VIEW {table} AS SELECT y, colour, {array} AS a, (id % 2)::int AS b FROM {source}")
        explained(f"SELECT madlib.{call.format(table)}")
        if table == "parts" and "'a'" not in call:
            assert explained.warnings == []
            assert no_rows_travel(explained)
        answers.append(explained("SELECT * FROM m ORDER BY 1"))
        explained("DROP TABLE m, m_summary")
    assert alike(answers[1], answers[0])


def test_few_rows_expected(explained: Session) -> None:
    """Where the planner expects few rows, and so as many groups, it would fetch them."""
    explained("CREATE VIEW few AS SELECT * FROM rows WHERE x3 > 1 AND y < 5 AND x1 > -10")
    explained("SELECT madlib.regr_train('few', 'm', 'y', 'x1, x2', 'day, flag')")
    assert explained.warnings == []
    assert no_rows_travel(explained)
    assert explained("SELECT current_setting('enable_hashagg'), current_setting('enable_sort')") == [
        ("on", "on")
    ]
