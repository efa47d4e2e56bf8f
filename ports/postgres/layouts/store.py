"""A block of a store, as src/store/store.h lays it out in the memory file that numpy maps."""

C_HEADER = "store/store.h"


def store_bits_offset(ncols: int, block_rows: int) -> int:
    """Return the bytes of a block's values, column by column; the bitmaps of NULLs follow."""
    return 8 * ncols * block_rows


def store_block_bytes(ncols: int, block_rows: int) -> int:
    """Return the bytes of a block: its values, and one bit for each of them."""
    return store_bits_offset(ncols, block_rows) + ncols * block_rows // 8
