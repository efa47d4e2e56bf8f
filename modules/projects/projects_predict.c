/*
 * projects_predict.c: predictions by the name of a project.
 *
 * The row is scored by a function of the library that the SQL beside this file names: __score and the like.  A call keeps
 * the model (projects_look_up.c) while the statement's snapshot and role are the same ones.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "projects.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* The model of a call, and the function that scores it. */
typedef struct Deployed
{
	MemoryContext context;		/* memory of this struct and of all that it points to */
	Seen		seen;
	Subject		subject;
	struct varlena *model;		/* NULL: the models of a table follow */
	TableModels *tables;
	FmgrInfo	scorer;
	FunctionCallInfo call;
} Deployed;

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
deployed_new(FunctionCallInfo fcinfo, const char *scorer)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "madpy project", ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Deployed   *deployed = palloc0(sizeof(Deployed));
	Oid			types[] = {BYTEAOID, ANYOID};
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Oid		   *declared;
	int			count;
	Oid			function = LookupFuncName(list_make2(makeString(get_namespace_name(schema)), makeString(pstrdup(scorer))),
										  2, types, false);

	deployed->context = context;
	deployed->subject.schema = schema;
	get_func_signature(fcinfo->flinfo->fn_oid, &declared, &count);
	if (declared[0] == TEXTOID)
		deployed->subject.name = PG_GETARG_TEXT_P_COPY(0);
	else
		deployed->subject.number = PG_GETARG_INT64(0);
	fmgr_info_cxt(function, &deployed->scorer, context);
	fmgr_info_set_expr(expression_of(fcinfo, function), &deployed->scorer);
	deployed->call = palloc(SizeForFunctionCallInfo(PG_NARGS()));
	MemoryContextSwitchTo(old);
	return deployed;
}

static bool
is_same(const Subject *subject, FunctionCallInfo fcinfo)
{
	text	   *name;

	if (subject->name == NULL)
		return subject->number == PG_GETARG_INT64(0);
	name = PG_GETARG_TEXT_PP(0);
	return VARSIZE_ANY_EXHDR(name) == VARSIZE_ANY_EXHDR(subject->name) &&
		memcmp(VARDATA_ANY(name), VARDATA_ANY(subject->name), VARSIZE_ANY_EXHDR(name)) == 0;
}

/* Returns the model of a call, looked up if it is another one or may have changed; that of a project, or of a table. */
static Deployed *
deployed_of(FunctionCallInfo fcinfo, const char *scorer, bool may_be_table)
{
	Deployed   *deployed = fcinfo->flinfo->fn_extra;
	Deployed   *before = deployed;
	Seen		seen;
	struct varlena *model;
	TableModels *tables;

	set_seen(&seen);
	if (deployed && is_same(&deployed->subject, fcinfo) && memcmp(&deployed->seen, &seen, sizeof(Seen)) == 0)
		return deployed;
	if (deployed == NULL || !is_same(&deployed->subject, fcinfo))
		deployed = deployed_new(fcinfo, scorer);
	model = look_up(&deployed->subject, &seen, may_be_table, deployed->context);
	tables = model ? NULL : table_models(&deployed->subject, deployed->context);
	if (deployed->model)
		pfree(deployed->model);
	if (deployed->tables)
		table_models_free(deployed->tables);
	deployed->model = model;
	deployed->tables = tables;
	deployed->seen = seen;
	if (deployed != before)
	{
		fcinfo->flinfo->fn_extra = deployed;
		MemoryContextSetParent(deployed->context, fcinfo->flinfo->fn_mcxt);
		if (before)
			MemoryContextDelete(before->context);
	}
	return deployed;
}

/* Calls the function that scores, with a model in place of the first argument. */
static Datum
scored(FunctionCallInfo fcinfo, Deployed *deployed, struct varlena *model)
{
	FunctionCallInfo call = deployed->call;
	Datum		result;

	InitFunctionCallInfoData(*call, &deployed->scorer, PG_NARGS(), fcinfo->fncollation, fcinfo->context,
							 fcinfo->resultinfo);
	call->args[0].value = PointerGetDatum(model);
	call->args[0].isnull = false;
	memcpy(call->args + 1, fcinfo->args + 1, (PG_NARGS() - 1) * sizeof(NullableDatum));
	result = FunctionCallInvoke(call);
	fcinfo->isnull = call->isnull;
	return result;
}

static Datum
predicted(FunctionCallInfo fcinfo, const char *scorer)
{
	Deployed   *deployed;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	deployed = deployed_of(fcinfo, scorer, false);
	return scored(fcinfo, deployed, deployed->model);
}

PG_FUNCTION_INFO_V1(projects_predict);
Datum
projects_predict(PG_FUNCTION_ARGS)
{
	return predicted(fcinfo, "__score");
}

PG_FUNCTION_INFO_V1(projects_predict_class);
Datum
projects_predict_class(PG_FUNCTION_ARGS)
{
	return predicted(fcinfo, "__score_class");
}

PG_FUNCTION_INFO_V1(projects_predict_proba);
Datum
projects_predict_proba(PG_FUNCTION_ARGS)
{
	return predicted(fcinfo, "__score_proba");
}

PG_FUNCTION_INFO_V1(projects_predict_joint);
Datum
projects_predict_joint(PG_FUNCTION_ARGS)
{
	return predicted(fcinfo, "__score_joint");
}

PG_FUNCTION_INFO_V1(projects_explain);
Datum
projects_explain(PG_FUNCTION_ARGS)
{
	Deployed   *deployed = PG_ARGISNULL(0) ? NULL : deployed_of(fcinfo, "__explain", true);
	struct varlena *model = deployed == NULL ? NULL :
		deployed->model ? deployed->model : table_model(deployed->tables, fcinfo);

	if (model == NULL)
	{
		InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);	/* no rows, instead of one of NULL */
		return (Datum) 0;
	}
	return scored(fcinfo, deployed, model);
}
