"""Limits of the engine, for tests that reach them."""

C_HEADER = "engine/bounds.h"

MAX_STATE_BYTES = 384 * 1024 * 1024
