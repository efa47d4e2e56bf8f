/*
 * sketch_hash.c: computes 64-bit hashes of values of any type.  Values that are equal by their type's operator have equal
 * hashes.
 *
 * The hash of integers and times is computed from their bits.  Their types' own hash functions first reduce 64 bits to 32, so
 * that of a hundred million distinct values one in a hundred would not be counted.  Other types use their extended hash
 * function, which does not change between versions because hash partitions depend on it.  Types without one, such as json
 * and point, use the text of a value.  So do enums and arrays of enums, because their hash functions hash OIDs, which differ
 * between servers.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "sketch.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

typedef enum HashKind
{
	HASH_INT2, HASH_INT4, HASH_INT8, HASH_BOOL, HASH_CHAR, HASH_FLOAT4, HASH_FLOAT8, HASH_BY_TYPE, HASH_TEXT
} HashKind;

struct Hasher
{
	HashKind	kind;
	TypeCacheEntry *type;
	Oid			collation;
	FmgrInfo	output;			/* used for HASH_TEXT */
};

static HashKind
kind_of(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return HASH_INT2;
		case INT4OID:
		case DATEOID:
			return HASH_INT4;
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case TIMEOID:
			return HASH_INT8;
		case BOOLOID:
			return HASH_BOOL;
		case CHAROID:
			return HASH_CHAR;
		case FLOAT4OID:
			return HASH_FLOAT4;
		case FLOAT8OID:
			return HASH_FLOAT8;
	}
	return HASH_BY_TYPE;
}

/* Whether a type is an enum or an array of an enum. */
static bool
is_of_enum(Oid type)
{
	Oid			element = get_element_type(type);

	return type_is_enum(getBaseType(OidIsValid(element) ? element : type));
}

/* Returns a hasher for values of a type; it lives as long as `context`. */
Hasher *
hasher_new(MemoryContext context, Oid type, Oid collation)
{
	Hasher	   *hasher = MemoryContextAllocZero(context, sizeof(Hasher));
	Oid			output;
	bool		is_varlena;

	hasher->kind = kind_of(type);
	if (hasher->kind != HASH_BY_TYPE)
		return hasher;
	hasher->type = lookup_type_cache(type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
	hasher->collation = OidIsValid(collation) ? collation : hasher->type->typcollation;
	if (OidIsValid(hasher->type->hash_extended_proc) && !is_of_enum(type))
		return hasher;
	hasher->kind = HASH_TEXT;
	getTypeOutputInfo(type, &output, &is_varlena);
	fmgr_info_cxt(output, &hasher->output, context);
	return hasher;
}

/* Returns the base type of an argument of the running function. */
Oid
argument_type(FunctionCallInfo fcinfo, int arg)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, arg);

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_INDETERMINATE_DATATYPE),
				 errmsg("the type of the value is not known")));
	return getBaseType(type);
}

uint64
hash_value(Hasher *hasher, Datum value)
{
	switch (hasher->kind)
	{
		case HASH_INT2:
			return mix64((uint64) (int64) DatumGetInt16(value));
		case HASH_INT4:
			return mix64((uint64) (int64) DatumGetInt32(value));
		case HASH_INT8:
			return mix64((uint64) DatumGetInt64(value));
		case HASH_BOOL:
			return mix64(DatumGetBool(value));
		case HASH_CHAR:
			return mix64((uint64) (uint8) DatumGetChar(value));
		case HASH_FLOAT4:
			return mix64(float_bits(DatumGetFloat4(value)));
		case HASH_FLOAT8:
			return mix64(float_bits(DatumGetFloat8(value)));
		case HASH_BY_TYPE:
			return mix64(DatumGetUInt64(FunctionCall2Coll(&hasher->type->hash_extended_proc_finfo,
														  hasher->collation, value, UInt64GetDatum(0))));
		case HASH_TEXT:
			{
				char	   *text = OutputFunctionCall(&hasher->output, value);

				return mix64(DatumGetUInt64(hash_any_extended((unsigned char *) text, strlen(text), 0)));
			}
	}
	elog(ERROR, "not a kind of hash: %d", (int) hasher->kind);
}
