"""Contributions of features, beside Shapley values computed from their definition over nodes of trees."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.forest.conftest import call

FEATURES = ["a", "b", "c", "d"]


@pytest.fixture
def model(sql, load):
    """A forest of numbers with NULL and a category, for each kind of target."""

    def make(target, **options):
        rng = np.random.default_rng(0)
        n = 300
        a, b, d = rng.normal(size=(3, n)).round(1).tolist()
        c = rng.choice(["x", "y", "z", "v"], n).tolist()
        y = (np.array(a) * np.array(b) + (np.array(c) == "x") + rng.normal(size=n) * 0.3).tolist()
        holes = rng.random(n) < 0.15
        load(y=y, a=[None if h else v for h, v in zip(holes, a, strict=True)], b=b, c=c, d=d)
        sql(call("a, b, c, d", target, num_trees=5, **options))
        sql("CREATE TABLE nodes AS SELECT t, n.* FROM m_summary, generate_series(1, 5) AS t,"
            " madlib.__forest_tree(model, t, 1000) AS n")  # fmt: skip

    return make


def goes_second(node, row):
    value = row[node["feature"]]
    if value is None:
        return node["null_second"]
    if node["threshold"] is not None:
        return float(value) > node["threshold"]
    return node["null_second"] if value not in {*node["first_levels"], *node["second_levels"]} else (
        value in node["second_levels"]
    )  # fmt: skip


def expectation(nodes, row, known, output, at=0):
    """The expectation of a tree where features that are not known take both ways, weighted by rows."""
    node = nodes[at]
    children = [n for n in nodes.values() if n["node"] and n["parent"] == at]
    if not children:
        return node["numbers"][output]
    children.sort(key=lambda child: child["node"])
    if node["feature"] in known:
        return expectation(nodes, row, known, output, children[goes_second(node, row)]["node"])
    rows = [child["num_rows"] for child in children]
    values = [expectation(nodes, row, known, output, child["node"]) for child in children]
    return np.dot(rows, values) / sum(rows)


def shapley(trees, row, output):
    def value(known):
        return np.mean([expectation(nodes, row, known, output) for nodes in trees])

    result = []
    for feature in FEATURES:
        others = [one for one in FEATURES if one != feature]
        total = 0.0
        for size in range(len(FEATURES)):
            weight = factorial(size) * factorial(len(others) - size) / factorial(len(FEATURES))
            for chosen in combinations(others, size):
                total += weight * (value({*chosen, feature}) - value({*chosen}))
        result.append(total)
    return value(set()), result


ROWS = [
    {"a": "0.5", "b": "-1", "c": "x", "d": "0"},
    {"a": None, "b": "2", "c": "y", "d": "0.3"},
    {"a": "-2", "b": None, "c": "never seen", "d": None},
]
CASES = {
    "number": ("y", {}),
    "two classes": ("y > 0.5", {}),
    "classes": ("(ARRAY['l', 'm', 'h'])[1 + (y > 0)::int + (y > 1)::int]", {"max_depth": 5}),
}


def array(row):
    return "ARRAY[" + ", ".join("NULL" if row[f] is None else f"'{row[f]}'" for f in FEATURES) + "]::text[]"


@pytest.mark.parametrize(("target", "options"), CASES.values(), ids=CASES)
def test_beside_the_definition(sql, model, target, options):
    model(target, **options)
    trees = [
        {row["node"]: row for row in sql.rows(f"SELECT * FROM nodes WHERE t = {t} ORDER BY node")}
        for t in range(1, 6)
    ]
    classes = sql.value("SELECT classes FROM m_summary")
    for row in ROWS:
        found = sql(f"SELECT e.* FROM m_summary, madlib.forest_explain(model, {array(row)}) AS e")
        outputs = 1 if classes is None or len(classes) == 2 else len(classes)
        assert len(found) == outputs * 5
        for output in range(outputs):
            own = found[5 * output : 5 * output + 5]
            label = None if classes is None else classes[1] if outputs == 1 else classes[output]
            assert [one[:2] for one in own] == [(label, name) for name in [None, *FEATURES]]
            base, contributions = shapley(trees, row, output)
            np.testing.assert_allclose([one[2] for one in own], [base, *contributions], atol=1e-12)


def test_deep_trees_add_up(sql, load_matrix):
    """40 features in trees of any depth: more points than one vector has."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(2000, 40))
    features = load_matrix(X, X[:, :20].sum(axis=1) + rng.normal(size=2000))
    sql(call(features, num_trees=3))
    rows = sql(
        f"""
        SELECT madlib.forest_predict_number(model, ARRAY[{features}]),
               (SELECT sum(contribution) FROM madlib.forest_explain(model, ARRAY[{features}]))
        FROM t, m_summary WHERE id < 50
        """
    )
    np.testing.assert_allclose(*np.array(rows).T, rtol=1e-9)


VALUE = st.one_of(st.none(), st.floats(-4, 4), st.sampled_from([float("nan"), float("inf"), -float("inf")]))


def test_contributions_add_up(sql, model):
    model("y")

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(VALUE, VALUE, st.sampled_from(["x", "y", "z", "v", "w", None]), VALUE)
    def check(a, b, c, d):
        row = dict(zip(FEATURES, [a if a is None else repr(a), b if b is None else repr(b), c,
                                  d if d is None else repr(d)], strict=True))  # fmt: skip
        ((predicted, total),) = sql(
            f"""
            SELECT madlib.forest_predict_number(model, {array(row)}),
                   (SELECT sum(contribution) FROM madlib.forest_explain(model, {array(row)})) FROM m_summary
            """
        )
        assert total == pytest.approx(predicted, rel=1e-9, abs=1e-9)

    check()
