"""Passes over rows for a search by iteratively reweighted least squares."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from madpy.modules.common.linear import irls
from madpy.modules.common.linear.matrices import Array, Numbers
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.session.db import Database

NUMBERS_PER_STEP = 300_000  # numbers of the matrices of one step


@dataclass(frozen=True)
class Passes:
    """The passes of a kernel over a scan, for a method with a name."""

    db: Database
    scan: Scan
    kernel: str
    method: str

    def iterate(self, search: irls.Search, max_iter: int, log: Callable[[str], None]) -> None:
        """Search in all groups together, a pass for each step."""
        for iteration in range(1, max_iter + 1):
            if not search.active.any():
                break
            self.db.progress(f"{self.method}: iteration {iteration} of at most {max_iter}")
            for part in self.parts(search, search.going):
                search.take(part, self.sums(search, part, search.params(part)))
            going = int(search.active.sum())
            log(f"iteration {iteration}: {search.describe()}, {going} of {len(search.active)} group(s) go on")
        search.stop()

    def refine(self, search: irls.Search) -> Array:
        """Make a pass for the errors where features are nearly collinear; returns what `irls.roots` does."""
        roots = np.full(search.hessian.shape, np.nan)
        for part in self.parts(search, irls.nearly_collinear(search)):
            self.db.progress(f"{self.method}: standard errors of features that are nearly collinear")
            basis = irls.bases(search, part)
            sums = self.sums(search, part, search.basis_params(part, basis))
            roots[part] = irls.roots(search, part, basis, sums)
        return roots

    def sums(self, search: irls.Search, groups: Numbers, params: Array) -> irls.Sums:
        """Run a pass over the rows of some groups, each with its row of parameters, and return the sums."""
        # without groups the parameters are a constant, which allows parallel workers
        given = params if self.scan.rows.groups else params[0]
        states = self.scan.step(self.kernel, given, groups.tolist(), outcome=True)
        return irls.sums(states.body, search.coef.shape[1], search.extras.shape[1])

    def parts(self, search: irls.Search, groups: Numbers) -> Iterator[Numbers]:
        """Yield the groups of each step: over a store a few thousand, whose states stay in the cache."""
        k = search.coef.shape[1]
        size = max(1, len(groups) if self.scan.feed == "streaming" else NUMBERS_PER_STEP // k**2)
        for start in range(0, len(groups), size):
            yield groups[start : start + size]
