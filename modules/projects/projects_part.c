/*
 * projects_part.c: a number from 0 to 1 for each row, which decides whether it is for testing, and a sum over rows that
 * tells whether a table has changed.
 *
 * Both are made of the row's values: they do not depend on the order of rows, on the version of PostgreSQL or on the server,
 * and equal rows get the same number.  Numbers that fit 64 bits are hashed here; values of other types by the hash functions
 * that partitions by hash use.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "engine/row_hash.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define HASH_OF_NULL UINT64CONST(0x2545f4914f6cdd1d)

typedef enum Way
{
	BY_FUNCTION, FLOAT8_BITS, FLOAT4_BITS, INT2_BITS, INT4_BITS, INT8_BITS, BOOL_BITS
} Way;

/* How a value is hashed. */
typedef struct Hash
{
	Way			way;
	FmgrInfo	function;		/* for BY_FUNCTION */
} Hash;

/* The hashes of the arguments of a call, without the seed. */
typedef struct Hashes
{
	int			count;
	Hash		hashes[FLEXIBLE_ARRAY_MEMBER];
} Hashes;

static Way
way_of(Oid type)
{
	switch (getBaseType(type))
	{
		case FLOAT8OID:
			return FLOAT8_BITS;
		case FLOAT4OID:
			return FLOAT4_BITS;
		case INT2OID:
			return INT2_BITS;
		case INT4OID:
		case DATEOID:
			return INT4_BITS;
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return INT8_BITS;
		case BOOLOID:
			return BOOL_BITS;
		default:
			return BY_FUNCTION;
	}
}

static Hashes *
hashes_new(FunctionCallInfo fcinfo)
{
	int			count = PG_NARGS() - 1;
	Hashes	   *all = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, offsetof(Hashes, hashes) + count * sizeof(Hash));

	for (int i = 0; i < count; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i + 1);
		TypeCacheEntry *entry;

		all->hashes[i].way = way_of(type);
		if (all->hashes[i].way != BY_FUNCTION)
			continue;
		entry = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC);
		if (!OidIsValid(entry->hash_extended_proc))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s cannot be hashed", format_type_be(type)),
					 errhint("Leave the column out, or cast it to text.")));
		fmgr_info_cxt(entry->hash_extended_proc, &all->hashes[i].function, fcinfo->flinfo->fn_mcxt);
	}
	all->count = count;
	return all;
}

/* Returns the bits of a number; those of 0 and -0 are the same, and those of all NaN. */
static inline uint64
float_bits(double number)
{
	uint64		bits;

	if (isnan(number))
		return UINT64CONST(0x7ff8000000000000);
	number += 0.0;				/* makes 0 of -0 */
	memcpy(&bits, &number, sizeof bits);
	return bits;
}

static inline uint64
hash_value(Hash *hash, NullableDatum value)
{
	if (value.isnull)
		return HASH_OF_NULL;
	switch (hash->way)
	{
		case FLOAT8_BITS:
			return float_bits(DatumGetFloat8(value.value));
		case FLOAT4_BITS:
			return float_bits(DatumGetFloat4(value.value));
		case INT2_BITS:
			return (uint64) (int64) DatumGetInt16(value.value);
		case INT4_BITS:
			return (uint64) (int64) DatumGetInt32(value.value);
		case INT8_BITS:
			return (uint64) DatumGetInt64(value.value);
		case BOOL_BITS:
			return DatumGetBool(value.value);
		default:
			return DatumGetUInt64(FunctionCall2Coll(&hash->function, C_COLLATION_OID, value.value, Int64GetDatum(0)));
	}
}

/* Returns the hash of all arguments but the first one, for seed 0. */
static uint64
hash_row(FunctionCallInfo fcinfo)
{
	Hashes	   *all = fcinfo->flinfo->fn_extra;
	uint64		hash = 0;

	if (all == NULL)
		all = fcinfo->flinfo->fn_extra = hashes_new(fcinfo);
	for (int i = 0; i < all->count; i++)
	{
		hash = (hash ^ hash_value(&all->hashes[i], fcinfo->args[i + 1])) * UINT64CONST(0xd6e8feb86659fd93);
		hash ^= hash >> 32;
	}
	return mixed(hash);
}

/* projects_part(seed, VARIADIC values): a number from 0, below 1. */
PG_FUNCTION_INFO_V1(projects_part);
Datum
projects_part(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(row_part(hash_row(fcinfo), PG_GETARG_INT64(0)));
}

/* projects_hash(seed, VARIADIC values): all bits of the hash of a row. */
PG_FUNCTION_INFO_V1(projects_hash);
Datum
projects_hash(PG_FUNCTION_ARGS)
{
	uint64		seed = PG_GETARG_INT64(0);
	uint64		hash = hash_row(fcinfo);

	PG_RETURN_INT64((int64) (seed == 0 ? hash : seeded(hash, seed)));
}
