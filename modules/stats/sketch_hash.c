/*
 * sketch_hash.c: 64-bit hashes of values of any type; values that are equal to their type have the same.
 *
 * Integers and times are their bits: their types' own hash functions fold 64 bits into 32 first, so that among a
 * hundred million one in a hundred would be lost.  Other types: their extended hash function, which partitions by hash
 * rely on too, so it stays as it is.  Types without one, as json and point: the text of a value; enums too, and arrays of
 * them, because their hashes are of numbers that are others on another server.
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
	FmgrInfo	output;			/* HASH_TEXT */
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

/* Whether values of a type are labels of an enum, or arrays of them. */
static bool
is_of_enum(Oid type)
{
	Oid			element = get_element_type(type);

	return type_is_enum(getBaseType(OidIsValid(element) ? element : type));
}

/* How values of a type are hashed; kept as long as `context`. */
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

/* The base type of an argument of the running function. */
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
