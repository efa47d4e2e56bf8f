"""The data sets are scikit-learn's: compared with what its own loaders give."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets

from madpy.modules.general import core


def matrix(columns: list[core.Column]) -> np.ndarray:
    return np.array([column.values for column in columns], dtype=float).T


def plain_name(name: str) -> str:
    return name.removesuffix(" (cm)").replace(" ", "_").replace("/", "_")


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_classes(name):
    theirs = getattr(datasets, f"load_{name}")()
    *features, target, target_name = core.load(name).columns
    assert [column.name for column in features] == [plain_name(name) for name in theirs.feature_names]
    assert np.array_equal(matrix(features), theirs.data)
    assert np.array_equal(target.values, theirs.target)
    assert np.array_equal(target_name.values, theirs.target_names[theirs.target])


def test_digits():
    theirs = datasets.load_digits()
    columns = core.load("digits").columns
    assert [column.name for column in columns] == [*theirs.feature_names, "target"]
    assert np.array_equal(matrix(columns), np.column_stack([theirs.data, theirs.target]))


def test_diabetes_is_not_scaled():
    theirs = datasets.load_diabetes(scaled=False)
    columns = core.load("diabetes").columns
    assert [column.name for column in columns] == [*theirs.feature_names, "target"]
    assert np.array_equal(matrix(columns), np.column_stack([theirs.data, theirs.target]))


def test_linnerud():
    theirs = datasets.load_linnerud()
    columns = core.load("linnerud").columns
    assert [column.name for column in columns] == [
        name.lower() for name in [*theirs.feature_names, *theirs.target_names]
    ]
    assert np.array_equal(matrix(columns), np.column_stack([theirs.data, theirs.target]))


def test_houses_reproduce_the_published_coefficients():
    """Price on 1, tax, bath, size, as MADlib's user documentation prints them; they are good to 1e-9."""
    data = {column.name: np.array(column.values, dtype=float) for column in core.load("houses").columns}
    X = np.column_stack([np.ones(15), data["tax"], data["bath"], data["size"]])
    coef = np.linalg.lstsq(X, data["price"], rcond=None)[0]
    published = [-12849.4168959872, 28.9613922651765, 10181.6290728648, 50.516894915354]
    assert coef == pytest.approx(published, rel=1e-9)


def test_scikit_learn_is_not_imported():
    code = (
        "import sys; from madpy.modules.general import core; core.load('iris');"
        " sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert len(core.load("houses").columns) == 7
    with pytest.raises(FileNotFoundError):
        core.load("iris")
