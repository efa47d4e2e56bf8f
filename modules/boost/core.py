"""The objectives of boosting and their parameters.  Pure."""

OBJECTIVES = [
    "squared", "absolute", "quantile", "huber", "logistic", "multiclass", "poisson", "gamma", "tweedie",
]  # in the order of BoostObjective  # fmt: skip
OF_CLASSES = ["logistic", "multiclass"]
ALPHAS = {"quantile": (0.5, 0, 1), "huber": (0.9, 0, 1e300), "tweedie": (1.5, 1, 2)}  # default, above, below


def objective_of(classes: int) -> str:
    """Return the objective for a number of classes, 0 for a regression."""
    return "squared" if classes == 0 else "logistic" if classes == 2 else "multiclass"
