/*
 * cached.h: what a function made of an argument that is the same in most calls, kept for the next call.
 *
 * What was made lies in a memory context of its own, below the one of the call's FmgrInfo.  A call finds it again only if
 * the argument has the same bytes: of all arguments a constant alone cannot change while an expression lives.  A
 * parameter can (PL/pgSQL keeps an expression, and fn_extra with it, for a transaction and gives it new values), though
 * get_fn_expr_arg_stable() is true for it.
 */
#ifndef MADPY_CACHED_H
#define MADPY_CACHED_H

#include "postgres.h"
#include "fmgr.h"

/* First member of the struct that a function keeps. */
typedef struct Cached
{
	MemoryContext context;		/* everything lies in here */
	struct varlena *given;		/* the argument as it came: a pointer into a TOAST table, compressed, or plain */
} Cached;

/* Tells whether argument `arg` is a constant of the statement. */
extern bool argument_is_constant(FunctionCallInfo fcinfo, int arg);

/* Returns what cached_new made for this value of argument `arg`, a varlena that is not NULL; else NULL. */
extern void *cached_find(FunctionCallInfo fcinfo, int arg);

/* Returns a zeroed struct of `size` bytes for argument `arg`; what it points to has to lie in its context. */
extern void *cached_new(FunctionCallInfo fcinfo, int arg, Size size);

/* Keep a struct that is complete, in place of what was kept before. */
extern void cached_keep(FunctionCallInfo fcinfo, void *cached);

#endif
