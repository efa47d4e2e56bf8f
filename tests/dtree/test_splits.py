"""Splits by numbers, which modules/common/trees/splits.c finds, against all there is to try."""

import numpy as np
import pytest

from madpy.ports.postgres.scan.states import States
from tests.dtree.brute import best_of_all

RNG = np.random.default_rng(11)


def split(sql, codes, target, bins, classes, criterion="variance", least=1):
    """Gain, feature, last bin on the left, whether NULL goes right, rows of NULL; counts of all and left."""
    header = [1, classes, 1, 1, len(codes), 1, 0, 0, 0, 0, int(criterion == "entropy"), least]
    params = [*header, *[bins] * len(codes), -1, 0, 0, 0, 0, 0, 0]
    sql("CREATE TEMP TABLE rows (y float8, x float8[])")
    sql.connection.inserttable(
        "rows", [(float(y), "{" + ",".join(map(str, x)) + "}") for y, *x in zip(target, *codes, strict=True)]
    )
    state = f"madlib.dtree_state(y, x, ARRAY{params}::float8[])"
    data = sql.value(f"SELECT madlib.__dtree_outcome({state}) FROM rows")
    sql("DROP TABLE rows")
    body = States.parse(data, 1).body[0]
    return body[:5], np.split(body[5:], 2)


@pytest.mark.parametrize(
    ("criterion", "classes"), [("gini", 2), ("gini", 5), ("entropy", 2), ("entropy", 3), ("variance", 0)]
)
def test_the_best_cut_with_null_on_either_side(sql, criterion, classes):
    for _ in range(15):
        codes = RNG.integers(0, 7, 40)  # 6 is NULL
        target = RNG.integers(0, classes or 9, 40)
        found, (total, left) = split(sql, [codes], target, 6, classes, criterion, 4)
        cuts = [{*range(cut + 1), *null} for cut in range(6) for null in ((), (6,))]
        wanted = best_of_all(codes, target, 7, classes, criterion, 4, cuts)
        np.testing.assert_allclose(found[0], wanted, atol=1e-9)
        assert total[0] == (sum(target == 0) if classes else 40)
        if wanted > 0:
            goes_left = np.where(codes == 6, found[3] == 0, codes <= found[2])
            assert left[0] == (sum(target[goes_left] == 0) if classes else sum(goes_left))
            assert found[4] == sum(codes == 6)


def test_the_best_feature(sql):
    codes = RNG.integers(0, 6, (3, 60))
    codes[1] = codes[1] % 3
    found, _ = split(sql, codes, codes[1] >= 1, 6, 2, "gini")
    assert found[:3].tolist() == [pytest.approx(found[0]), 1, 0]


def test_a_cut_goes_through_the_middle_of_empty_bins(sql):
    codes = np.array([0] * 5 + [6] * 5)
    found, _ = split(sql, [codes], codes > 3, 8, 2, "gini")
    assert found[:3].tolist() == [5, 0, 2]


def test_null_alone_on_the_right(sql):
    """Values are all in the first bin: every bin goes left."""
    codes = np.array([0] * 5 + [8] * 5)
    found, _ = split(sql, [codes], codes > 3, 8, 2, "gini")
    assert found.tolist() == [5, 0, 7, 1, 5]


def test_no_split(sql):
    for codes, target in (([1] * 8, [0, 1] * 4), ([0, 1] * 4, [1] * 8)):
        assert split(sql, [codes], target, 3, 2, "gini")[0][0] == 0


def test_groups_that_are_finished_cost_nothing(sql):
    """A tree without a node to count has an outcome without a split."""
    state = "madlib.dtree_state(i, ARRAY[i]::float8[], '{1,0,0,1,1,1,0,0,0,0,0,1,50,-1,0,0,0,0,-1,0}')"
    data = sql.value(f"SELECT madlib.__dtree_outcome({state}) FROM generate_series(1, 40) AS i")
    assert States.parse(data, 1).body.shape == (1, 0) and States.parse(data, 1).rows_used[0] == 40
