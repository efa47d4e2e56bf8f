"""A time column never leaks the future: rows for testing, folds, what is learned, and comparisons."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.model_selection import TimeSeriesSplit

from madpy.worker.errors import WorkerError
from madpy.worker.folds import folds_of
from tests.session import Session

SPLIT = "test_sampling => 'last', test_column => 'day', exclude => 'i'"


def in_time(count: int, order: Any) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    return folds_of(count, len(order), None, None, np.asarray(order, float), 0)


@pytest.mark.parametrize("seed", range(50))
def test_each_fold_is_predicted_from_what_came_before_it(seed: int) -> None:
    """Times at random, of which many are equal, and some NULL."""
    draw = np.random.default_rng(seed)
    count = int(draw.integers(2, 6))
    order = draw.integers(0, 40, 300) / 4
    order[draw.random(300) < 0.05] = np.nan
    folds = in_time(count, order)
    assert len(folds) == count
    for before, own in folds:
        assert len(before) and len(own)
        assert order[before].max() < order[own].min()
    predicted = np.concatenate([own for _, own in folds])
    assert len(set(predicted)) == len(predicted)
    assert not np.isnan(order[np.concatenate([folds[-1][0], folds[-1][1]])]).any()


@pytest.mark.parametrize("count", [2, 3, 7])
def test_without_equal_times_folds_are_those_of_scikit_learn(count: int) -> None:
    order = np.random.default_rng(1).permutation(101)
    place = np.argsort(order)
    wanted = [(sorted(place[a]), sorted(place[b])) for a, b in TimeSeriesSplit(count).split(order)]
    assert [(a.tolist(), b.tolist()) for a, b in in_time(count, order)] == wanted


def test_too_few_times_for_the_folds() -> None:
    with pytest.raises(WorkerError, match="at least 4 blocks of different fold_order, there are 2"):
        in_time(3, [1] * 20 + [2] * 20)


@pytest.fixture
def days(sql: Session) -> Session:
    """A session with table t: 400 rows in no order, four a day, with a target that grows."""
    sql(
        """
        CREATE TABLE t AS
        SELECT i, DATE '2020-01-01' + i / 4 AS day, sin(i) AS x, i + sin(i) AS y,
               CASE WHEN i / 4 = 99 THEN 'last day' ELSE 'day ' || i / 4 % 3 END AS word
        FROM generate_series(0, 399) AS i ORDER BY sin(i * 7)
        """
    )
    return sql


@pytest.mark.parametrize("size", [0.1, 0.25, 0.333, 37])
def test_all_rows_for_testing_are_later_than_those_that_are_fitted_on(
    days: Session, name: str, size: float
) -> None:
    """The analysis of the snapshot is of the fitted rows: its latest day is before those of the others."""
    days(f"SELECT pgml.train('{name}', 'regression', 't', 'y', 'linear', test_size => {size}, {SPLIT})")
    ((tested, latest),) = days(
        f"""
        SELECT test_row_count, (f ->> 'max')::float8
        FROM pgml.snapshots AS s JOIN pgml.projects AS p ON p.id = project_id,
             jsonb_array_elements(s.columns -> 'features') AS f
        WHERE p.name = '{name}' AND f ->> 'name' = 'day'
        """
    )
    assert tested == days.value(f"SELECT count(*) FROM t WHERE date_part('epoch', day) > {latest}")
    share = size if size < 1 else size / 400
    assert 0 <= share * 400 - tested < 4  # rows of one day stay together


def test_nothing_is_learned_from_the_future(days: Session, name: str) -> None:
    """Rows for testing may change: the model has the same bytes, and knows no level that they alone have."""
    train = f"SELECT model_id FROM pgml.train('{name}', 'regression', 't', 'y', 'ridge', {SPLIT})"
    first = days.value(train)
    days("UPDATE t SET x = NULL, y = 1e6, word = 'other' WHERE day >= DATE '2020-01-01' + 90")
    second = days.value(train)
    same = "SELECT count(DISTINCT model), max(position('last day' IN encode(model, 'escape')))"
    assert days(f"{same} FROM pgml.models WHERE id IN ({first}, {second})") == [(1, 0)]


def test_a_deployed_model_that_knows_the_rows_for_testing_is_named(days: Session, name: str) -> None:
    """A NOTICE names a model that was split at random, or had fewer rows for testing."""
    known = []
    for split in (SPLIT, SPLIT, f"{SPLIT}, test_size => 0.5", "exclude => 'i'"):
        days(f"SELECT pgml.train('{name}', 'regression', 't', 'y', 'linear', {split})")
        known.append([one.message for one in days.notices])
    first = days.value(f"SELECT min(id) FROM pgml.trained_models WHERE project = '{name}'")
    said = f"model {first} was trained with another split: it may know rows that both are now tested on"
    assert known[:3] == [[], [], [said]]
    assert len(known[3]) == 1 and "was trained with another split" in known[3][0]
