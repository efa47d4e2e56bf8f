"""Lists of all drivers and of all functions that take a model, and the calls of them."""

from dataclasses import dataclass

from tests.session import Failure


@dataclass(frozen=True)
class Driver:
    """A training: the target it takes by default, None if it takes none, and how it calls its columns."""

    name: str
    target: str | None = None
    features: str = "features"
    more: str = ""

    def call(self, source: str | None = "t", output: str | None = "m", **options: str | None) -> str:
        """`options`: target, features, grouping_cols."""
        arguments = {"source_table": source, "output_table": output}
        if self.target:
            arguments["target"] = options.pop("target", self.target)
        arguments[self.features] = options.pop("features", "a, b")
        listed = ", ".join(f"{name} => {literal(value)}" for name, value in (arguments | options).items())
        return f"SELECT * FROM madlib.{self.name}({listed}{self.more})"


DRIVERS = {
    driver.name: driver
    for driver in (
        Driver("regr_train", "y"),
        Driver("logregr_train", "yes"),
        Driver("glm_train", "y", more=", family => 'gaussian'"),
        Driver("nb_train", "yes"),
        Driver("dtree_train", "yes"),
        Driver("kmeans_train", more=", k => 2"),
        Driver("correlation", features="target_cols"),
        Driver("covariance", features="target_cols"),
        Driver("summary", features="target_cols"),
    )
}
LINEAR = {"regr_train", "logregr_train", "glm_train", "kmeans_train"}  # features as numbers
ROW_PER_GROUP = {"regr_train", "logregr_train", "glm_train"}  # in the model
MATRIX = {"correlation", "covariance"}
# What takes a model: the training that makes it, and the arguments after it.
USES = {
    "regr_summary": ("regr_train", ""),
    "regr_predict": ("regr_train", ", 't', 'p'"),
    "logregr_summary": ("logregr_train", ""),
    "logregr_predict": ("logregr_train", ", 't', 'p'"),
    "glm_predict": ("glm_train", ", 't', 'p'"),
    "nb_predict": ("nb_train", ", 't', 'p'"),
    "nb_predict_prob": ("nb_train", ", 't', 'p'"),
    "nb_create_view": ("nb_train", ", 't', 'p'"),
    "dtree_predict": ("dtree_train", ", 't', 'p'"),
    "dtree_predict_prob": ("dtree_train", ", 't', 'p'"),
    "dtree_display": ("dtree_train", ""),
    "dtree_importance": ("dtree_train", ""),
    "kmeans_predict": ("kmeans_train", ", 't', 'p'"),
}


def literal(value: str | None) -> str:
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def said(error: Failure) -> tuple[str | None, str, str | None]:
    return error.sqlstate, error.message, error.hint
