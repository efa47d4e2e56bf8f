"""The list of stores that the aggregate __keep returns, as src/store/kept.h declares it."""

C_HEADER = "store/kept.h"

KEPT_MAGIC = 0x6B70646D
KEPT_ENTRIES = {"magic": "I"}  # the entries follow
KEPT_ENTRY = {"rows": "q", "block": "I", "offset": "H", "over": "H", "relation": "I", "slot": "i"}
