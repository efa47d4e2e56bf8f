/*
 * dict.c: a dictionary from keys to codes, with the equality of the keys' own types and collations (see dict_find.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "dict_keys.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define FIRST_CAPACITY 64			/* keys */
#define FEW 4					/* capacity of a dictionary that each of many groups has */

static Compare
compare_of(const KeyColumn *columns, int n)
{
	if (n != 1)
		return BY_FUNCTIONS;
	switch (columns->type)
	{
		case BOOLOID:
		case CHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return columns->byval ? BY_VALUE : BY_FUNCTIONS;
		case TEXTOID:
		case VARCHAROID:
			return OidIsValid(columns->collation) && get_collation_isdeterministic(columns->collation)
				? BY_BYTES : BY_FUNCTIONS;
	}
	return type_is_enum(columns->type) ? BY_VALUE : BY_FUNCTIONS;	/* an enum's values are OIDs */
}

static void
dict_resize(Dict *dict, int capacity)
{
	Size		n = (Size) capacity * Max(dict->n, 1);

	if (dict->capacity == 0)
	{
		dict->values = MemoryContextAllocHuge(dict->context, n * sizeof(Datum));
		dict->nulls = MemoryContextAllocHuge(dict->context, n * sizeof(bool));
		dict->hashes = MemoryContextAllocHuge(dict->context, capacity * sizeof(uint32));
		if (dict->compare == BY_BYTES)
			dict->words = MemoryContextAllocHuge(dict->context, capacity * sizeof(Words));
	}
	else
	{
		dict->values = repalloc_huge(dict->values, n * sizeof(Datum));
		dict->nulls = repalloc_huge(dict->nulls, n * sizeof(bool));
		dict->hashes = repalloc_huge(dict->hashes, capacity * sizeof(uint32));
		if (dict->words)
			dict->words = repalloc_huge(dict->words, capacity * sizeof(Words));
		pfree(dict->slots);
	}
	dict->capacity = capacity;
	dict->slots = MemoryContextAllocHuge(dict->context, 2 * (Size) capacity * sizeof(int));
	memset(dict->slots, 0, 2 * (Size) capacity * sizeof(int));
	for (int code = 0; code < dict->count; code++)
	{
		uint32		last = 2 * (uint32) capacity - 1;
		uint32		slot = dict->hashes[code] & last;

		CHECK_FOR_INTERRUPTS();
		while (dict->slots[slot])
			slot = (slot + 1) & last;
		dict->slots[slot] = code + 1;
	}
}

Dict *
dict_new(TupleDesc desc, int first, int n)
{
	Dict	   *dict = palloc0(sizeof(Dict));

	dict->context = CurrentMemoryContext;
	dict->first = first;
	dict->n = n;
	dict->columns = palloc0(Max(n, 1) * sizeof(KeyColumn));
	for (int c = 0; c < n; c++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, first + c);
		KeyColumn  *column = &dict->columns[c];
		TypeCacheEntry *type = lookup_type_cache(attribute->atttypid,
												 TYPECACHE_HASH_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);

		if (!OidIsValid(type->hash_proc) || !OidIsValid(type->eq_opr))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s cannot be grouped by hashing", format_type_be(attribute->atttypid))));
		column->type = attribute->atttypid;
		column->collation = attribute->attcollation;
		column->byval = attribute->attbyval;
		column->length = attribute->attlen;
		fmgr_info_copy(&column->hash, &type->hash_proc_finfo, CurrentMemoryContext);
		fmgr_info_copy(&column->equal, &type->eq_opr_finfo, CurrentMemoryContext);
	}
	dict->compare = compare_of(dict->columns, n);
	dict->null_code = -1;
	dict_resize(dict, FIRST_CAPACITY);
	return dict;
}

Dict *
dict_of_values(Oid type, Oid collation)
{
	TupleDesc	desc = CreateTemplateTupleDesc(1);
	Dict	   *dict;

	TupleDescInitEntry(desc, 1, NULL, type, -1, 0);
	TupleDescInitEntryCollation(desc, 1, collation);
	dict = dict_new(desc, 0, 1);
	FreeTupleDesc(desc);
	return dict;
}

Dict *
dict_of_type(Oid type)
{
	Dict	   *dict = palloc0(sizeof(Dict));

	Assert(type == TEXTOID || type == INT8OID || type == BOOLOID);
	dict->context = CurrentMemoryContext;
	dict->n = 1;
	dict->columns = palloc0(sizeof(KeyColumn));
	dict->columns->type = type;
	dict->columns->byval = type != TEXTOID;
	dict->columns->length = type == TEXTOID ? -1 : type == BOOLOID ? sizeof(bool) : sizeof(int64);
	dict->compare = type == TEXTOID ? BY_BYTES : BY_VALUE;
	dict->null_code = -1;
	dict_resize(dict, FEW);
	return dict;
}

int
dict_add(Dict *dict, uint32 hash, uint32 slot, const Datum *values, const bool *nulls)
{
	int			code = dict->count;
	MemoryContext old = MemoryContextSwitchTo(dict->context);

	for (int c = 0; c < dict->n; c++)
	{
		KeyColumn  *column = &dict->columns[c];
		Size		at = (Size) code * dict->n + c;
		Datum		value = values[c];

		dict->nulls[at] = nulls[c];
		if (nulls[c] && dict->words)
			dict->words[code] = (Words) {0};
		if (!nulls[c] && column->length == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		else if (!nulls[c])
			value = datumCopy(value, column->byval, column->length);
		dict->values[at] = nulls[c] ? (Datum) 0 : value;
	}
	MemoryContextSwitchTo(old);
	if (nulls[0] && dict->n == 1)
		dict->null_code = code;
	dict->hashes[code] = hash;
	dict->slots[slot] = code + 1;
	dict->count++;
	if (dict->count == dict->capacity)
	{
		if (dict->capacity > 500 * 1000 * 1000)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("there are too many distinct values")));
		dict_resize(dict, 2 * dict->capacity);
	}
	return code;
}

int
dict_count(const Dict *dict)
{
	return dict->count;
}

int
dict_columns(const Dict *dict)
{
	return dict->n;
}

Oid
dict_type(const Dict *dict, int column)
{
	return dict->columns[column].type;
}

Datum
dict_value(const Dict *dict, int code, int column, bool *isnull)
{
	Size		at = (Size) code * dict->n + column;

	*isnull = dict->nulls[at];
	return dict->values[at];
}
