/*
 * cached.c: keeps what a function computed from an argument for its next call.
 */
#include "cached.h"

#include "nodes/primnodes.h"
#include "utils/memutils.h"

bool
argument_is_constant(FunctionCallInfo fcinfo, int arg)
{
	Node	   *call = fcinfo->flinfo->fn_expr;
	List	   *arguments = call && IsA(call, FuncExpr) ? ((FuncExpr *) call)->args : NIL;

	return arg < list_length(arguments) && IsA(list_nth(arguments, arg), Const);
}

bool
argument_is_same(const struct varlena *kept, const struct varlena *value)
{
	if (VARATT_IS_EXTERNAL(value) && !VARATT_IS_EXTERNAL_ONDISK(value))
		return false;
	return VARSIZE_ANY(value) == VARSIZE_ANY(kept) && memcmp(value, kept, VARSIZE_ANY(value)) == 0;
}

static struct varlena *
argument(FunctionCallInfo fcinfo, int arg)
{
	return (struct varlena *) PG_GETARG_POINTER(arg);
}

void *
cached_find(FunctionCallInfo fcinfo, int arg)
{
	Cached	   *cached = fcinfo->flinfo->fn_extra;

	if (cached && (argument_is_constant(fcinfo, arg) || argument_is_same(cached->given, argument(fcinfo, arg))))
		return cached;
	return NULL;
}

/* The new struct's context is a child of the current one until cached_keep(), so that an error before that frees it. */
void *
cached_new(FunctionCallInfo fcinfo, int arg, Size size)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "madpy argument", ALLOCSET_DEFAULT_SIZES);
	Cached	   *cached = MemoryContextAllocZero(context, size);
	struct varlena *given = argument(fcinfo, arg);

	cached->context = context;
	cached->given = memcpy(MemoryContextAlloc(context, VARSIZE_ANY(given)), given, VARSIZE_ANY(given));
	return cached;
}

void
cached_keep(FunctionCallInfo fcinfo, void *cached)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	Cached	   *before = flinfo->fn_extra;

	flinfo->fn_extra = NULL;
	if (before)
		MemoryContextDelete(before->context);
	MemoryContextSetParent(((Cached *) cached)->context, flinfo->fn_mcxt);
	flinfo->fn_extra = cached;
}
