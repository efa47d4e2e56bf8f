"""Keys of groups as one constant, which another server reads by their types (src/catalog/keys.c)."""

import struct

from madpy.ports.postgres.layouts.keys import NULL_LENGTH, PACKED_KEYS, PACKED_MAGIC

HEAD = struct.Struct("<" + "".join(PACKED_KEYS.values()))
LENGTH = struct.Struct("<i")


def packed_keys(keys: list[list[str | None]], params: list[list[float]]) -> bytes:
    """Pack the groups' keys, as text, and the parameters of each, if there are any, for __key_params."""
    width = len(params[0]) if params else 0
    head = HEAD.pack(PACKED_MAGIC, len(keys), len(keys[0]) if keys else 0, width)
    texts = [LENGTH.pack(NULL_LENGTH) if key is None else _sized(key.encode()) for row in keys for key in row]
    return b"".join([head, *texts, *(struct.pack(f"<{width}d", *row) for row in params)])


def _sized(text: bytes) -> bytes:
    return LENGTH.pack(len(text)) + text
