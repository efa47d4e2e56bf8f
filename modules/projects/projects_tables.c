/*
 * projects_tables.c: the models of a table that a training made, and the one for the group of a row.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "projects.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* A grouping column in the rows of the current type, and the values of all groups as values of its type. */
typedef struct GroupColumn
{
	int			attribute;		/* its number in a row */
	Oid			collation;
	FmgrInfo	equal;
	Datum	   *values;			/* one for each group */
} GroupColumn;

struct TableModels
{
	MemoryContext context;
	int			count;			/* models */
	int			groups;			/* grouping columns */
	char	  **names;			/* grouping columns */
	char	 ***keys;			/* for each model the texts of the grouping columns, NULL for NULL */
	struct varlena **models;
	Oid			type;			/* type of the last row */
	int32		typmod;
	GroupColumn *columns;
};

/* Returns the texts of an array. */
static char **
texts_of(Datum array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **texts;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	texts = palloc(Max(1, *count) * sizeof(char *));
	for (int i = 0; i < *count; i++)
		texts[i] = nulls[i] ? NULL : TextDatumGetCString(elements[i]);
	return texts;
}

/* Copies what the query of table_models() returned, into the current memory context. */
static void
copy_models(TableModels *tables)
{
	tables->count = SPI_processed;
	tables->keys = palloc(Max(1, tables->count) * sizeof(char **));
	tables->models = palloc(Max(1, tables->count) * sizeof(struct varlena *));
	for (int i = 0; i < tables->count; i++)
	{
		bool		is_null;
		Datum		values[3];
		int			length;

		for (int j = 0; j < 3; j++)
		{
			values[j] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, j + 1, &is_null);
			if (is_null)
				elog(ERROR, "a model has no column %d", j + 1);
		}
		if (i == 0)
			tables->names = texts_of(values[0], &tables->groups);
		tables->keys[i] = texts_of(values[1], &length);
		tables->models[i] = (struct varlena *) PG_DETOAST_DATUM_COPY(values[2]);
		if (length != tables->groups)
			elog(ERROR, "a group has %d values, not %d", length, tables->groups);
	}
}

TableModels *
table_models(const Subject *subject, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "madpy model table", ALLOCSET_DEFAULT_SIZES);
	TableModels *tables = MemoryContextAllocZero(context, sizeof(TableModels));
	Datum		name = PointerGetDatum(subject->name);
	Oid			type = TEXTOID;
	const char *sql = psprintf("SELECT names, key, model FROM %s.__models_of_table($1)",
							   quote_identifier(get_namespace_name(subject->schema)));
	MemoryContext old;

	tables->context = context;
	SPI_connect();
	if (SPI_execute_with_args(sql, 1, &type, &name, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "a look-up failed");
	old = MemoryContextSwitchTo(context);
	copy_models(tables);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return tables;
}

void
table_models_free(TableModels *tables)
{
	MemoryContextDelete(tables->context);
}

/* Finds a grouping column in the rows of a type, and reads the values of the groups. */
static void
set_column(TableModels *tables, TupleDesc desc, int number)
{
	GroupColumn *column = &tables->columns[number];
	Form_pg_attribute attribute = NULL;
	TypeCacheEntry *cache;
	Oid			type;
	Oid			input;
	Oid			parameter;

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped && strcmp(NameStr(TupleDescAttr(desc, i)->attname), tables->names[number]) == 0)
			attribute = TupleDescAttr(desc, i);
	if (attribute == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the row has no column \"%s\"", tables->names[number]),
				 errhint("Add the grouping columns of the model.")));
	type = getBaseType(attribute->atttypid);
	cache = lookup_type_cache(type, TYPECACHE_EQ_OPR_FINFO);
	if (!OidIsValid(cache->eq_opr_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("values of grouping column \"%s\" cannot be compared", tables->names[number]),
				 errhint("Cast it to the type that it had in training.")));
	fmgr_info_copy(&column->equal, &cache->eq_opr_finfo, tables->context);
	column->attribute = attribute->attnum;
	column->collation = attribute->attcollation;
	column->values = palloc(Max(1, tables->count) * sizeof(Datum));
	getTypeInputInfo(type, &input, &parameter);
	for (int i = 0; i < tables->count; i++)
		column->values[i] = tables->keys[i][number] == NULL ? (Datum) 0 :
			OidInputFunctionCall(input, tables->keys[i][number], parameter, -1);
}

/* Prepares for rows of a type. */
static void
set_type(TableModels *tables, HeapTupleHeader row)
{
	Oid			type = HeapTupleHeaderGetTypeId(row);
	int32		typmod = HeapTupleHeaderGetTypMod(row);
	TupleDesc	desc;
	MemoryContext old;

	if (tables->type == type && tables->typmod == typmod)
		return;
	desc = lookup_rowtype_tupdesc_copy(type, typmod);
	old = MemoryContextSwitchTo(tables->context);
	tables->type = InvalidOid;	/* an error below leaves it so */
	tables->columns = palloc0(tables->groups * sizeof(GroupColumn));
	for (int g = 0; g < tables->groups; g++)
		set_column(tables, desc, g);
	MemoryContextSwitchTo(old);
	tables->type = type;
	tables->typmod = typmod;
}

static bool
is_group(const TableModels *tables, int model, const Datum *values, const bool *nulls)
{
	for (int g = 0; g < tables->groups; g++)
	{
		GroupColumn *column = &tables->columns[g];
		bool		is_null = tables->keys[model][g] == NULL;

		if (is_null != nulls[g])
			return false;
		if (!is_null && !DatumGetBool(FunctionCall2Coll(&column->equal, column->collation, column->values[model], values[g])))
			return false;
	}
	return true;
}

struct varlena *
table_model(TableModels *tables, FunctionCallInfo fcinfo)
{
	HeapTupleHeader row;
	HeapTupleData tuple;
	Datum	   *values;
	bool	   *nulls;
	TupleDesc	desc;

	if (tables->groups == 0)
		return tables->count > 0 ? tables->models[0] : NULL;
	if (PG_NARGS() != 2 || !type_is_rowtype(getBaseType(get_fn_expr_argtype(fcinfo->flinfo, 1))))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the table has a model for each group"),
				 errhint("Give a row of a table that has the grouping columns.")));
	if (PG_ARGISNULL(1))
		return NULL;
	row = PG_GETARG_HEAPTUPLEHEADER(1);
	set_type(tables, row);
	desc = lookup_rowtype_tupdesc(tables->type, tables->typmod);
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	values = palloc(tables->groups * sizeof(Datum));
	nulls = palloc(tables->groups * sizeof(bool));
	for (int g = 0; g < tables->groups; g++)
		values[g] = heap_getattr(&tuple, tables->columns[g].attribute, desc, &nulls[g]);
	ReleaseTupleDesc(desc);
	for (int i = 0; i < tables->count; i++)
		if (is_group(tables, i, values, nulls))
			return tables->models[i];
	return NULL;
}
