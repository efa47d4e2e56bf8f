/*
 * projects.c: who may see a project, and the way to write its tables.
 *
 * Tables of projects are written by functions SECURITY DEFINER whose names begin with __do_.  Inside of one the current
 * role is the installation's owner, so projects_write() keeps the role that called.  It cannot be the session's role, nor
 * that of SET ROLE: code of another user that the session runs, in a trigger or an index, would have that role's projects.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define MAX_WRITTEN 8			/* arguments of a function that writes */

static Oid	caller = InvalidOid;	/* the role that called projects_write(), while it runs */

/* Tells whether a role has the rights of the owner, or of a role in the array. */
static bool
has_rights(Oid role, Oid owner, ArrayType *others)
{
	const Oid  *oids = (const Oid *) ARR_DATA_PTR(others);
	int			count = ArrayGetNItems(ARR_NDIM(others), ARR_DIMS(others));
	bool		has = has_privs_of_role(role, owner);

	if (ARR_HASNULL(others))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a role must not be NULL")));
	for (int i = 0; i < count && !has; i++)
		has = has_privs_of_role(role, oids[i]);
	return has;
}

static Oid
current_caller(void)
{
	if (!OidIsValid(caller))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this function is called by __write only")));
	return caller;
}

PG_FUNCTION_INFO_V1(projects_may);
Datum
projects_may(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(has_rights(GetUserId(), PG_GETARG_OID(0), PG_GETARG_ARRAYTYPE_P(1)));
}

PG_FUNCTION_INFO_V1(projects_caller_may);
Datum
projects_caller_may(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(has_rights(current_caller(), PG_GETARG_OID(0), PG_GETARG_ARRAYTYPE_P(1)));
}

PG_FUNCTION_INFO_V1(projects_caller);
Datum
projects_caller(PG_FUNCTION_ARGS)
{
	PG_RETURN_OID(current_caller());
}

/* Returns the function __do_<what> of these argument types in the schema of the calling function. */
static Oid
writing_function(FunctionCallInfo fcinfo, const char *what)
{
	char	   *schema = get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));
	List	   *name = list_make2(makeString(schema), makeString(psprintf("__do_%s", what)));
	Oid			types[MAX_WRITTEN];
	int			count = PG_NARGS() - 1;

	if (count > MAX_WRITTEN)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_ARGUMENTS),
				 errmsg("%d arguments are too many", count)));
	for (int i = 0; i < count; i++)
		types[i] = get_fn_expr_argtype(fcinfo->flinfo, i + 1);
	return LookupFuncName(name, count, types, false);
}

/*
 * projects_write(what, VARIADIC arguments): calls __do_<what>(arguments) and returns its number.  Rights on that function
 * are not asked for: it checks itself what the caller may do.
 */
PG_FUNCTION_INFO_V1(projects_write);
Datum
projects_write(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, MAX_WRITTEN);
	FmgrInfo	function;
	Oid			before = caller;
	Datum		result = (Datum) 0;

	if (PG_ARGISNULL(0) || get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("what is written must be given, and its arguments one by one")));
	fmgr_info(writing_function(fcinfo, text_to_cstring(PG_GETARG_TEXT_PP(0))), &function);
	InitFunctionCallInfoData(*call, &function, PG_NARGS() - 1, InvalidOid, NULL, NULL);
	for (int i = 0; i < PG_NARGS() - 1; i++)
		call->args[i] = fcinfo->args[i + 1];
	caller = GetUserId();
	PG_TRY();
	{
		result = FunctionCallInvoke(call);
	}
	PG_FINALLY();
	{
		caller = before;
	}
	PG_END_TRY();
	if (call->isnull)
		PG_RETURN_NULL();
	return result;
}
