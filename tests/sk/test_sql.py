"""sk_train and its predictions, called as users call them; expected values follow from the table's making."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("houses")
FEATURES = "tax, bath, new"


def test_a_linear_model_finds_what_the_table_was_made_of(sql, train):
    result = train("price", FEATURES, "linear")
    assert (result["algorithm"], result["task"], result["num_rows_processed"]) == ("linear", "regression", 60)
    details = sql.value("SELECT details FROM m")
    assert details["coef"] == pytest.approx({"tax": 2, "bath": -1, "new": 10})
    assert details["intercept"] == pytest.approx(3)


@pytest.mark.parametrize("call", ["tax, bath, new", "ARRAY[tax, bath, new::int]", "h", "ROW(tax, bath, new)"])
def test_features_one_by_one_or_as_an_array_or_as_a_row(sql, train, call):
    train("price", FEATURES, "linear")
    found = sql(f"SELECT madlib.sk_predict(model, {call}) - price FROM h, m")
    assert all(abs(difference) < 1e-9 for (difference,) in found)


@pytest.mark.parametrize("kind", ["float4", "int2", "int4", "int8", "numeric", "float8", "text"])
def test_numbers_of_any_type(sql, train, kind):
    train("price", FEATURES, "linear")
    assert sql.value(f"SELECT madlib.sk_predict(model, 7::{kind}, 2::{kind}, true) FROM m") == pytest.approx(
        25
    )


def test_a_row_is_read_by_names(sql, train):
    train("price", FEATURES, "linear")
    row = "(SELECT true AS new, 'x' AS more, 2 AS bath, 7 AS tax)"
    assert sql.value(f"SELECT madlib.sk_predict(model, r) FROM m, {row} AS r") == pytest.approx(25)
    error = sql.fails("SELECT madlib.sk_predict(model, r) FROM m, (SELECT 2 AS bath, 7 AS tax) AS r")
    assert (error.sqlstate, error.message) == (
        "42703",
        'the row has no column "new", which the model was trained on',
    )


def test_a_table_that_is_altered_is_read_as_it_is_now(sql, train):
    """PL/pgSQL keeps an expression for the transaction: what is known of a row must not outlive its type."""
    train("price", "tax", "linear")
    sql("CREATE TABLE r (tax text)")
    sql("INSERT INTO r VALUES ('7')")
    sql(
        """
        CREATE FUNCTION twice() RETURNS bool LANGUAGE plpgsql AS $$
        DECLARE
            now r; model bytea := (SELECT m.model FROM m); before float8; after float8;
        BEGIN
            FOR n IN 1..2 LOOP
                SELECT * INTO now FROM r;
                before := after;
                after := madlib.sk_predict(model, now);
                IF n = 1 THEN ALTER TABLE r ALTER tax TYPE float8 USING tax::float8; END IF;
            END LOOP;
            RETURN before = after;
        END $$
        """
    )
    assert sql.value("SELECT twice()") is True


def test_null_is_predicted_null(sql, train):
    train("price", FEATURES, "linear")
    assert sql(
        "SELECT madlib.sk_predict(model, NULL, 1, true), madlib.sk_predict(NULL, 1, 1, true) FROM m"
    ) == [(None, None)]


def test_a_wrong_number_of_features(sql, train):
    train("price", FEATURES, "linear")
    error = sql.fails("SELECT madlib.sk_predict(model, 1, 2) FROM m")
    assert error.message == "2 features do not fit the 3 of the model"


def test_groups_have_their_models(sql, train):
    result = train("price", FEATURES, "linear", grouping_cols="side")
    assert (result["num_groups"], result["metrics"]["rmse"]) == (2, pytest.approx(0, abs=1e-9))
    assert sql("SELECT side, num_rows_processed FROM m ORDER BY 1") == [(0, 30), (1, 30)]
    assert sql("SELECT * FROM madlib.sk_predict('m', 'h', 'p')")[0][1:] == (60, 0)
    assert sql.value("SELECT max(abs(prediction - price)) FROM p") < 1e-9


def test_rows_with_nulls_are_skipped_and_counted(sql, train):
    sql("UPDATE h SET tax = NULL WHERE id <= 4; UPDATE h SET price = NULL WHERE id = 60")
    result = train("price", FEATURES, "linear")
    assert (result["num_rows_processed"], result["num_missing_rows_skipped"]) == (55, 5)


def test_words_and_times_are_features(sql, train):
    result = train("price", "tax, bath, new, wall, sold", "linear")
    assert result["feature_names"] == ["tax", "bath", "new", "wall", "sold"]
    assert sql("SELECT * FROM madlib.sk_predict('m', 'h', 'p')")[0][1:] == (60, 0)
    assert sql.value("SELECT max(abs(prediction - price)) FROM p") < 1e-4
    one_by_one = "madlib.sk_predict(model, tax, bath, new, wall, sold)"
    assert sql.value(f"SELECT bool_and({one_by_one} = prediction) FROM p, m")
    assert sql.value("SELECT bool_and(madlib.sk_predict(model, p) = prediction) FROM p, m")


@pytest.mark.parametrize(("weights", "where"), [(None, "NULL"), ("0", "NULL and for weights of 0")])
def test_no_row_that_can_be_used(sql, weights, where):
    given = "" if weights is None else f", weights => '{weights}'"
    sql("UPDATE h SET tax = NULL")
    error = sql.refuses(f"SELECT madlib.sk_train('h', 'm', 'price', 'tax', 'ridge'{given})")
    assert error.message == 'sk_train: none of the 60 rows of table "h" can be used'
    assert error.hint.startswith(f"Check for {where}, or impute: ")


@pytest.mark.parametrize("target", ["price", "price, twice"])
def test_a_target_that_is_null_in_every_row(sql, target):
    sql("ALTER TABLE h ADD twice float8; UPDATE h SET price = NULL, twice = 1")
    algorithm = "linear" if "," in target else "ridge"
    error = sql.refuses(f"SELECT madlib.sk_train('h', 'm', '{target}', 'tax', '{algorithm}')")
    assert error.message == "sk_train: the target is NULL in every row"


def test_too_many_levels(sql):
    sql("CREATE TABLE t AS SELECT i::float8 AS y, i::text AS k FROM generate_series(1, 100001) AS i")
    error = sql.refuses("SELECT madlib.sk_train('t', 'm', 'y', 'k', 'decision_tree')")
    assert error.sqlstate == "54000"
    assert error.message == 'sk_train: features: "k" has more than 100000 distinct values'


def test_an_array_column_is_its_elements(sql, train):
    result = train("price", "v", "linear")
    assert result["feature_names"] == ["v[1]", "v[2]"]
    assert sql("SELECT * FROM madlib.sk_predict('m', 'h', 'p')")[0][1:] == (60, 0)
    assert sql.value("SELECT bool_and(madlib.sk_predict(model, v) = prediction) FROM p, m")


def test_several_targets(sql, train):
    train("price, -price", FEATURES, "linear")
    sql("SELECT madlib.sk_predict('m', 'h', 'p')")
    assert sql.value("SELECT max(abs(prediction[1] - price) + abs(prediction[2] + price)) FROM p") < 1e-9
    error = sql.fails("SELECT madlib.sk_predict(model, 1, 2, true) FROM m")
    assert (error.message, error.hint) == ("this model has several numbers for a row", "Use sk_predict_all.")


def test_classes_keep_their_type(sql, train):
    train("bath > 2", "bath, tax", "linear")
    sql("SELECT madlib.sk_predict('m', 'h', 'p')")
    assert sql(
        "SELECT pg_typeof(prediction)::text, prediction = (bath > 2), count(*) FROM p GROUP BY 1, 2"
    ) == [("boolean", True, 60)]
    sql("SELECT madlib.sk_predict_prob('m', 'h', 'q')")
    assert sql("SELECT count(*), round(sum(probability)) FROM q") == [(120, 60)]


def test_integers_are_classes_where_asked(sql, train):
    result = train("bath", "bath, tax", "linear", task="classification")
    assert (result["task"], result["classes"]) == ("classification", ["0", "1", "2", "3", "4"])


def test_weights_count_as_rows(sql, train):
    train("price", "tax, bath", "ridge", output="weighted", weights="bath")
    sql("CREATE TABLE many AS SELECT h.* FROM h, generate_series(1, bath)")
    sql("SELECT madlib.sk_train('many', 'several', 'price', 'tax, bath', 'ridge')")
    one, other = (sql.value(f"SELECT details FROM {name}")["coef"] for name in ("weighted", "several"))
    assert one == pytest.approx(other, rel=1e-10)


def test_a_view_predicts(sql, train):
    train("price", FEATURES, "linear")
    sql("SELECT madlib.sk_create_view('m', 'h', 'seen'); INSERT INTO h (tax, bath, new) VALUES (7, 2, true)")
    assert sql.value("SELECT prediction FROM seen WHERE id IS NULL") == pytest.approx(25)


def test_the_summary_is_what_the_call_returns(sql, train):
    result = train("price", FEATURES, "linear")
    (summary,) = sql.rows("SELECT * FROM m_summary")
    assert summary == result


def test_every_algorithm_is_listed(sql):
    listed = sql("SELECT algorithm, task, hyperparams FROM madlib.sk_algorithms()")
    assert ("ridge", "regression") in [row[:2] for row in listed]
    assert all(isinstance(row[2], dict) for row in listed)


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"algorithm": "lineer"}, 'there is no algorithm "lineer"', "Did you mean linear"),
        ({"algorithm": "RIDGE"}, 'there is no algorithm "RIDGE"', "Did you mean ridge"),
        ({"algorithm": "xgb"}, 'there is no algorithm "xgb"', "Choose one of: ada_boost, "),
        ({"task": "clustering"}, "ridge is not for clustering", "Choose "),
        ({"hyperparams": '{"alph": 1}'}, 'ridge has no hyperparameter "alph"', "Known are: alpha, "),
        ({"hyperparams": '{"alpha": -1}'}, 'hyperparameter "alpha" of ridge must be a number from 0', None),
        ({"hyperparams": '{"alpha": "os.system"}'}, 'hyperparameter "alpha" of ridge must be ', None),
        ({"hyperparams": "[1]"}, "hyperparams must be an object", "Write it like this: "),
        ({"preprocess": '{"tox": {}}'}, 'preprocess: there is no feature "tox"', "These are: tax, bath."),
        ({"preprocess": '{"tax": {"scale": "x"}}'}, 'preprocess: scale of feature "tax" must be one', None),
        ({"preprocess": '{"tax": {"inpute": 1}}'}, 'preprocess: "inpute" is not known for', "Known are: "),
        ({"preprocess": "[]"}, 'preprocess must be "auto" or an object with an object for each', "Write it "),
        ({"seed": -1}, "seed must be ", None),
        ({"weights": "wall"}, 'weights: "wall" is of type text', None),
        ({"weights": "bath - 2"}, "a weight is -1 in some row", "Give weights that are finite and not "),
    ],
)  # fmt: skip
def test_bad_arguments(sql, options, message, hint):
    arguments = {"algorithm": "ridge", **options}
    written = ", ".join(
        f"{name} => {value if isinstance(value, int) else repr(value)}" for name, value in arguments.items()
    )
    error = sql.refuses(
        f"SELECT madlib.sk_train('h', 'm', target => 'price', features => 'tax, bath', {written})"
    )
    assert error.message.startswith(f"sk_train: {message}")
    assert hint is None or (error.hint or "").startswith(hint)


def test_one_class_only(sql):
    error = sql.refuses("SELECT madlib.sk_train('h', 'm', 'id > 0', 'tax', 'linear')")
    assert error.message == "sk_train: the target has one class only: true"


def test_a_group_without_a_model_is_a_row_without_one(sql, train):
    sql("UPDATE h SET price = NULL WHERE side = 1")
    train("price", "tax", "linear", grouping_cols="side")
    assert sql("SELECT side, num_rows_processed, model IS NULL FROM m ORDER BY 1") == [
        (0, 30, False),
        (1, 0, True),
    ]
    assert sql("SELECT * FROM madlib.sk_predict('m', 'h', 'p')")[0][1:] == (60, 30)


def test_more_rows_than_the_memory_holds(sql):
    sql("CREATE TABLE large AS SELECT i::float8 AS x, i AS y FROM generate_series(1, 200000) AS i")
    sql("SET madpy.worker_memory = '1MB'")
    error = sql.refuses("SELECT madlib.sk_train('large', 'm', 'y', 'x', 'linear')")
    assert (error.sqlstate, error.message) == ("53400", "sk_train: the rows do not fit madpy.worker_memory")


def test_a_fit_of_little_memory_ends(sql, train):
    """OpenBLAS, whose first buffer is larger than this, would ask for it for ever."""
    sql("SET madpy.worker_memory = '20MB'; SET statement_timeout = '60s'")
    assert train("price", FEATURES, "linear")["num_rows_processed"] == 60


def test_an_error_too_large_for_a_number_is_left_out(sql, train):
    result = train("1e200 * (price + tax * tax)", "bath", "linear")
    assert result["metrics"]["rmse"] is None


@pytest.mark.parametrize(
    "options", ["'decision_tree'", """'ridge', preprocess => '{"wall": {"fill": "x"}}'"""]
)
def test_a_category_without_levels(sql, options):
    sql("UPDATE h SET wall = NULL")
    sql(f"SELECT madlib.sk_train('h', 'm', 'price', 'tax, wall', {options})")
    assert sql.warnings == ["NULL in every row, and so left out: wall"]
    assert sql.value("SELECT feature_names FROM m_summary") == ["tax"]
    sql("SELECT madlib.sk_train('h', 'o', 'price', 'tax, wall', 'ridge', grouping_cols => 'new')")
    assert sql.value("SELECT count(model) FROM o") == 2


def test_numbers_that_are_too_large(sql):
    call = "SELECT madlib.sk_train('h', 'm', 'price', 'tax', 'ridge', {})"
    error = sql.fails(call.format("""'{"alpha": 1e5000}'"""))
    assert error.message == "sk_train: hyperparams has a number of too many digits"
    error = sql.fails(call.format("""preprocess => '{"tax": {"fill": 1e400}}'"""))
    assert error.message == 'sk_train: preprocess: fill of feature "tax" must be a number'


@pytest.mark.parametrize("encode", ["one_hot", "target"])
def test_rows_without_a_prediction_are_not_trained_on(sql, train, encode):
    sql("UPDATE h SET wall = NULL WHERE id <= 10")
    result = train("price", "tax, wall", "decision_tree", preprocess=json.dumps({"wall": {"encode": encode}}))
    assert (result["num_rows_processed"], result["num_missing_rows_skipped"]) == (50, 10)
    assert sql.value("SELECT count(madlib.sk_predict(model, h)) FROM h, m") == 50


def test_the_model_says_what_it_is(sql, train):
    """The JSON in front of a model is for people."""
    train("price", FEATURES, "ridge", hyperparams='{"alpha": 2}')
    data = sql.value("SELECT model FROM m")
    header, _ = json.JSONDecoder().raw_decode(data[data.index(b"{") :].decode(errors="replace"))
    assert (header["algorithm"], header["hyperparams"]) == ("ridge", {"alpha": 2})


def test_a_row_with_an_array_column(sql, train):
    train("price", "v", "linear")
    assert sql.value("SELECT bool_and(madlib.sk_predict(model, h) = madlib.sk_predict(model, v)) FROM h, m")
    assert sql("SELECT madlib.sk_predict(model, r) FROM m, (SELECT NULL::float8[] AS v) AS r") == [(None,)]


def test_a_date_that_is_a_category_is_the_same_in_any_style(sql, train):
    sql("ALTER TABLE h ADD d date; UPDATE h SET d = date '2020-02-03' + id % 3")
    train("price", "tax, d", "linear", categorical_cols="d")
    before = sql("SELECT madlib.sk_predict(model, tax, d) FROM h, m ORDER BY id")
    sql("SET datestyle = 'german'")
    assert sql("SELECT madlib.sk_predict(model, tax, d) FROM h, m ORDER BY id") == before


def test_a_group_that_cannot_be_fitted_leaves_the_others(sql, train):
    sql("UPDATE h SET side = 2 WHERE id = 1")
    train(None, "tax, bath", "kmeans", grouping_cols="side")
    rows = sql("SELECT side, model IS NULL, warnings FROM m ORDER BY 1")
    assert [row[:2] for row in rows] == [(0, False), (1, False), (2, True)]
    assert rows[2][2][0].startswith("no model: n_samples=1")
