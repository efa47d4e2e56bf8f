"""Parameters of many groups as one value, as src/catalog/keys.h declares its head."""

C_HEADER = "catalog/keys.h"

PACKED_MAGIC = 0x6B70646D
PACKED_KEYS = {"magic": "I", "groups": "i", "keys": "i", "nparams": "i"}
NULL_LENGTH = -1  # length of a key that is NULL and has no bytes
