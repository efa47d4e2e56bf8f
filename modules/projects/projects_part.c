/*
 * projects_part.c: a number from 0 to 1 for each row, which decides whether it is for testing, and a sum over rows that
 * tells whether a table has changed.
 *
 * Both are made of the row's values, by the hash functions that partitions by hash use: they do not depend on the order
 * of rows, on the version of PostgreSQL or on the server, and equal rows get the same number.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#define TWO_TO_53 9007199254740992.0

/* The hash functions of the arguments of a call. */
typedef struct Hashes
{
	int			count;
	FmgrInfo	functions[FLEXIBLE_ARRAY_MEMBER];
} Hashes;

static Hashes *
hashes_new(FunctionCallInfo fcinfo)
{
	int			count = PG_NARGS() - 1;
	Hashes	   *hashes = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
												offsetof(Hashes, functions) + count * sizeof(FmgrInfo));

	for (int i = 0; i < count; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i + 1);
		TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC);

		if (!OidIsValid(entry->hash_extended_proc))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s cannot be hashed", format_type_be(type)),
					 errhint("Leave the column out, or cast it to text.")));
		fmgr_info_cxt(entry->hash_extended_proc, &hashes->functions[i], fcinfo->flinfo->fn_mcxt);
	}
	hashes->count = count;
	return hashes;
}

/* Returns the hash of a value of a type that is common, without a call of its function. */
static inline uint64
hash_value(FmgrInfo *function, NullableDatum value, uint64 seed)
{
	if (value.isnull)
		return seed;
	return DatumGetUInt64(FunctionCall2Coll(function, C_COLLATION_OID, value.value, Int64GetDatum(seed)));
}

static uint64
hash_row(FunctionCallInfo fcinfo)
{
	Hashes	   *hashes = fcinfo->flinfo->fn_extra;
	uint64		hash = PG_GETARG_INT64(0);

	if (hashes == NULL)
		hashes = fcinfo->flinfo->fn_extra = hashes_new(fcinfo);
	for (int i = 0; i < hashes->count; i++)
		hash = hash_combine64(hash, hash_value(&hashes->functions[i], fcinfo->args[i + 1], PG_GETARG_INT64(0)));
	return hash;
}

/* projects_part(seed, VARIADIC values): a number from 0, below 1. */
PG_FUNCTION_INFO_V1(projects_part);
Datum
projects_part(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8((double) (hash_row(fcinfo) >> 11) / TWO_TO_53);
}

/* projects_hash(seed, VARIADIC values): all bits of the hash of a row. */
PG_FUNCTION_INFO_V1(projects_hash);
Datum
projects_hash(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64((int64) hash_row(fcinfo));
}
