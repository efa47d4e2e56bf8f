"""Check of the targets of a generalised linear model."""

from madpy.errors import MadpyError
from madpy.modules.common.linear.families import FAMILIES
from madpy.modules.common.linear.matrices import Array


def check_targets(family: str, lowest: Array, highest: Array, rows: Array) -> None:
    """Raise an error if the family does not allow targets from `lowest` to `highest`, (G,)."""
    wrong = (rows > 0) & ~FAMILIES[family].has(lowest, highest)
    if wrong.any():
        low, high = float(lowest[wrong].min()), float(highest[wrong].max())
        seen = high if family == "binomial" and low >= 0 else low
        raise MadpyError(
            f"the target is {seen:g} in some row, which the family {family} does not allow",
            sqlstate="22003",
            hint=FAMILIES[family].hint,
        )
