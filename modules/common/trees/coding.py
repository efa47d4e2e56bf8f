"""The rows of a store as codes of one byte (coded_rows.h), with bins that follow from a sample."""

from typing import NamedTuple

import numpy as np

from madpy.modules.common.trees.bins import Bins
from madpy.modules.common.trees.counts import Array, Integers
from madpy.modules.common.trees.sample import Sample, rows_to_keep
from madpy.ports.postgres.scan.scan import Scan
from madpy.ports.postgres.scan.states import packed

CODES = 255  # codes of a number, without that of NULL: MOST_CODES of coded_rows.h
BYTES_PER_CALL = 64 * 2**20


class Coded(NamedTuple):
    """Counts of the rows that were coded, for each group."""

    rows: Integers
    skipped: Integers
    empty: list[int]  # features that are NULL in all rows of the sample


def code_rows(scan: Scan, method: str, classes: int, levels: list[int | None], seed: int) -> Coded:
    """Code the rows of a scan's store; `levels` is the number of levels of each feature, None for a number.

    `classes` is 0 for a regression.  `method` is the name of the method, which has a kernel <method>_sample,
    and with the prefix weighted_ the same for rows with weights.
    """
    kernel = f"{method}_sample" if scan.rows.weights is None else f"weighted_{method}_sample"
    keep = rows_to_keep(len(scan.group_values), len(levels))
    states = scan.step(kernel, np.array([float(keep), float(seed)]), outcome=True)
    sample = Sample.read(states.body, len(levels), keep)
    if not classes:
        sample.shifts()  # raises an error for targets whose squares overflow
    bins = _bins(sample, levels)
    _send(scan, _edges(bins, len(states.rows_used)), classes)
    empty = [f for f, is_empty in enumerate(bins.seem_empty) if is_empty]
    return Coded(states.rows_used, states.rows_skipped, empty)


def _bins(sample: Sample, levels: list[int | None]) -> Bins:
    """Make at most CODES bins of each number: where frequent values get a bin of their own, of fewer bins."""
    bins = sample.bins(levels, CODES)
    if any(cuts.shape[1] >= CODES for cuts in bins.edges):
        bins = sample.bins(levels, CODES // 2)  # at most half of these are of frequent values
    return bins


def _edges(bins: Bins, groups: int) -> Array:
    """Return for each group, for each feature, its number of bins and its edges, or minus its levels."""
    parts = []
    for levels, cuts in zip(bins.levels, bins.edges, strict=True):
        count = cuts.shape[1] + 1 if levels is None else -levels
        parts += [np.full((groups, 1), float(count)), cuts]
    return np.concatenate(parts, axis=1)


def _send(scan: Scan, edges: Array, classes: int) -> None:
    """Code groups in as many calls as their edges need."""
    step = max(1, BYTES_PER_CALL // max(1, edges[:1].nbytes))
    for first in range(0, len(edges), step):
        part = edges[first : first + step]
        scan.db.execute(
            "SELECT {schema:i}.__store_code({store:l}, {edges:b}, {scalars:l}, {classes:l})",
            store=scan.store,
            edges=packed(part, len(part)),
            scalars=len(scan.rows.scalars),
            classes=classes,
        )
