"""The materialization ml_model: steps of a training, and what a second run does."""

from tests.dbt.conftest import Dbt
from tests.session import Session


def test_a_model_is_trained_once(dbt: Dbt, models: Session) -> None:
    """The second run finds the same rows, and trains with others; the model is that of a call by hand."""
    assert dbt("run", "--select", "+price_regr")["price_regr"]["message"] == "TRAINED r2 0.9982"
    models("SELECT madlib.regr_train('houses', 'by_hand', 'price', 'size, age, walls, is_new')")
    assert models("SELECT coef FROM price_regr") == models("SELECT coef FROM by_hand")
    assert dbt("run", "--select", "+price_regr")["price_regr"]["message"] == "UNCHANGED"
    changed = dbt("run", "--select", "+price_regr", number_of_houses=100)
    assert changed["price_regr"]["message"].startswith("TRAINED")
    assert models("SELECT num_rows, published FROM madpy_models ORDER BY id") == [
        (200, "created"),
        (100, "in place"),
    ]
