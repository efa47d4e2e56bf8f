"""A finding about one thing, as the command prints it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "bad", "note"]


@dataclass(frozen=True)
class Finding:
    """A fact, whether it is `good`, `bad` or only worth knowing (`note`), and what to do about it."""

    what: str
    fact: str
    state: State = "good"
    remedy: str | None = None
