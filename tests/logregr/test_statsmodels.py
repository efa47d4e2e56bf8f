"""Everything a model says, against statsmodels, and against what was published."""

import numpy as np
import pytest
import statsmodels.api as sm

CELLS = "mean_radius, mean_texture, mean_smoothness, mean_symmetry, radius_error"


def agrees(model, fit, rel=1e-10):
    """All that both of them say.  `fit` is of GLM, whose null model has a constant always."""
    wanted = {
        "coef": fit.params,
        "std_err": fit.bse,
        "z_stats": fit.tvalues,
        "p_values": fit.pvalues,
        "odds_ratios": np.exp(fit.params),
        "log_likelihood": fit.llf,
        "deviance": fit.deviance,
        "null_deviance": fit.null_deviance,
        "aic": fit.aic,
        "num_rows_processed": fit.nobs,
    }
    for name, value in wanted.items():
        assert model[name] == pytest.approx(np.ravel(value) if np.ndim(value) else value, rel=rel), name
    np.testing.assert_allclose(model["variance_covariance"], fit.cov_params(), rtol=rel)
    assert (model["converged"], model["status"]) == (True, "converged")


def glm(y, X):
    return sm.GLM(y, X, family=sm.families.Binomial()).fit(tol=1e-15, maxiter=100, tol_criterion="params")


def test_breast_cancer(sql, train):
    sql("SELECT madlib.load_dataset('breast_cancer', 't')")
    rows = np.array(sql(f"SELECT (target_name = 'malignant')::int, {CELLS} FROM t"), dtype=float)
    X = sm.add_constant(rows[:, 1:])
    (model,) = train(CELLS, target="target_name")
    fit = glm(rows[:, 0], X)
    agrees(model, fit, rel=1e-9)
    weight = fit.mu * (1 - fit.mu)
    assert model["condition_no"] == pytest.approx(np.linalg.cond(X * np.sqrt(weight)[:, None]), rel=1e-8)
    assert sql("SELECT classes, positive_class, target_type FROM m_summary") == [
        (["benign", "malignant"], "malignant", "text")
    ]


@pytest.mark.parametrize("rows", [30, 255, 256, 257, 5000])
@pytest.mark.parametrize("memory", [0, 1000])
def test_synthetic(sql, load, train, rows, memory):
    """Block ends included, from the store and streaming."""
    rng = np.random.default_rng(rows)
    X = rng.normal(size=(rows, 3)) * [1, 10, 0.1] + [0, 5, 0.2]
    y = rng.random(rows) < 1 / (1 + np.exp(-(0.3 + X @ [0.5, -0.1, 2])))
    load(y=y.tolist(), a=X[:, 0].tolist(), b=X[:, 1].tolist(), c=X[:, 2].tolist())
    sql(f"SET madpy.store_memory = {memory}")
    (model,) = train("a, b, c")
    agrees(model, glm(y.astype(float), sm.add_constant(X)))
    (plain,) = train("ARRAY[a, b, c]", output="n")
    fit = glm(y.astype(float), X)
    for name, value in {"coef": fit.params, "std_err": fit.bse, "deviance": fit.deviance}.items():
        assert plain[name] == pytest.approx(value, rel=1e-10), name
    assert plain["null_deviance"] == pytest.approx(2 * rows * np.log(2))


def test_a_timestamp_among_the_features(load, train):
    """Large beside its spread: centred, it costs no digits; against the model of the time since the first."""
    rng = np.random.default_rng(0)
    seconds = rng.integers(0, 3600, 300).astype(float)
    y = rng.random(300) < 1 / (1 + np.exp(-(seconds - 1800) / 900))
    load(y=y.tolist(), t=(1.7e9 + seconds).tolist())
    (model,) = train("t")
    fit = glm(y.astype(float), sm.add_constant(seconds))
    assert model["coef"][1] == pytest.approx(fit.params[1], rel=1e-10)
    assert model["coef"][0] == pytest.approx(fit.params[0] - 1.7e9 * fit.params[1], rel=1e-10)
    assert model["std_err"][1] == pytest.approx(fit.bse[1], rel=1e-10)


def test_a_rare_class(load, train):
    """One row of a level in ten thousand is positive: Newton needs many steps of one logit each."""
    y = [True] + [False] * 9999 + [True, False] * 50
    load(y=y, g=[1] * 10000 + [0] * 100)
    (model,) = train("g")
    assert model["coef"] == pytest.approx([0, np.log(1 / 9999)], rel=1e-10, abs=1e-12)
    assert model["status"] == "converged"


def test_patients_as_madlib_published(sql, train):
    """MADlib user documentation, logistic regression, the first example: coefficients after its last step.

    Its standard errors are of the step before, so they have five digits.
    """
    sql(PATIENTS)
    (model,) = train("ARRAY[1, treatment, trait_anxiety]", target="second_attack")
    published = {
        "coef": [-6.36346994178187, -1.02410605239327, 0.119044916668606],
        "log_likelihood": -9.41018298389,
        "odds_ratios": [0.0017233763092323, 0.359117354054954, 1.12642051220895],
    }
    for name, value in published.items():
        assert model[name] == pytest.approx(value, rel=1e-8), name
    rough = {
        "std_err": [3.21389766375094, 1.17107844860319, 0.0549790458269309],
        "z_stats": [-1.97998524145759, -0.874498248699549, 2.16527796868918],
        "p_values": [0.0477051870698128, 0.38184697353045, 0.0303664045046168],
        "condition_no": 326.081922792,
    }
    for name, value in rough.items():
        assert model[name] == pytest.approx(value, rel=2e-5), name
    assert (model["num_rows_processed"], model["num_missing_rows_skipped"]) == (20, 0)


PATIENTS = """
CREATE TABLE t (id, second_attack, treatment, trait_anxiety) AS VALUES
    (1, 1, 1, 70), (2, 1, 1, 80), (3, 1, 1, 50), (4, 1, 0, 60), (5, 1, 0, 40), (6, 1, 0, 65), (7, 1, 0, 75),
    (8, 1, 0, 80), (9, 1, 0, 70), (10, 1, 0, 60), (11, 0, 1, 65), (12, 0, 1, 50), (13, 0, 1, 45),
    (14, 0, 1, 35), (15, 0, 1, 40), (16, 0, 1, 50), (17, 0, 0, 55), (18, 0, 0, 45),
    (19, 0, 0, 50), (20, 0, 0, 60)
"""


def test_menarche_as_r_published(load, train):
    """glm(cbind(Menarche, Total - Menarche) ~ Age, binomial, menarche), the data of package MASS."""
    age, total, yes = map(np.array, zip(*MENARCHE, strict=True))
    ages = np.repeat(np.r_[age, age], np.r_[yes, total - yes]).tolist()
    load(y=[True] * int(yes.sum()) + [False] * int((total - yes).sum()), age=ages)
    (model,) = train("age")
    assert [round(value, 5) for value in model["coef"]] == [-21.22639, 1.63197]
    assert model["std_err"] == pytest.approx([0.77068, 0.05895], abs=2e-5)  # R's are of the step before
    assert [round(value, 2) for value in model["z_stats"]] == [-27.54, 27.68]
    assert model["null_deviance"] - model["deviance"] == pytest.approx(3693.884 - 26.703, abs=1e-3)


MENARCHE = [
    (9.21, 376, 0), (10.21, 200, 0), (10.58, 93, 0), (10.83, 120, 2), (11.08, 90, 2), (11.33, 88, 5),
    (11.58, 105, 10), (11.83, 111, 17), (12.08, 100, 16), (12.33, 93, 29), (12.58, 100, 39), (12.83, 108, 51),
    (13.08, 99, 47), (13.33, 106, 67), (13.58, 105, 81), (13.83, 117, 88), (14.08, 98, 79), (14.33, 97, 90),
    (14.58, 120, 113), (14.83, 102, 95), (15.08, 122, 117), (15.33, 111, 107), (15.58, 94, 92),
    (15.83, 114, 112), (17.58, 1049, 1049),
]  # fmt: skip


@pytest.mark.parametrize(("near", "digits"), [(1e-1, 12), (1e-3, 12), (1e-5, 11)])
@pytest.mark.parametrize("memory", [0, 1000])
def test_digits_of_features_that_are_nearly_the_same(sql, load, train, near, digits, memory):
    """As the manual has it; theirs are by QR of the features.  Another group's are not."""
    sql(f"SET madpy.store_memory = {memory}")
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 300))
    y = rng.random(300) < 1 / (1 + np.exp(-(0.3 + a)))
    X = [np.column_stack([a, a + scale * b]) for scale in (near, 1)]
    both = np.concatenate(X)
    load(y=[*y.tolist()] * 2, a=both[:, 0].tolist(), b=both[:, 1].tolist(), g=[1] * 300 + [2] * 300)
    models = train("a, b", grouping_cols="g")
    for model, x in zip(sorted(models, key=lambda model: model["g"]), X, strict=True):
        fit = glm(y.astype(float), sm.add_constant(x))
        assert model["coef"] == pytest.approx(fit.params, rel=1e-9)
        assert model["std_err"] == pytest.approx(fit.bse, rel=10**-digits)
