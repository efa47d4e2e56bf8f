/*
 * level_codes.h: gives codes to the levels of a category with more levels than codes.
 */
#ifndef MADPY_LEVEL_CODES_H
#define MADPY_LEVEL_CODES_H

#include "store/store.h"

/* Returns the code of each level, in the memory of the store, from its rows from `from` up to, without, `to`. */
extern const uint8 *codes_of_levels(const Store *store, int column, int scalars, int classes, int levels, int64 from, int64 to);

#endif
