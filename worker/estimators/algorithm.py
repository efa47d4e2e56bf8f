"""An algorithm for one task: the class of scikit-learn, its hyperparameters, and how its model is scored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from madpy.worker.estimators.form import Form
from madpy.worker.estimators.parameters import Parameter

LARGEST = 1e100  # a number that can be squared, and the square summed and multiplied


@dataclass(frozen=True)
class Algorithm:
    """The record of an algorithm; `form` makes the arrays that C scores out of a fitted estimator.

    `fixed` are arguments that a user does not choose.
    """

    name: str
    task: str  # regression, classification, clustering, decomposition
    estimator: Callable[..., Any]
    form: Callable[[Any], Form]
    parameters: Mapping[str, Parameter]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    takes_weights: bool = True
    takes_nan: bool = False
    several_targets: bool = False
    encode: str = "one_hot"  # default encoding of categories
    scale: str = "standard"  # scaling of numbers by the preprocessing "auto"; trees need none
    is_seeded: bool = False  # the class has an argument random_state
    largest: float = LARGEST  # absolute value of a column that the class can be fitted on
    slow_to_score: bool = False  # figures are then of some of the rows

    def build(self, hyperparams: Mapping[str, Any], seed: int) -> Any:
        """Return an estimator that is not fitted yet."""
        seeded = {"random_state": seed} if self.is_seeded else {}
        return self.estimator(**{**self.fixed, **seeded, **hyperparams})
