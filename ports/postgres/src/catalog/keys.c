/*
 * keys.c: finds a row's parameters by its grouping columns in one value with the parameters of many groups.
 *
 * A join with a table of parameters cannot be sent to another server, but a function of constants and columns can.  The
 * value has the keys of groups as text, which each server reads with its own types.  OIDs would differ between servers.
 */
#include "keys.h"

#include "engine/cached.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

typedef struct Lookup
{
	int			groups;
	int			keys;
	int			nparams;
	TypeCacheEntry **types;		/* [keys] */
	Oid			collation;
	Datum	   *values;			/* [groups][keys] */
	bool	   *nulls;
	uint32		mask;
	int		   *slots;			/* hash table: group + 1, or 0 if empty */
	const char *numbers;		/* [groups][nparams] doubles, not aligned */
	ArrayType **arrays;			/* [groups], made at the first use of a group */
} Lookup;

static void
damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("these parameters of groups are damaged")));
}

/* Limits of groups, and of the keys of all groups.  The look-up table takes ten times as many bytes as the value. */
#define MAX_GROUPS (4 * 1024 * 1024)
#define MAX_KEYS (16 * 1024 * 1024)

/* Raises an error unless the bytes suffice for all groups, with `keys` keys each; returns the end of the bytes. */
static const char *
check_packed(const PackedKeys *packed, int keys)
{
	Size		size = VARSIZE(packed);

	if (size < offsetof(PackedKeys, data) || packed->magic != PACKED_MAGIC || packed->keys != keys ||
		packed->groups < 0 || packed->nparams < 0 ||
		packed->groups > (keys == 0 ? 1 : (size - offsetof(PackedKeys, data)) / sizeof(int32) / keys))
		damaged();
	if (packed->groups > MAX_GROUPS || (int64) packed->groups * keys > MAX_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("parameters of %d groups are too many", packed->groups),
				 errdetail("The most is %d groups, and %d values of grouping columns.", MAX_GROUPS, MAX_KEYS)));
	return (const char *) packed + size;
}

static uint32
hash_of(const Lookup *lookup, const Datum *values, const bool *nulls)
{
	uint32		hash = 0;

	for (int k = 0; k < lookup->keys; k++)
	{
		uint32		one = 0;

		if (!nulls[k])
			one = DatumGetUInt32(FunctionCall1Coll(&lookup->types[k]->hash_proc_finfo, lookup->collation, values[k]));
		hash = hash_combine(hash, one);
	}
	return hash;
}

static bool
same_keys(const Lookup *lookup, const Datum *values, const bool *nulls, int group)
{
	const Datum *known = lookup->values + (Size) group * lookup->keys;
	const bool *known_nulls = lookup->nulls + (Size) group * lookup->keys;

	for (int k = 0; k < lookup->keys; k++)
	{
		if (nulls[k] != known_nulls[k])
			return false;
		if (!nulls[k] &&
			!DatumGetBool(FunctionCall2Coll(&lookup->types[k]->eq_opr_finfo, lookup->collation, values[k], known[k])))
			return false;
	}
	return true;
}

/* Returns the slot of a key in the hash table: that of its group, or an empty one. */
static int *
slot_of(const Lookup *lookup, const Datum *values, const bool *nulls)
{
	uint32		at = hash_of(lookup, values, nulls) & lookup->mask;

	while (lookup->slots[at] != 0 && !same_keys(lookup, values, nulls, lookup->slots[at] - 1))
		at = (at + 1) & lookup->mask;
	return &lookup->slots[at];
}

/* Looks up the types of the grouping columns, which are the second and later arguments. */
static void
find_types(Lookup *lookup, FunctionCallInfo fcinfo)
{
	lookup->types = palloc(lookup->keys * sizeof(TypeCacheEntry *));
	for (int k = 0; k < lookup->keys; k++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, k + 1);

		lookup->types[k] = lookup_type_cache(type, TYPECACHE_HASH_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);
		if (!OidIsValid(lookup->types[k]->hash_proc_finfo.fn_oid) || !OidIsValid(lookup->types[k]->eq_opr_finfo.fn_oid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s cannot be looked up: the type has no hash function", format_type_be(type))));
	}
	lookup->collation = OidIsValid(PG_GET_COLLATION()) ? PG_GET_COLLATION() : DEFAULT_COLLATION_OID;
}

/* Reads the next key with its type's input function.  Constraints of a domain are not checked: they are users' code. */
static Datum
read_key(const char **at, const char *end, Oid type, int32 typmod, bool *isnull)
{
	Oid			base = getBaseTypeAndTypmod(type, &typmod);
	Oid			input;
	Oid			ioparam;
	int32		length;
	char	   *text;
	Datum		key;

	if (end - *at < (ptrdiff_t) sizeof(length))
		damaged();
	memcpy(&length, *at, sizeof(length));
	*at += sizeof(length);
	if (length < NULL_LENGTH || length > end - *at)
		damaged();
	*isnull = length == NULL_LENGTH;
	if (*isnull)
		return (Datum) 0;
	pg_verifymbstr(*at, length, false);
	text = pnstrdup(*at, length);
	*at += length;
	getTypeInputInfo(base, &input, &ioparam);
	key = OidInputFunctionCall(input, text, ioparam, typmod);
	pfree(text);
	return key;
}

/* Reads the keys of all groups and returns where they end. */
static const char *
read_keys(Lookup *lookup, const char *at, const char *end)
{
	for (Size i = 0; i < (Size) lookup->groups * lookup->keys; i++)
	{
		CHECK_FOR_INTERRUPTS();
		lookup->values[i] = read_key(&at, end, lookup->types[i % lookup->keys]->type_id, -1, &lookup->nulls[i]);
	}
	return at;
}

static Lookup *
make_lookup(FunctionCallInfo fcinfo)
{
	PackedKeys *packed = (PackedKeys *) PG_GETARG_BYTEA_P_COPY(0);
	const char *end = check_packed(packed, PG_NARGS() - 1);
	Lookup	   *lookup = palloc0(sizeof(Lookup));
	Size		cells;

	lookup->groups = packed->groups;
	lookup->keys = packed->keys;
	lookup->nparams = packed->nparams;
	find_types(lookup, fcinfo);
	cells = Max((Size) lookup->groups * lookup->keys, 1);
	lookup->values = palloc(cells * sizeof(Datum));
	lookup->nulls = palloc(cells);
	lookup->numbers = read_keys(lookup, packed->data, end);
	if (end - lookup->numbers != (ptrdiff_t) ((int64) lookup->groups * lookup->nparams * sizeof(double)))
		damaged();
	lookup->mask = pg_nextpower2_32(2 * (uint32) lookup->groups + 2) - 1;
	lookup->slots = palloc0(((Size) lookup->mask + 1) * sizeof(int));
	lookup->arrays = lookup->nparams == 0 ? NULL : palloc0((lookup->groups + 1) * sizeof(ArrayType *));
	for (int g = 0; g < lookup->groups; g++)
	{
		Size		first = (Size) g * lookup->keys;

		CHECK_FOR_INTERRUPTS();
		*slot_of(lookup, lookup->values + first, lookup->nulls + first) = g + 1;
	}
	return lookup;
}

/* Returns the group whose keys are the arguments, or -1; the first row of a statement builds the table. */
static int
group_of(FunctionCallInfo fcinfo, Lookup **found)
{
	Lookup	   *lookup = fcinfo->flinfo->fn_extra;
	Datum		values[FUNC_MAX_ARGS];
	bool		nulls[FUNC_MAX_ARGS];

	if (PG_ARGISNULL(0) || !argument_is_constant(fcinfo, 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameters of groups must be a constant")));
	if (lookup == NULL)
	{
		MemoryContext before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		fcinfo->flinfo->fn_extra = lookup = make_lookup(fcinfo);
		MemoryContextSwitchTo(before);
	}
	for (int k = 0; k < lookup->keys; k++)
	{
		values[k] = PG_GETARG_DATUM(k + 1);
		nulls[k] = PG_ARGISNULL(k + 1);
	}
	*found = lookup;
	return *slot_of(lookup, values, nulls) - 1;
}

PG_FUNCTION_INFO_V1(key_number);
Datum
key_number(PG_FUNCTION_ARGS)
{
	Lookup	   *lookup;
	int			group = group_of(fcinfo, &lookup);

	if (group < 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(group);
}

PG_FUNCTION_INFO_V1(key_params);
Datum
key_params(PG_FUNCTION_ARGS)
{
	Lookup	   *lookup;
	int			group = group_of(fcinfo, &lookup);

	if (group < 0)
		PG_RETURN_NULL();
	if (lookup->nparams == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(FLOAT8OID));
	if (lookup->arrays[group] == NULL)
	{
		Size		bytes = lookup->nparams * sizeof(double);
		ArrayType  *array = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, ARR_OVERHEAD_NONULLS(1) + bytes);

		SET_VARSIZE(array, ARR_OVERHEAD_NONULLS(1) + bytes);
		array->ndim = 1;
		array->elemtype = FLOAT8OID;
		ARR_DIMS(array)[0] = lookup->nparams;
		ARR_LBOUND(array)[0] = 1;
		memcpy(ARR_DATA_PTR(array), lookup->numbers + group * bytes, bytes);
		lookup->arrays[group] = array;
	}
	PG_RETURN_POINTER(lookup->arrays[group]);
}

/* key_rows(packed): returns a row for each group: its number, from 0, and its keys, with the types in the column definition list. */
PG_FUNCTION_INFO_V1(key_rows);
Datum
key_rows(PG_FUNCTION_ARGS)
{
	PackedKeys *packed = (PackedKeys *) PG_GETARG_BYTEA_P_COPY(0);
	const char *at = packed->data;
	const char *end;
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleDesc	desc;
	MemoryContext old;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) || !(rsinfo->allowedModes & SFRM_Materialize) ||
		rsinfo->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("key_rows is called in FROM, with a column definition list")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	desc = CreateTupleDescCopy(rsinfo->expectedDesc);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = desc;
	MemoryContextSwitchTo(old);
	end = check_packed(packed, desc->natts - 1);
	if (TupleDescAttr(desc, 0)->atttypid != INT4OID)
		damaged();
	for (int group = 0; group < packed->groups; group++)
	{
		Datum		values[MaxTupleAttributeNumber];
		bool		nulls[MaxTupleAttributeNumber];

		CHECK_FOR_INTERRUPTS();
		values[0] = Int32GetDatum(group);
		nulls[0] = false;
		for (int k = 1; k < desc->natts; k++)
			values[k] = read_key(&at, end, TupleDescAttr(desc, k)->atttypid, TupleDescAttr(desc, k)->atttypmod, &nulls[k]);
		tuplestore_putvalues(rsinfo->setResult, desc, values, nulls);
	}
	PG_RETURN_NULL();
}
