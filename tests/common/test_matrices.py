"""Matrices of many groups, against numpy's own functions."""

import numpy as np

from madpy.modules.common.linear import matrices as blocked


def test_large_matrices_are_worked_on_in_blocks(monkeypatch):
    """As numpy has them whole: 20 rows in blocks of 6, the last one shorter."""
    factors = np.random.default_rng(1).normal(size=(2, 20, 40))
    matrices = factors @ factors.swapaxes(1, 2)
    right = factors[:, :, :1]
    lower = np.linalg.cholesky(matrices)
    monkeypatch.setattr(blocked, "BLOCK", 6)
    assert np.allclose(blocked.cholesky(matrices), lower, rtol=1e-12, atol=1e-12)
    assert np.allclose(blocked.inverse_of_lower(lower) @ lower, np.eye(20), atol=1e-12)
    assert np.allclose(blocked.block_product(matrices, lower), matrices @ lower, rtol=1e-12)
    assert np.allclose(blocked.solved(matrices, right), np.linalg.solve(matrices, right), rtol=1e-9)
    matrices[1] = 0
    assert np.isnan(blocked.solved(matrices, right)).all()
