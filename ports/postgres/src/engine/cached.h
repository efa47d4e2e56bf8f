/*
 * cached.h: a cache for what a function computes from an argument that is the same in most calls, such as a model.
 *
 * A cached struct has a memory context of its own, a child of that of the call's FmgrInfo.  The next call uses it only if
 * the argument has the same bytes.  Only for a constant this comparison can be left out.  A parameter can change although
 * get_fn_expr_arg_stable() is true for it: PL/pgSQL keeps an expression, and fn_extra with it, for a transaction and gives
 * it new values.
 */
#ifndef MADPY_CACHED_H
#define MADPY_CACHED_H

#include "postgres.h"
#include "fmgr.h"

/* First member of a cached struct. */
typedef struct Cached
{
	MemoryContext context;		/* contains the struct and all that it points to */
	struct varlena *given;		/* the argument as passed: a TOAST pointer, compressed, or plain */
} Cached;

/* Tells whether argument `arg` is a constant of the statement. */
extern bool argument_is_constant(FunctionCallInfo fcinfo, int arg);

/*
 * Tells whether two values as passed are the same, one of them kept from before: they have the same bytes, or point to the
 * same value of a TOAST table, which is not fetched.
 */
extern bool argument_is_same(const struct varlena *kept, const struct varlena *value);

/* Returns the cached struct if it was made for this value of argument `arg`, a varlena that is not NULL; else NULL. */
extern void *cached_find(FunctionCallInfo fcinfo, int arg);

/* Returns a zeroed struct of `size` bytes for argument `arg`; all that it points to has to be allocated in its context. */
extern void *cached_new(FunctionCallInfo fcinfo, int arg, Size size);

/* Caches a complete struct, and frees the one that was cached before. */
extern void cached_keep(FunctionCallInfo fcinfo, void *cached);

#endif
