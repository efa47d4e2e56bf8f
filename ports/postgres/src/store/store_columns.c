/*
 * store_columns.c: the columns of the query that a store is filled with.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "store_fill.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

static Kind
kind_of(Form_pg_attribute attribute)
{
	Oid			type = getBaseType(attribute->atttypid);

	switch (type)
	{
		case FLOAT8OID:
			return FLOAT8;
		case FLOAT4OID:
			return FLOAT4;
		case INT2OID:
			return INT2;
		case INT4OID:
			return INT4;
		case INT8OID:
			return INT8;
		case BOOLOID:
			return BOOLEAN;
		case NUMERICOID:
			return NUMERIC;
		case DATEOID:
			return DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return TIMESTAMP;
		case TIMEOID:
			return TIME;
		case INTERVALOID:
			return INTERVAL;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			return LEVELS;
		case FLOAT8ARRAYOID:
			return VECTOR;
	}
	if (type_is_enum(type))
		return LEVELS;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" is of type %s, which cannot be kept as numbers",
					NameStr(attribute->attname), format_type_be(attribute->atttypid))));
}

static Kind
hash_kind(Form_pg_attribute attribute)
{
	if (attribute->atttypid != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the hash of a row must be of type bigint, not %s", format_type_be(attribute->atttypid))));
	return HASH;
}

/* Whether the caller has listed a column of the query as a category. */
static bool
is_category(const Fill *fill, int column)
{
	for (int i = 0; i < fill->ncategories; i++)
		if (fill->categories[i] == column + 1)
			return true;
	return false;
}

void
store_fill_new(Fill *fill)
{
	fill->store = store_new();
	fill->scratch = AllocSetContextCreate(fill->store->context, "madpy store fill", ALLOCSET_DEFAULT_SIZES);
}

void
store_fill_start(Fill *fill, TupleDesc desc)
{
	MemoryContext old = MemoryContextSwitchTo(fill->store->context);

	if (desc->natts <= fill->ngroups)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of a store has %d columns, too few", desc->natts)));
	fill->desc = CreateTupleDescCopy(desc);
	fill->nsources = desc->natts - fill->ngroups;
	if (fill->beside >= fill->nsources)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d columns beside the others leave none of %d", fill->beside, fill->nsources)));
	fill->sources = palloc0(fill->nsources * sizeof(Source));
	for (int s = 0; s < fill->nsources; s++)
	{
		Source	   *source = &fill->sources[s];

		source->kind = is_category(fill, s) ? LEVELS : kind_of(TupleDescAttr(desc, s));
		if (fill->hashed && s == fill->nsources - 1)
			source->kind = hash_kind(TupleDescAttr(desc, s));
		source->width = source->kind != VECTOR && (source->kind != HASH || fill->share > 0);
		if (source->kind == LEVELS)
			source->levels = dict_new(fill->desc, s, 1);
	}
	if (fill->ngroups > 0)
	{
		fill->store->groups = dict_new(fill->desc, fill->nsources, fill->ngroups);
		fill->codes_capacity = 1024;
		fill->codes = MemoryContextAllocHuge(fill->store->context, fill->codes_capacity * sizeof(int));
	}
	MemoryContextSwitchTo(old);
}

