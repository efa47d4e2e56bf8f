"""Values that another server looks up: one constant, read there by their types (src/catalog/keys.c)."""

import struct

PACKED_MAGIC = 0x6B70646D  # of src/catalog/keys.c
NULL_KEY = struct.pack("<i", -1)


def packed_keys(keys: list[list[str | None]], params: list[list[float]]) -> bytes:
    """Groups by their keys as text, each with its parameters or all with none, as __key_params takes them."""
    width = len(params[0]) if params else 0
    head = struct.pack("<Iiii", PACKED_MAGIC, len(keys), len(keys[0]) if keys else 0, width)
    texts = [NULL_KEY if key is None else _sized(key.encode()) for row in keys for key in row]
    return b"".join([head, *texts, *(struct.pack(f"<{width}d", *row) for row in params)])


def _sized(text: bytes) -> bytes:
    return struct.pack("<i", len(text)) + text
