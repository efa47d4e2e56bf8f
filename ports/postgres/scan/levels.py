"""Levels of categories as a constant that aggregates look values up in, as src/engine/known.h declares it."""

import struct
from collections.abc import Sequence

from madpy.ports.postgres.layouts.known import KNOWN_MAGIC, KNOWN_NUMBER, PACKED_LEVELS

HEAD = struct.Struct("<" + "".join(PACKED_LEVELS.values()))
LENGTH = struct.Struct("<i")


def packed_levels(levels: Sequence[list[str] | None], indicators: int) -> bytes:
    """Pack the levels of each feature, None for a number; `indicators`: KNOWN_CODES or another name there."""
    parts = [HEAD.pack(KNOWN_MAGIC, len(levels), indicators)]
    for known in levels:
        parts.append(LENGTH.pack(KNOWN_NUMBER if known is None else len(known)))
        for text in known or []:
            data = text.encode()
            parts += [LENGTH.pack(len(data)), data]
    return b"".join(parts)
