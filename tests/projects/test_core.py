"""The candidates of a training, by count and by example."""

from madpy.modules.projects import core


def test_a_grid_has_every_combination_the_last_name_fastest() -> None:
    assert core.grid({"alpha": [1, 2], "fit_intercept": [True, False]}) == [
        {"alpha": 1, "fit_intercept": True},
        {"alpha": 1, "fit_intercept": False},
        {"alpha": 2, "fit_intercept": True},
        {"alpha": 2, "fit_intercept": False},
    ]


def test_draws_are_different_combinations_of_the_grid_and_depend_on_the_seed() -> None:
    values = {"a": [1, 2, 3], "b": ["x", "y"]}
    some = core.drawn(values, 4, seed=1)
    assert len(some) == 4
    assert all(one in core.grid(values) for one in some)
    assert all(some.count(one) == 1 for one in some)
    assert core.drawn(values, 4, seed=1) == some
    assert any(core.drawn(values, 4, seed=seed) != some for seed in range(2, 5))


def test_more_draws_than_combinations_are_all_of_them() -> None:
    values = {"a": [1, 2, 3], "b": ["x", "y"]}
    drawn = core.drawn(values, 100, seed=0)
    assert len(drawn) == core.count(values) == 6
    assert all(one in drawn for one in core.grid(values))


def test_neighbours_are_tried_where_rows_are_few() -> None:
    assert "nearest_neighbors" in core.automatic("regression", is_small=True)
    assert "nearest_neighbors" not in core.automatic("regression", is_small=False)
    assert core.automatic("clustering", is_small=True) == ["kmeans"]
