"""The files of a store whose rows go to another process."""

import itertools
from typing import Any

from madpy.ports.postgres.session.db import Database
from madpy.records import Record


class Stored(Record):
    """The files of a store: their descriptors, their layout, and each group's first row and its end."""

    files: list[int]
    layout: dict[str, Any]
    ranges: list[tuple[int, int]]
    num_apart: int  # rows in a second pair of files
    hash_sum: str  # sum over all rows


def stored_files(db: Database, store: int) -> Stored:
    """Return the files of a store."""
    facts = db.execute(
        "SELECT *, hash_sum::text AS sum FROM {schema:i}.__store_files({store:l})", store=store
    )[0]
    layout = {name: [facts[f"{name}_features"], facts[f"{name}_others"]] for name in ("num", "nan")}
    files = [facts[f"{name}_fd"] for name in ("features", "others", "apart_features", "apart_others")]
    return Stored(
        [file for file in files if file is not None],
        layout,
        list(itertools.pairwise(facts["starts"])),
        facts["num_apart"],
        facts["sum"],
    )
