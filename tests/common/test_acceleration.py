"""Anderson's acceleration, of an iteration x -> A x + b whose fixed point is known."""

import numpy as np

from madpy.modules.common.linear.acceleration import DEPTH, Acceleration

SLOW = np.diag([0.99, -0.9, 0.8])  # after 100 steps of its own a third of the way is left


def iterate(acceleration, groups, coef, passes):
    """The errors of some groups after passes.

    The iterations of groups differ by a factor in A; their fixed point is 1.
    """
    for _ in range(passes):
        step = np.stack([(1 - x) @ (np.eye(3) - SLOW / n) for n, x in enumerate(coef, 1)])
        hessian = np.tile([2.0, 0.5, 1.0, 0.0, 0.3, 3.0], (len(groups), 1))
        longer, _ = acceleration.longer(groups, coef, step, hessian)
        coef = coef + longer
    return np.abs(coef - 1).max(axis=1)


def test_a_linear_iteration_ends_after_a_step_more_than_coefficients():
    """With as many differences as coefficients the combination is exact (Walker & Ni, section 2)."""
    groups = np.array([1, 4])
    errors = iterate(Acceleration(groups, 6, 3), groups, np.zeros((2, 3)), DEPTH + 2)
    np.testing.assert_array_less(errors, 1e-10)


def test_the_first_step_is_the_own_one():
    groups = np.array([0])
    acceleration = Acceleration(groups, 1, 3)
    step = np.array([[1.0, 2.0, 3.0]])
    hessian = np.array([[1.0, 0.0, 1.0, 0.0, 0.0, 1.0]])
    for _ in range(2):
        longer, differ = acceleration.longer(groups, np.zeros((1, 3)), step, hessian)
        assert (longer.tolist(), differ.tolist()) == (step.tolist(), [False])
        acceleration.forget(groups)


def test_equal_steps_are_no_differences():
    """A singular system has a solution of least length, and no NaN."""
    groups = np.array([0])
    acceleration = Acceleration(groups, 1, 3)
    step = np.array([[1.0, 2.0, 3.0]])
    for n in range(4):
        longer, _ = acceleration.longer(groups, n * step, step, np.ones((1, 6)))
    np.testing.assert_array_equal(longer, step)
