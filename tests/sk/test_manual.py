"""The manual beside the worker, and docs/model-format.md beside sk.h: what they list is what there is."""

import re
import warnings
from pathlib import Path

import pytest

from madpy.worker import layout
from madpy.worker.estimators import ALGORITHMS
from tests.sk.scoring import shipped

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "modules/sk/README.md").read_text()
FORMAT = (ROOT / "docs/model-format.md").read_text()
HEADER = (ROOT / "modules/sk/sk.h").read_text()
TASKS = {
    "for a number": "regression",
    "for a class": "classification",
    "clustering": "clustering",
    "decomposition": "decomposition",
}
KINDS = {value: name for name, value in vars(layout).items() if name.startswith("KIND_")}
# Classes that newer versions of scikit-learn have under another name, and one of ours.
OTHER_NAMES = {"PassiveAggressiveRegressor": "SGDRegressor", "PassiveAggressiveClassifier": "SGDClassifier"}


def listed():
    """Return (class of scikit-learn, form) of each algorithm and task in the tables of the manual."""
    between = re.search(r"<!-- compared.*?-->\n(.*?)<!-- to here -->", MANUAL, re.DOTALL)[1]
    rows = {}
    for table in between.strip().split("\n\n"):
        heads, _, *lines = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
        ]
        for name, *classes, form in lines:
            for head, written in zip(heads[1:-1], classes, strict=True):
                if written:
                    rows[name.strip("`"), TASKS[head]] = (written.strip("`"), form)
    return rows


def test_the_manual_lists_the_algorithms(sql):
    assert sorted(listed()) == sorted(sql("SELECT algorithm, task FROM madlib.sk_algorithms()"))


@pytest.mark.parametrize(("name", "task"), ALGORITHMS, ids=map("-".join, ALGORITHMS))
def test_the_manual_says_the_class_and_the_form(name, task):
    written, form = listed()[name, task]
    data = shipped("iris")
    estimator = ALGORITHMS[name, task].build({}, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = [data.y[::4].astype(float)] if task in ("regression", "classification") else []
        estimator.fit(data.X[::4], *y)
    assert {written, OTHER_NAMES.get(written)} & {one.__name__ for one in type(estimator).__mro__}
    kind = KINDS[ALGORITHMS[name, task].form(estimator).kind].removeprefix("KIND_").lower()
    forms = form.split(", ")  # one for both tasks, or one for each
    assert kind == forms[-1 if task == "classification" else 0]


def test_every_kind_of_model_is_documented():
    """Python has every kind that C scores, and the page has a paragraph for each: **number, name.**"""
    scored = re.findall(r"^extern const SkKind sk_(\w+);", HEADER, re.MULTILINE)
    numbers = {name: value for value, name in KINDS.items()}
    documented = re.findall(r"^\*\*(\d+), (\w+)\.\*\*", FORMAT, re.MULTILINE)
    assert sorted((int(number), name) for number, name in documented) == sorted(
        (numbers[f"KIND_{name.upper()}"], name) for name in scored
    )
