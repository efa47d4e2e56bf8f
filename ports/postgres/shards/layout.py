"""The parts of a source whose rows lie on several servers."""

from functools import cached_property

from madpy.ports.postgres.session.sql import Relation
from madpy.records import Record


class Part(Record):
    """A part of a source: `sql` is an item of FROM; `server` holds its rows, None is this server."""

    sql: str
    server: str | None
    table: Relation
    probe: str = ""  # a column of the part


class Shards(Record):
    """The parts of a source that are read one by one; a source without parts is read as a whole.

    `is_citus`: statements are planned by Citus, which finds the parts itself.
    `is_far`: some shards lie on other machines.
    """

    parts: tuple[Part, ...]
    is_citus: bool = False
    is_far: bool = False

    @property
    def is_spread(self) -> bool:
        """Tell whether rows lie on other servers, asked by madpy or by Citus; a store does not fetch them."""
        return bool(self.parts) or self.is_far

    @cached_property
    def servers(self) -> dict[str, Part]:
        """Return each server with one of its parts."""
        return {part.server: part for part in reversed(self.parts) if part.server is not None}
