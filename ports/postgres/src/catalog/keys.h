/*
 * keys.h: parameters of many groups as one value, which Python writes by ports/postgres/layouts/keys.py.
 */
#ifndef MADPY_KEYS_H
#define MADPY_KEYS_H

#include "postgres.h"

#define PACKED_MAGIC 0x6b70646dU	/* "mdpk" */
#define NULL_LENGTH (-1)

/* Behind it: for each group its keys (int32 length, or NULL_LENGTH, and the text), then for each group its numbers. */
typedef struct PackedKeys
{
	int32		vl_len_;
	uint32		magic;
	int32		groups;
	int32		keys;
	int32		nparams;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} PackedKeys;

#endif
