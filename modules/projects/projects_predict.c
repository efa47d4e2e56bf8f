/*
 * projects_predict.c: predictions by the name of a project.
 *
 * The deployed model is looked up once a statement, with the rights of the current role, and again when the statement has
 * another snapshot, as in a function in PL/pgSQL.  The row is scored by the function of the library that the SQL beside
 * this one names: __score and the like.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* The state that a statement sees: statements of one transaction may see different ones. */
typedef struct Seen
{
	TransactionId xmin;
	TransactionId xmax;
	uint32		count;
	CommandId	command;
	uint64		completed;
	Oid			role;
} Seen;

/* The model of a call, and the function that scores it. */
typedef struct Deployed
{
	MemoryContext context;		/* memory of this struct and of all that it points to */
	Seen		seen;
	text	   *name;			/* the name of the project, NULL: the model is given by its number */
	int64		number;			/* the number of the model */
	struct varlena *model;
	FmgrInfo	scorer;
	FunctionCallInfo call;
} Deployed;

static SPIPlanPtr plans[2];		/* look-ups by name and by number, in the schema below */
static Oid	plans_schema = InvalidOid;

static void
set_seen(Seen *seen)
{
	Snapshot	snapshot = GetActiveSnapshot();

	memset(seen, 0, sizeof(Seen));	/* padding takes part in the comparison */
	seen->xmin = snapshot->xmin;
	seen->xmax = snapshot->xmax;
	seen->count = snapshot->xcnt;
	seen->command = snapshot->curcid;
	seen->completed = snapshot->snapXactCompletionCount;
	seen->role = GetUserId();
}

/* Returns the plan of the look-up in a schema, which the session keeps. */
static SPIPlanPtr
look_up_plan(Oid schema, bool is_number)
{
	if (plans_schema != schema)
	{
		for (int i = 0; i < lengthof(plans); i++)
		{
			if (plans[i] != NULL)
				SPI_freeplan(plans[i]);
			plans[i] = NULL;
		}
		plans_schema = schema;
	}
	if (plans[is_number] == NULL)
	{
		const char *name = quote_identifier(get_namespace_name(schema));
		Oid			type = is_number ? INT8OID : TEXTOID;
		char	   *sql = psprintf(is_number ?
								   "SELECT id, model FROM %s.models WHERE id OPERATOR(pg_catalog.=) $1" :
								   "SELECT deployed_model, model FROM %s.__deployed "
								   "WHERE name OPERATOR(pg_catalog.=) $1", name);
		SPIPlanPtr	plan = SPI_prepare(sql, 1, &type);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "a look-up cannot be prepared: %s", SPI_result_code_string(SPI_result));
		plans[is_number] = plan;
	}
	return plans[is_number];
}

static void
no_model(const Deployed *deployed, bool is_found)
{
	if (deployed->name == NULL && is_found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the training of model " INT64_FORMAT " failed", deployed->number),
				 errhint("Choose another one from the view trained_models.")));
	if (deployed->name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model " INT64_FORMAT " does not exist", deployed->number),
				 errhint("Choose one from the view trained_models.")));
	if (is_found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no model of project \"%s\" is deployed", text_to_cstring(deployed->name)),
				 errhint("Call deploy(project, 'best_score').")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("project \"%s\" does not exist", text_to_cstring(deployed->name)),
			 errhint("Choose one from the view projects, or train it.")));
}

/* Looks the model up as the statement sees it; one that is still the same is not fetched again. */
static void
look_up(Deployed *deployed, Oid schema)
{
	Datum		key = deployed->name ? PointerGetDatum(deployed->name) : Int64GetDatum(deployed->number);
	struct varlena *model = NULL;
	bool		is_null = true;
	bool		is_found;

	SPI_connect();
	if (SPI_execute_plan(look_up_plan(schema, deployed->name == NULL), &key, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "a look-up failed");
	is_found = SPI_processed > 0;
	if (is_found)
		model = (struct varlena *) DatumGetPointer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null));
	if (is_null)
		no_model(deployed, is_found);
	if (deployed->model == NULL || VARSIZE_ANY(model) != VARSIZE_ANY(deployed->model) ||
		memcmp(model, deployed->model, VARSIZE_ANY(model)) != 0)
	{
		if (deployed->model != NULL)
			pfree(deployed->model);
		deployed->model = NULL;
		deployed->model = memcpy(MemoryContextAlloc(deployed->context, VARSIZE_ANY(model)), model, VARSIZE_ANY(model));
	}
	SPI_finish();
}

/*
 * Returns a call expression whose arguments have the types of the caller's.  Its nodes are no constants: the model is one
 * argument of them and may change.
 */
static Node *
expression_of(FunctionCallInfo fcinfo, Oid function)
{
	List	   *arguments = NIL;

	for (int i = 0; i < PG_NARGS(); i++)
	{
		Param	   *node = makeNode(Param);

		node->paramkind = PARAM_EXTERN;
		node->paramid = i + 1;
		node->paramtype = i == 0 ? BYTEAOID : get_fn_expr_argtype(fcinfo->flinfo, i);
		node->paramtypmod = -1;
		node->location = -1;
		arguments = lappend(arguments, node);
	}
	return (Node *) makeFuncExpr(function, get_func_rettype(function), arguments, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

/* Makes what a call keeps: the function of this name, in the schema of the calling one, scores. */
static Deployed *
deployed_new(FunctionCallInfo fcinfo, Oid schema, const char *scorer)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "madpy project", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Deployed   *deployed = palloc0(sizeof(Deployed));
	Oid			types[] = {BYTEAOID, ANYOID};
	Oid			function = LookupFuncName(list_make2(makeString(get_namespace_name(schema)), makeString(pstrdup(scorer))),
										  2, types, false);

	deployed->context = context;
	if (get_fn_expr_argtype(fcinfo->flinfo, 0) == TEXTOID)
		deployed->name = PG_GETARG_TEXT_P_COPY(0);
	else
		deployed->number = PG_GETARG_INT64(0);
	fmgr_info_cxt(function, &deployed->scorer, context);
	fmgr_info_set_expr(expression_of(fcinfo, function), &deployed->scorer);
	deployed->call = palloc(SizeForFunctionCallInfo(PG_NARGS()));
	MemoryContextSwitchTo(old);
	return deployed;
}

static bool
is_same(const Deployed *deployed, FunctionCallInfo fcinfo)
{
	text	   *name;

	if (deployed->name == NULL)
		return deployed->number == PG_GETARG_INT64(0);
	name = PG_GETARG_TEXT_PP(0);
	return VARSIZE_ANY_EXHDR(name) == VARSIZE_ANY_EXHDR(deployed->name) &&
		memcmp(VARDATA_ANY(name), VARDATA_ANY(deployed->name), VARSIZE_ANY_EXHDR(name)) == 0;
}

/* Returns the model of a call, looked up if it is another one or may have changed. */
static Deployed *
deployed_of(FunctionCallInfo fcinfo, const char *scorer)
{
	Deployed   *deployed = fcinfo->flinfo->fn_extra;
	Seen		seen;
	Oid			schema;

	set_seen(&seen);
	if (deployed && is_same(deployed, fcinfo) && memcmp(&deployed->seen, &seen, sizeof(Seen)) == 0)
		return deployed;
	schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	if (deployed == NULL || !is_same(deployed, fcinfo))
	{
		fcinfo->flinfo->fn_extra = NULL;
		if (deployed)
			MemoryContextDelete(deployed->context);
		deployed = deployed_new(fcinfo, schema, scorer);
	}
	look_up(deployed, schema);
	deployed->seen = seen;
	MemoryContextSetParent(deployed->context, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = deployed;
	return deployed;
}

/* Calls a function that scores with the model in place of the first argument. */
static Datum
scored(FunctionCallInfo fcinfo, const char *scorer)
{
	Deployed   *deployed;
	FunctionCallInfo call;
	Datum		result;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	deployed = deployed_of(fcinfo, scorer);
	call = deployed->call;
	InitFunctionCallInfoData(*call, &deployed->scorer, PG_NARGS(), fcinfo->fncollation, fcinfo->context,
							 fcinfo->resultinfo);
	call->args[0].value = PointerGetDatum(deployed->model);
	call->args[0].isnull = false;
	memcpy(call->args + 1, fcinfo->args + 1, (PG_NARGS() - 1) * sizeof(NullableDatum));
	result = FunctionCallInvoke(call);
	fcinfo->isnull = call->isnull;
	return result;
}

PG_FUNCTION_INFO_V1(projects_predict);
Datum
projects_predict(PG_FUNCTION_ARGS)
{
	return scored(fcinfo, "__score");
}

PG_FUNCTION_INFO_V1(projects_explain);
Datum
projects_explain(PG_FUNCTION_ARGS)
{
	return scored(fcinfo, "__explain");
}
