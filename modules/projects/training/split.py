"""The rows for testing: an SQL expression over the source, the same for every model of a snapshot."""

import math
from collections.abc import Sequence

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.modules.projects.hashes import row_hash, row_part
from madpy.ports.postgres.scan.source import Source
from madpy.ports.postgres.session.sql import fill, identifier
from madpy.records import Record

SAMPLINGS = ("random", "stratified", "last", "group")


class Split(Record):
    """How rows are split: `share` of them are for testing."""

    share: float
    sampling: str
    column: str | None
    seed: int
    hashed: list[str]  # the columns whose values decide
    targets: list[str]

    def holdout(self, source: Source) -> str | None:
        """Return SQL that is true for a row for testing; None where there are none."""
        if self.share == 0:
            return None
        if self.sampling == "random":
            return f"{self._part(source, self.hashed)} < {self.share!r}"
        if self.sampling == "group":
            assert self.column is not None
            return f"{self._part(source, [self.column])} < {self.share!r}"
        if self.sampling == "last":
            return self._behind(source)
        return self._of_each_class(source)

    def hash_item(self, source: Source) -> str:
        """Return SQL of a hash of each row; the sum over all rows is their checksum, in whatever order."""
        return row_hash(source.db, 0, self.hashed)

    def _part(self, source: Source, columns: Sequence[str]) -> str:
        return row_part(source.db, self.seed, columns)

    def _behind(self, source: Source) -> str:
        """Return SQL that is true for the last rows by the column, rows of equal value together."""
        assert self.column is not None
        bound = source.db.execute(
            """
            SELECT pg_catalog.percentile_disc({share:l}) WITHIN GROUP (ORDER BY {column:i})::text AS bound
            FROM {source:i}
            """,
            share=1 - self.share,
            column=self.column,
            source=source,
        )[0]["bound"]
        if bound is None:
            raise MadpyError(f'column "{self.column}" has no values', hint="choose another test_column")
        kind = source.columns[self.column].definition
        return fill("{column:i} > {bound:l}", {"column": self.column, "bound": bound}) + f"::{kind}"

    def _of_each_class(self, source: Source) -> str:
        """Return SQL that is true for the same share of each class."""
        part = self._part(source, self.hashed)
        rows = source.db.execute(
            """
            SELECT {target:i}::text AS class,
                   pg_catalog.percentile_disc({share:l}) WITHIN GROUP (ORDER BY {part:q}) AS bound
            FROM {source:i} WHERE {target:i} IS NOT NULL GROUP BY 1
            """,
            target=self.targets[0],
            share=self.share,
            part=part,
            source=source,
        )
        cases = " ".join(
            fill("WHEN {label:l} THEN {bound:l}", {"label": row["class"], "bound": row["bound"]})
            for row in rows
        )
        return f"{part} <= CASE {identifier(self.targets[0])}::text {cases} END" if rows else "false"

    def is_within(self, other: "Split") -> bool:
        """Tell whether each row for testing was one by the other split, too, as far as tables only grow."""
        deciding = {
            "random": ("sampling", "seed", "hashed"),
            "stratified": ("sampling", "seed", "hashed"),
            "group": ("sampling", "seed", "column"),
            "last": ("sampling", "column"),
        }[self.sampling]
        return self.share <= other.share and all(
            getattr(self, name) == getattr(other, name) for name in deciding
        )


class Counted(Record):
    """Counts of the rows of a training, and a sum over them that tells whether they have changed."""

    row_count: int
    test_row_count: int
    checksum: str | None


def count_rows(source: Source, split: Split, holdout: str | None) -> Counted:
    """Count the rows of a training, and sum their hashes, as sk_compare does while it reads them."""
    (row,) = source.db.execute(
        """
        SELECT count(*) AS row_count, count(*) FILTER (WHERE {holdout:q}) AS test_row_count,
               pg_catalog.sum({hash:q})::text AS checksum
        FROM {source:i}
        """,
        hash=split.hash_item(source),
        holdout=holdout or "false",
        source=source,
    )
    return Counted(**row)


def check_split(
    source: Source, task: str, size: float | None, sampling: str | None, column: str | None
) -> tuple[float, str]:
    """Return the share of rows for testing, from 0 below 1, and the way in which they are chosen."""
    chosen = helper.check_choice("test_sampling", sampling, SAMPLINGS)
    given = float(helper.check_range("test_size", size, 0))
    share = given if given < 1 else _share_of(source, given)
    if chosen == "stratified" and task != "classification":
        raise MadpyError(f"{task} has no classes to stratify by", hint="choose test_sampling => 'random'")
    if chosen in ("last", "group") and column is None:
        raise MadpyError(f"test_sampling {chosen} needs a column", hint="give test_column")
    if column is not None and chosen in ("random", "stratified"):
        raise MadpyError(
            f"test_sampling {chosen} takes no test_column", hint="choose test_sampling => 'last' or 'group'"
        )
    if column is not None and column not in source.columns:
        helper.check_columns(source, identifier(column), "test_column")
    return share, chosen


def _share_of(source: Source, size: float) -> float:
    """Return what share of the rows a number of them is."""
    if size < math.inf and size != int(size):
        raise MadpyError(
            f"test_size is {size:g}, neither a share nor a number of rows",
            hint="give a share below 1, or a whole number of rows",
        )
    rows = int(source.db.value("SELECT count(*) FROM {source:i}", source=source))
    if size >= rows:
        raise MadpyError(
            f"test_size is {size:g}, and the table has {rows:,} rows", hint="leave rows to be fitted on"
        )
    return size / rows
