"""The parts of a source whose rows lie on several servers."""

from dataclasses import dataclass
from functools import cached_property

from madpy.ports.postgres.session.db import Relation


@dataclass(frozen=True)
class Part:
    """Some rows of a source.  `sql` is an item of FROM; `server` has them, or None: they are here."""

    sql: str
    server: str | None
    table: Relation
    probe: str = ""  # a column of it


@dataclass(frozen=True)
class Shards:
    """The parts of a source; without any it is read as it is.

    `is_citus`: statements are planned by Citus, which finds the parts by itself.
    `is_far`: some of these lie on other machines.
    """

    parts: tuple[Part, ...]
    is_citus: bool = False
    is_far: bool = False

    @property
    def is_spread(self) -> bool:
        """Whether the rows lie on several servers, whoever asks them: they are never fetched into a store."""
        return bool(self.parts) or self.is_far

    @cached_property
    def servers(self) -> dict[str, Part]:
        """Each server with one of its parts."""
        return {part.server: part for part in reversed(self.parts) if part.server is not None}
