"""explain of tables of trainings: contributions add up to predictions, as definitions in Python say."""

import itertools
import json
import math

import pytest

from tests.projects.kept import quoted

EXACT = 1e-9


@pytest.fixture
def homes(sql):
    """Table h: 300 rows of numbers with NULLs, a text and a flag; a price, and whether it is high."""
    sql(
        """
        CREATE TABLE h AS
        SELECT i AS id, CASE WHEN i % 11 > 0 THEN (i * 37 % 101)::float8 END AS tax, (i % 5)::int AS bath,
               CASE i % 7 WHEN 0 THEN 'brick' WHEN 1 THEN 'wood' WHEN 2 THEN 'stone' WHEN 3 THEN 'clay'
                   WHEN 4 THEN NULL ELSE 'glass' END AS wall,
               i % 2 = 0 AS new, CASE WHEN i % 3 = 0 THEN 'south' ELSE 'it''s "north"' END AS side
        FROM generate_series(1, 300) AS i
        """
    )
    sql("ALTER TABLE h ADD price float8, ADD kind text")
    sql("UPDATE h SET price = coalesce(tax, 50) * bath + length(coalesce(wall, 'none')) * 20 + id % 13")
    sql("UPDATE h SET kind = CASE WHEN price > 250 THEN 'high' WHEN price > 150 THEN 'middle' ELSE 'low' END")


def explained(sql, table, rows="h"):
    """Return for each row and class the contributions by feature, the base by None."""
    result = {}
    query = f"SELECT t.id, e.* FROM {rows} AS t, pgml.explain({quoted(table)}, t) AS e"
    for number, label, feature, contribution in sql(query):
        result.setdefault((number, label), {})[feature] = contribution
    return result


def sums(sql, table, rows="h"):
    return {key: math.fsum(parts.values()) for key, parts in explained(sql, table, rows).items()}


@pytest.mark.parametrize(
    "features", ["tax, bath, wall, new", "ARRAY[1, tax, bath]", "wall, side", "ARRAY[2.5, tax]"]
)
def test_linear_contributions_are_coefficients_times_terms(sql, homes, features):
    sql(f"SELECT madlib.regr_train('h', 'm', 'price', {quoted(features)})")
    sql("SELECT madlib.regr_predict('m', 'h', 'p')")
    wanted = dict(sql("SELECT id, prediction FROM p WHERE prediction IS NOT NULL"))
    assert {number: total for (number, _), total in sums(sql, "m").items()} == pytest.approx(
        wanted, abs=EXACT
    )
    names, coef = sql("SELECT feature_names, coef FROM m")[0]
    of = dict(zip(names, coef, strict=True))
    rows = {row["id"]: row for row in sql.rows("SELECT * FROM h")}
    for (number, _), parts in explained(sql, "m").items():
        row = rows[number]
        assert parts.pop(None) == pytest.approx(
            of.get("(Intercept)", 0) + of.get("1", 0) + 2.5 * of.get("2.5", 0)
        )
        for feature, contribution in parts.items():
            value = row[feature]
            term = of.get(f"{feature}={value}", 0) if isinstance(value, str) else of[feature] * value
            assert contribution == pytest.approx(term, abs=EXACT)


def test_an_unknown_level_has_no_explanation_as_it_has_no_prediction(sql, homes):
    sql("SELECT madlib.regr_train('h', 'm', 'price', 'bath, wall, side')")
    sql("CREATE TABLE n AS SELECT * FROM h WHERE wall IS NOT NULL LIMIT 6")
    sql("UPDATE n SET wall = 'air' WHERE id = 1; UPDATE n SET side = NULL WHERE id = 2")
    wanted = {number for (number,) in sql("SELECT id FROM n WHERE id > 2")}
    assert {number for number, _ in explained(sql, "m", "n")} == wanted


def test_logistic_contributions_are_log_odds(sql, homes):
    sql("SELECT madlib.logregr_train('h', 'm', 'price > 200', 'bath, wall')")
    sql("SELECT madlib.logregr_predict('m', 'h', 'p')")
    wanted = {
        (number, "true"): math.log(share / (1 - share))
        for number, share in sql("SELECT id, probability FROM p WHERE probability IS NOT NULL")
    }
    assert sums(sql, "m") == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize(
    ("options", "link"),
    [("family => 'poisson'", math.log), ("family => 'gamma', link => 'inverse'", lambda mean: 1 / mean)],
)
def test_contributions_to_the_predictor_of_glm(sql, homes, options, link):
    sql(f"SELECT madlib.glm_train('h', 'm', 'round(price) + 1', 'bath, new', {options})")
    sql("SELECT madlib.glm_predict('m', 'h', 'p')")
    wanted = {number: link(mean) for number, mean in sql("SELECT id, prediction FROM p")}
    assert {number: total for (number, _), total in sums(sql, "m").items()} == pytest.approx(
        wanted, abs=EXACT
    )


class Tree:
    """A tree, read from its table: the prediction of a row of which some features are known."""

    def __init__(self, rows, output):
        self.nodes = {row["node"]: row for row in rows}
        self.output = output

    def expected(self, row, known, node=1):
        """Return the expectation over the features that are not known, by rows of the children."""
        one = self.nodes[node]
        if one["is_leaf"]:
            counts = one["class_counts"]
            return float(one["prediction"]) if counts is None else counts[self.output] / sum(counts)
        sides = [self.nodes[2 * node]["num_rows"], self.nodes[2 * node + 1]["num_rows"]]
        if one["feature"] in known:
            return self.expected(row, known, 2 * node + self.goes_right(one, row[one["feature"]]))
        parts = [self.expected(row, known, 2 * node + side) * sides[side] for side in (0, 1)]
        return sum(parts) / sum(sides)

    @staticmethod
    def goes_right(node, value):
        if node["threshold"] is None:
            known = json.loads(node["all_levels"])
            text = str(value).lower() if isinstance(value, bool) else value
            return node["null_goes"] == "right" if text not in known else text not in node["levels_left"]
        return node["null_goes"] == "right" if value is None else value > node["threshold"]

    def shapley(self, row, features):
        """Return Shapley values by their definition: over all sets of other features."""
        result = {}
        for feature in features:
            others = [name for name in features if name != feature]
            result[feature] = sum(
                math.factorial(len(chosen)) * math.factorial(len(others) - len(chosen))
                / math.factorial(len(features))
                * (self.expected(row, {*chosen, feature}) - self.expected(row, {*chosen}))
                for size in range(len(others) + 1) for chosen in itertools.combinations(others, size)
            )  # fmt: skip
        return result


TARGETS = [("price", [None]), ("kind", ["high", "low", "middle"]), ("new", ["false", "true"])]


@pytest.mark.parametrize(("target", "labels"), TARGETS)
@pytest.mark.parametrize("weights", [None, "bath"])
def test_contributions_to_a_tree_are_shapley_values_by_their_definition(sql, homes, target, labels, weights):
    features = ["tax", "bath", "wall"] + (["new"] if target != "new" else [])
    more = "" if weights is None else f", weights => '{weights}'"
    sql(f"SELECT madlib.dtree_train('h', 'm', '{target}', '{', '.join(features)}', max_depth => 6{more})")
    sql("INSERT INTO h (id, wall) VALUES (1001, 'air')")
    sql("INSERT INTO h (id, tax, bath, wall, new) VALUES (1002, 'Infinity', 3, 'clay', true)")
    levels = {"wall": ["brick", "clay", "glass", "stone", "wood"], "new": ["false", "true"]}
    nodes = sql.rows("SELECT * FROM m")
    for node in nodes:
        node["all_levels"] = json.dumps(levels.get(node["feature"], []))
    rows = {row["id"]: row for row in sql.rows("SELECT * FROM h WHERE id % 10 < 3")}
    found = explained(sql, "m", "(SELECT * FROM h WHERE id % 10 < 3)")
    assert set(found) == set(itertools.product(rows, labels))
    for (number, label), parts in found.items():
        tree = Tree(nodes, labels.index(label))
        assert parts.pop(None) == pytest.approx(tree.expected(rows[number], set()), abs=EXACT)
        assert parts == pytest.approx(tree.shapley(rows[number], features), abs=EXACT)


def test_contributions_of_trees_add_up_to_predictions(sql, homes):
    features = "tax, bath, wall, new, side"
    sql(f"SELECT madlib.dtree_train('h', 'm', 'price', '{features}', min_bucket => 1, min_split => 2)")
    sql("SELECT madlib.dtree_predict('m', 'h', 'p')")
    wanted = {(number, None): value for number, value in sql("SELECT id, prediction FROM p")}
    assert sums(sql, "m") == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize("target", ["price > 200", "kind"])
def test_contributions_of_naive_bayes_are_logarithms_of_odds(sql, homes, target):
    """With more than two classes, the softmax of the sums are the probabilities, and their mean is zero."""
    sql(f"SELECT madlib.nb_train('h', 'm', {quoted(target)}, 'tax, bath, wall, new')")
    sql("SELECT madlib.nb_predict_prob('m', 'h', 'p')")
    wanted = {}
    for number, label, share in sql("SELECT id, prediction::text, probability FROM p"):
        wanted.setdefault(number, {})[label] = math.log(share)
    found = sums(sql, "m")
    for number, logs in wanted.items():
        if target == "kind":
            mean = sum(logs.values()) / 3
            assert {label: found[number, label] for label in logs} == pytest.approx(
                {label: value - mean for label, value in logs.items()}, abs=EXACT
            )
        else:
            assert found[number, "true"] == pytest.approx(logs["true"] - logs["false"], abs=EXACT)


def test_each_feature_of_naive_bayes_by_its_densities(sql, homes):
    sql("SELECT madlib.nb_train('h', 'm', 'new', 'tax, wall')")
    parts = explained(sql, "m")
    rows = sql.rows("SELECT * FROM m")
    for row in sql.rows("SELECT id, tax, wall FROM h"):
        own = parts[row["id"], "true"]
        densities = {}
        for one in rows:
            if one["kind"] == "numeric" and row["tax"] is not None:
                density = (
                    -((row["tax"] - one["mean"]) ** 2) / (2 * one["variance"]) - math.log(one["variance"]) / 2
                )
                densities[str(one["class"]).lower(), "tax"] = density
            if one["kind"] == "categorical" and row["wall"] == one["value"]:
                densities[str(one["class"]).lower(), "wall"] = math.log(one["probability"])
        for feature in ("tax", "wall"):
            odds = densities.get(("true", feature), 0) - densities.get(("false", feature), 0)
            assert own[feature] == pytest.approx(odds, abs=1e-6)


def test_a_table_of_sk_train_is_sk_explain(sql, homes):
    sql("SELECT madlib.sk_train('h', 'm', 'price', 'tax, bath, new', 'decision_tree')")
    wanted = sql("SELECT h.id, e.* FROM h, m, madlib.sk_explain(m.model, h) AS e ORDER BY 1, 3")
    assert len(wanted) == 1200
    assert sql("SELECT h.id, e.* FROM h, pgml.explain('m', h) AS e ORDER BY 1, 3") == wanted


def test_rows_by_position_arrays_and_json(sql, homes):
    sql("SELECT madlib.regr_train('h', 'm', 'price', 'bath, ln(id), side')")
    wanted = sql.value("SELECT madlib.regr_predict(coef, ARRAY[1, 3, ln(7), 1]) FROM m")
    wanted -= sql.value("SELECT coef[4] FROM m")
    for row in ("3, ln(7), 'it''s \"north\"'", "ARRAY['3', ln(7)::text, 'it''s \"north\"']"):
        assert sql.value(f"SELECT sum(contribution) FROM pgml.explain('m', {row})") == pytest.approx(wanted)
    sql("SELECT madlib.regr_train('h', 'n', 'price', 'bath, new')")
    assert sql.value(
        """SELECT sum(contribution) FROM pgml.explain('n', '{"bath": 2, "new": true}'::jsonb)"""
    ) == (pytest.approx(sql.value("SELECT coef[1] + 2 * coef[2] + coef[3] FROM n")))
    failure = sql.fails("SELECT e.* FROM h, pgml.explain('m', h) AS e")
    assert failure.message == 'the row has no column "ln(id)", which the model was trained on'


def test_an_array_column(sql):
    sql("CREATE TABLE t AS SELECT i AS id, i * 2.5 AS y FROM generate_series(1, 50) AS i")
    sql("ALTER TABLE t ADD v float8[]; UPDATE t SET v = ARRAY[id, id * id % 7]")
    for method in ("regr", "dtree"):
        sql(f"DROP TABLE IF EXISTS m, m_summary, p; SELECT madlib.{method}_train('t', 'm', 'y', 'v')")
        sql(f"SELECT madlib.{method}_predict('m', 't', 'p')")
        wanted = {(number, None): value for number, value in sql("SELECT id, prediction FROM p")}
        assert sums(sql, "m", "t") == pytest.approx(wanted, abs=EXACT)
        assert {feature for parts in explained(sql, "m", "t").values() for feature in parts} == {
            None,
            "v[1]",
            "v[2]",
        }
