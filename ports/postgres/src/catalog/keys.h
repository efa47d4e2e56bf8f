/*
 * keys.h: the layout of a value with the parameters of many groups; Python writes it with ports/postgres/layouts/keys.py.
 */
#ifndef MADPY_KEYS_H
#define MADPY_KEYS_H

#include "postgres.h"

#define PACKED_MAGIC 0x6b70646dU	/* "mdpk" */
#define NULL_LENGTH (-1)

/* Header of the value.  The keys of each group follow (int32 length, or NULL_LENGTH, and the text), then its numbers. */
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
