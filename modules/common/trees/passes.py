"""Passes of the kernels of trees over the rows of a scan."""

from collections.abc import Iterator

import numpy as np

from madpy.errors import MadpyError
from madpy.modules.common.trees import layout
from madpy.modules.common.trees.counts import Array, Integers, Rule
from madpy.modules.common.trees.grow import Trees, moved, rank
from madpy.modules.common.trees.outcomes import bins_listed, counted
from madpy.modules.common.trees.parameters import Fold, Placed, Setup, Target, parameters
from madpy.modules.common.trees.refine import Refinement, make_sure
from madpy.modules.common.trees.sample import Sample, rows_to_keep
from madpy.modules.common.trees.splits import Counted, Splits
from madpy.modules.common.trees.within import Places
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.scan.states import States, packed
from madpy.ports.postgres.session.db import Database

CELLS = 8_000_000  # numbers that a pass counts, unless one node of each group has more
SENT = 3_000_000  # numbers that a pass sends: a copy by PL/Python cannot be cancelled
MOST_CELLS = 40_000_000
LEAVES = 20_000  # leaves of a tree whose rows one pass counts without bins


class Passes:
    """Passes over the rows of a scan, for trees of all its groups.

    `method` is the name of the kernel that counts rows; that of samples is <method>_sample.  With weights
    both have the prefix weighted_.
    """

    def __init__(
        self,
        db: Database,
        scan: Scan,
        method: str,
        classes: int,
        levels: list[int | None],
        num_bins: int,
        seed: int,
    ):
        self.db = db
        self.scan = scan
        self._kernel = method if scan.rows.weights is None else f"weighted_{method}"
        self.classes = classes
        self.stats = classes or layout.STAT_FIELDS  # numbers of a cell
        num_bins = self._fewer(num_bins, levels)
        keep = rows_to_keep(len(scan.group_values), len(levels))
        states = scan.step(f"{self._kernel}_sample", np.array([float(keep), float(seed)]), outcome=True)
        sample = Sample.read(states.body, len(levels), keep)
        self.shifts = sample.shifts()
        self.bins = sample.bins(levels, num_bins)
        self.rows = states.rows_used
        self.skipped = states.rows_skipped
        self.groups = len(self.rows)
        self._placed: Placed | None = None
        self.unit = sample.unit()
        coded = scan.store is not None and self.groups > 0 and self._code()
        self._setup = Setup(self.bins, self.groups, classes, seed, self.unit, coded)

    def count(
        self, trees: Trees, nodes: Integers, rule: Rule, fold: Fold | None = None
    ) -> Iterator[tuple[Integers, Counted]]:
        """Yield counts of `nodes` and their best splits by numbers, in as many passes as memory requires."""
        codes = [codes + 1 for codes in self.bins.codes]
        shown = [n for n, levels in zip(codes, self.bins.levels, strict=True) if levels]
        width = layout.SPLIT_FIELDS + (2 + sum(shown)) * self.stats
        # with a store, the histograms of one group at a time are in memory
        held = sum(codes) * self.stats * (self.groups if self.scan.store is None else 1)
        at_once = max(1, min(CELLS // max(held, 1), SENT // max(width * self.groups, 1)))
        slots = rank(trees.group[nodes])
        for first in range(0, int(slots.max(initial=-1)) + 1, at_once):
            part = (slots >= first) & (slots < first + at_once)
            groups, row = np.unique(trees.group[nodes[part]], return_inverse=True)
            own = slots[part] - first
            marks = np.pad(self.bins.marks(), [(0, 0), (0, 1)])
            target = Target(trees, nodes[part], own)
            body = self._step(target, layout.COUNTING_AND_BOUND, rule, fold, groups, marks).body
            self._placed = Placed.after(trees, nodes) if self._setup.coded and part.all() else None
            counts = counted(body, row, own, self.stats, self.bins.levels)
            counts.places = bins_listed(body, row, own, width, self.stats)
            yield nodes[part], counts

    def sharpen(
        self, rule: Rule, fold: Fold | None, trees: Trees, nodes: Integers, splits: Splits, counted: Counted
    ) -> None:
        """Search better splits of `nodes` within bins, and use them."""

        def run(nodes: Integers, slots: Integers, intervals: Array) -> Array:
            return self._look(Target(trees, nodes, slots), intervals, rule, fold)

        places = counted.places
        if not isinstance(places, Places):
            return
        places = places.worth(splits)
        if len(places) and self.bins.any_unsure:
            self._make_sure()
        places = places.of(self.bins.are_several(trees.group[nodes[places.node]], places.feature, places.bin))
        refinement = Refinement(
            self.bins, trees, nodes, splits, counted.total, rule.criterion, self.unit, run
        )
        refinement.look_within(places)

    def empty_features(self) -> list[int]:
        """Return the features that are NULL in every row."""
        if self.bins.any_unsure and any(self.bins.seem_empty):
            self._make_sure()
        return [f for f, is_empty in enumerate(self.bins.seem_empty) if is_empty]

    def totals(self, trees: Trees, nodes: Integers, fold: Fold | None = None) -> Array:
        """Count the rows of `nodes`, shape (nodes, C); a regression's counts are around their means."""
        slots = rank(trees.group[nodes])
        totals = np.zeros((len(nodes), self.stats))
        for first in range(0, int(slots.max(initial=-1)) + 1, LEAVES):
            part = (slots >= first) & (slots < first + LEAVES)
            own = slots[part] - first
            states = self._step(Target(trees, nodes[part], own), layout.COUNTING_SLOTS, None, fold)
            cells = states.body[:, states.body.shape[1] - (int(own.max()) + 1) * self.stats :]
            totals[part] = cells.reshape(self.groups, -1, self.stats)[trees.group[nodes[part]], own]
        return (
            totals
            if self.classes
            else moved(totals, trees.shift[nodes] - trees.counts[nodes, layout.STAT_MEAN])
        )

    def _make_sure(self) -> None:
        """Find, in one pass, which of the bins have several values if the sample does not show it."""
        rule = Rule("variance", 1)
        roots = Trees.roots(self.groups, self.stats)

        def run(nodes: Integers, slots: Integers, intervals: Array) -> Array:
            return self._look(Target(roots, nodes, slots), intervals, rule, None)

        make_sure(self.bins, self.stats, run)

    def _look(self, target: Target, intervals: Array, rule: Rule, fold: Fold | None) -> Array:
        """Run a pass over intervals, shape (groups of the nodes, n); return a body for each such group."""
        groups = np.unique(target.trees.group[target.nodes])
        tail = np.zeros((self.groups, intervals.shape[1]))
        tail[groups] = intervals
        return self._step(target, layout.COUNTING_INTERVALS, rule, fold, groups, tail).body

    def _step(
        self,
        target: Target,
        counting: int,
        rule: Rule | None,
        fold: Fold | None,
        groups: Integers | None = None,
        tail: Array | None = None,
    ) -> States:
        """Run a pass; return its outcome by `rule`, or without one the states, with a cell for each slot.

        `groups` are those that are read, rising; all if not given.  `tail`: see `parameters`.
        """
        params = parameters(self._setup, target, counting, rule, fold, tail, self._placed)
        if self.groups == 1:
            return self.scan.step(self._kernel, params[0], outcome=rule is not None)
        if groups is None or len(groups) == self.groups:
            return self.scan.step(self._kernel, params, outcome=rule is not None)
        return self.scan.step(self._kernel, params[groups], groups.tolist(), outcome=rule is not None)

    def _fewer(self, num_bins: int, levels: list[int | None]) -> int:
        """Return the number of bins, lowered if the cells of a node in each group would be too many."""
        cells = MOST_CELLS // (max(len(self.scan.group_values), 1) * self.stats)
        cells -= sum(count + 1 for count in levels if count is not None)
        most = cells // max(levels.count(None), 1) - 1
        if num_bins <= most or (cells >= 0 and None not in levels):
            return num_bins
        if most < 2:
            raise MadpyError(
                "there are too many groups, features and levels to count at once",
                sqlstate="54000",
                hint="group rare values first, leave a name or a key out, or train on fewer groups",
            )
        self.db.warning(f"num_bins is lowered from {num_bins} to {most}: there are many groups and features")
        return most

    def _code(self) -> bool:
        """Code all values of the store once; return False if there is no space for codes."""
        parts = []
        for levels, cuts in zip(self.bins.levels, self.bins.edges, strict=True):
            bins = cuts.shape[1] + 1 if levels is None else -levels
            parts += [np.full((self.groups, 1), float(bins)), cuts]
        is_coded: bool = self.db.value(
            "SELECT {schema:i}.__store_bin({store:l}, 0, {edges:b}, {scalars:l})",
            store=self.scan.store,
            scalars=len(self.scan.rows.scalars),
            edges=packed(np.concatenate(parts, axis=1), self.groups),
        )
        return is_coded
