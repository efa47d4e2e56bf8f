"""Models that nobody has trained: each check of a model in C refuses some bytes, and nothing crashes."""

import re
from pathlib import Path

import numpy as np
import pg
import pytest

from madpy.modules.sk import layout
from madpy.modules.sk.layout import MODEL_SK
from madpy.ports.postgres.model import pack, unpack
from madpy.worker import layout as kinds
from tests.sk.models import small_models

SOURCES = Path(layout.__file__).parent
FILES = (
    "sk_predict", "sk_row", "sk_linear", "sk_gaussian", "sk_network", "sk_centers", "sk_known", "sk_factors",
    "sk_trees", "sk_bayes",
)  # fmt: skip
ROW = "0.5, 0.2, 'v1'::text"
FORM, NAME_ENDS, INPUTS, OWN = 0, 4, 6, 9  # arrays of sk.h
TASK, COLUMNS, OUTPUTS = 1, 2, 3  # numbers of FORM
CLUSTERING, DECOMPOSITION = kinds.TASK_CLUSTERING, kinds.TASK_DECOMPOSITION


def put(array, at, value):
    """Return a change of one number."""

    def change(arrays):
        arrays[array][at] = value

    return change


def keep(array, count):
    """Return a change of an array's length: its first numbers, repeated where it has fewer."""

    def change(arrays):
        arrays[array] = np.resize(arrays[array], count)

    return change


LINE, LINES = "linear regression", "linear classification 3"
NETWORK, TREES = "mlp regression", "random_forest regression"
BAYES = "nb classification 3"
NODES = OWN + 2
# Each entry: the text of the error, the name of the model, and the changes to its arrays.
DAMAGED = [
    ("its names are out of order", LINE, [put(NAME_ENDS, 0, 10**6)]),
    ("its task is not known", LINE, [put(FORM, TASK, 9)]),
    ("it has more columns or outputs than a training makes", LINE, [put(FORM, COLUMNS, -1)]),
    ("it has more columns or outputs than a training makes", LINE, [put(FORM, OUTPUTS, 2**31 - 1)]),
    ("it has a wrong number of classes", LINE, [put(FORM, TASK, kinds.TASK_CLASSIFICATION)]),
    ("its kind is not known", LINE, [put(FORM, 0, 99)]),
    ("an input is encoded in no known way", LINE, [put(INPUTS, 0, 9)]),
    ("an input is encoded as another kind of value", LINE, [put(INPUTS, 0, kinds.ENCODE_ONE_HOT)]),
    ("an encoding has too few values", "linear classification 2", [put(INPUTS, 2 * 4 + 2, 1000)]),
    ("an encoding has too few values", "linear classification 2", [put(INPUTS, 2 * 4 + 3, 2**31 - 1)]),
    ("its inputs become another number of columns", LINE, [put(FORM, COLUMNS, 5)]),
    ("its link is not known", LINE, [put(OWN, 0, 99)]),
    ("its link does not fit its task", LINE, [put(OWN, 0, kinds.LINK_LOGIT)]),
    ("a linear model has no clusters", LINE, [put(FORM, TASK, CLUSTERING)]),
    (
        "it has another number of decisions than of classes",
        LINES,
        [put(FORM, OUTPUTS, 2), keep(OWN + 1, 14), keep(OWN + 2, 2)],
    ),
    ("a logit is of two classes", LINES, [put(OWN, 0, kinds.LINK_LOGIT)]),
    ("it has another number of densities than of classes", "qda classification 2", [put(FORM, OUTPUTS, 1)]),
    ("the matrix of a class has a wrong width", "qda classification 2", [put(OWN, 0, -1)]),
    ("its activation is not known", NETWORK, [put(OWN, 0, 9)]),
    ("its last activation is not that of a regression", NETWORK, [put(OWN, 1, kinds.ACTIVATION_TANH)]),
    ("a network has neither clusters nor components", NETWORK, [put(FORM, TASK, CLUSTERING)]),
    ("its last layer does not fit its classes", "mlp classification 3", [put(OWN, 1, 1)]),
    ("it has too few layers", NETWORK, [keep(OWN, 3)]),
    ("its first or last layer has a wrong size", NETWORK, [put(OWN, 2, 100)]),
    ("a layer has a wrong size", NETWORK, [put(OWN, 3, -1)]),
    ("a layer has a wrong size", NETWORK, [put(OWN, 3, 2**31 - 1)]),
    ("it has too few weights", NETWORK, [keep(OWN + 1, 1)]),
    ("it has more weights than its layers", NETWORK, [keep(OWN + 1, 1000)]),
    ("it has another number of scores than of classes", BAYES, [put(FORM, OUTPUTS, 1)]),
    (
        "an input becomes something else than one column",
        BAYES,
        [put(INPUTS, 2 * 4, kinds.ENCODE_ONE_HOT), put(FORM, COLUMNS, 6)],
    ),
    ("an array is missing or of a wrong length", BAYES, [keep(OWN + 1, 3)]),
    ("centers are of clusters", "kmeans clustering", [put(FORM, TASK, DECOMPOSITION)]),
    ("known rows are of clusters", "dbscan clustering", [put(FORM, TASK, DECOMPOSITION)]),
    ("factors are of a decomposition", "nmf decomposition", [put(FORM, TASK, CLUSTERING)]),
    ("its number of iterations is out of range", "nmf decomposition", [put(OWN + 3, 0, 0)]),
    ("it has no trees", TREES, [put(OWN, 2, 0)]),
    ("its trees do not fit its task", TREES, [put(OWN, 1, 99)]),
    ("its leaves have too many numbers", "ada_boost regression", [put(OWN, 3, 2)]),
    ("a median is of one number", "ada_boost regression", [put(FORM, OUTPUTS, 2)]),
    ("its trees are out of order", TREES, [put(OWN + 1, 0, 1)]),
    ("a tree has more numbers than there are outputs", TREES, [put(OWN + 1, 3, 5)]),
    ("a leaf is not there", TREES, [keep(OWN + 3, 1)]),
    ("a node has no rows", TREES, [put(OWN + 5, 0, 0)]),
    ("a node has no rows", TREES, [put(OWN + 5, 0, np.nan)]),
    ("a tree has a node that leads nowhere", TREES, [put(NODES, 3, -5)]),
    ("a tree has a node that leads nowhere", TREES, [put(NODES, 3, 2**31 - 1)]),
    ("a tree asks for a column that is not there", TREES, [put(NODES, 2, 1000)]),
    *[
        ("an array is missing or of a wrong length", name, [keep(OWN + n, 1000)])
        for name, n in ((LINE, 1), (LINE, 2), ("kmeans clustering", 1), ("nmf decomposition", 0), (TREES, 5))
    ],
]


def changed(name, changes):
    header, arrays = unpack(small_models()[name], MODEL_SK)
    arrays = [array.copy() for array in arrays]
    for change in changes:
        change(arrays)
    return pack(MODEL_SK, header, arrays)


def scored(sql, model, function="sk_predict"):
    return sql(f"SELECT madlib.{function}('\\x{model.hex()}', {ROW})")


@pytest.mark.parametrize(("message", "name", "changes"), DAMAGED)
def test_each_check(sql, message, name, changes):
    with pytest.raises(pg.DatabaseError, match=f"this model is damaged: {message}") as raised:
        scored(sql, changed(name, changes))
    assert raised.value.sqlstate == "22P03"


def test_no_check_without_bytes():
    """Every check of these files is among those above."""
    text = "".join(SOURCES.joinpath(f"{name}.c").read_text() for name in FILES)
    assert set(re.findall(r'model_damaged\("(.*?)"\)', text)) <= {message for message, *_ in DAMAGED}


def test_every_kind_is_there():
    """The fuzzer, too, begins with a model of every kind."""
    found = {int(unpack(model, MODEL_SK)[1][FORM][0]) for model in small_models().values()}
    assert found == {value for name, value in vars(kinds).items() if name.startswith("KIND_")}


def test_any_number_anywhere(sql):
    """Numbers at their limits in place of each of a model's integers: an answer or an error of these."""
    for name, model in small_models().items():
        _, arrays = unpack(model, MODEL_SK)
        rng = np.random.default_rng(len(name))
        places = [
            (n, at) for n, array in enumerate(arrays) if array.dtype.kind == "i" for at in range(array.size)
        ]
        for n, at in rng.permutation(places)[:40]:
            value = rng.choice([-(2**31), -1, 0, 1, 2, 255, 2**16, 2**27, 2**31 - 1])
            hostile = changed(name, [put(n, at, value)])
            for function in ("sk_predict", "sk_predict_all", "sk_predict_class", "sk_decision", "sk_explain"):
                try:
                    scored(sql, hostile, function)
                except pg.DatabaseError as error:
                    assert error.sqlstate in ("22P03", "42809", "22021", "22023", "22003", "0A000"), (
                        name,
                        n,
                        at,
                        value,
                    )
