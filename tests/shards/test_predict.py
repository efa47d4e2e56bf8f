"""Predictions of a table on several servers, distinct counts, and drivers from outside the server."""

from collections.abc import Iterator
from typing import Any

import pytest

from madpy.dev.server import Address
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.udf import run
from tests.session import Session
from tests.shards.test_same import alike, foreign_scans

PREDICTIONS = {
    "regr": ("regr_train('flat', 'm', 'y', 'x1, x2, colour')", "regr_predict"),
    "regr grouped": ("regr_train('flat', 'm', 'y', 'x1', 'flag, place')", "regr_predict"),
    "regr, text with one value": (
        "regr_train('flat', 'm', 'CASE WHEN colour = ''red'' THEN y END', 'x1, colour')",
        "regr_predict",
    ),
    "logregr": ("logregr_train('flat', 'm', 'y > 3', 'x1, x2')", "logregr_predict"),
    "glm": ("glm_train('flat', 'm', 'y', 'x1, x2', 'gaussian')", "glm_predict"),
    "nb": ("nb_train('flat', 'm', 'colour', 'x1, flag')", "nb_predict"),
    "nb probabilities": ("nb_train('flat', 'm', 'colour', 'x1, flag')", "nb_predict_prob"),
    "dtree": ("dtree_train('flat', 'm', 'colour', 'x1, x3', max_depth => 3)", "dtree_predict"),
    "dtree probabilities": ("dtree_train('flat', 'm', 'flag', 'x1', max_depth => 3)", "dtree_predict_prob"),
    "kmeans": ("kmeans_train('flat', 'm', 'x1, x3', 3)", "kmeans_predict"),
}


@pytest.mark.parametrize(("train", "predict"), PREDICTIONS.values(), ids=PREDICTIONS.keys())
def test_predictions_of_a_table(sharded: Session, train: str, predict: str) -> None:
    sharded(f"SELECT madlib.{train}")
    answers = []
    for table in ("flat", "rows"):
        sharded(f"SELECT madlib.{predict}('m', '{table}', 'p_{table}')")
        assert sharded.warnings == []
        answers.append(sharded(f"SELECT * FROM p_{table} ORDER BY id, p_{table}::text"))
    assert len(answers[0]) >= 3000
    assert alike(answers[1], answers[0])


def test_fmsketch_dcount(explained: Session) -> None:
    """Counts agree with those of one table; grouped by the partition key, the other servers count."""
    query = "SELECT madlib.fmsketch_dcount({}) FROM {}"
    for column in ("id", "colour", "x2", "amount"):
        assert explained.value(query.format(column, "rows")) == explained.value(query.format(column, "flat"))
    explained("SET enable_partitionwise_aggregate = on")
    grouped = "SELECT place, madlib.fmsketch_dcount(x1) FROM {} GROUP BY place ORDER BY place"
    found = explained(grouped.format("rows"))
    scans = [scan for notice in explained.notices for scan in foreign_scans(notice.message)]
    assert len(scans) == 4
    assert all("Relations: Aggregate on" in scan for scan in scans)
    assert found == explained(grouped.format("flat"))


@pytest.fixture
def outside(sharded: Session, database: Address, schema: str) -> Iterator[Any]:
    plpy.connect(database.database, database.host, database.port, database.user)
    plpy.execute(f"SET search_path = {schema}, public")
    yield plpy
    plpy.close()


def test_from_outside_the_server(sharded: Session, outside: Any, capsys: pytest.CaptureFixture[str]) -> None:
    sharded("SELECT madlib.regr_train('flat', 'one', 'y', 'x1, x2, colour', 'flag')")
    run(
        outside,
        "madlib",
        "regr.train",
        ["rows", "made", "y", "x1, x2, colour", "flag", None, None, None, None],
    )
    query = "SELECT flag, coef, std_err FROM {} ORDER BY flag"
    assert alike(sharded(query.format("made")), sharded(query.format("one")))
    assert capsys.readouterr().err == ""


def test_fmsketch_dcount_of_a_table_by_name_sends_states(explained: Session) -> None:
    for item in ("colour", "x1", "amount", "CASE WHEN flag THEN place END"):
        call = f"SELECT madlib.fmsketch_dcount('{{}}', '{item}')"
        assert explained.value(call.format("rows")) == explained.value(call.format("flat"))
        explained(call.format("rows"))
        merged = [n.message for n in explained.notices if "fmsketch_dcount_merge" in n.message]
        scans = [scan for plan in merged for scan in foreign_scans(plan)]
        assert len(scans) >= 4
        assert all("Relations: Aggregate on" in scan for scan in scans), merged
