/*
 * model_cache.c: keeps decoded models from one statement to the next.
 */
#include "model_cache.h"

#include "cached.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

/* The most that a session keeps: models, and bytes of their memory. */
#define MOST_MODELS 8
#define MOST_BYTES ((Size) 32 * 1024 * 1024)

/* A decoded model, and the arguments that it was decoded for. */
typedef struct Entry
{
	Model		model;			/* first, so that a model is its entry */
	dlist_node	node;
	MemoryContext context;		/* contains the entry and all that it points to */
	struct varlena *given;		/* the argument as passed: a TOAST pointer, compressed, or plain */
	void		(*check) (Model *model);
	int			nargs;
	Oid		   *types;			/* types of the arguments */
	int			uses;			/* number of FmgrInfos that have it */
	bool		is_listed;
} Entry;

/* The value of fn_extra of an FmgrInfo. */
typedef struct Use
{
	MemoryContextCallback end;
	Entry	   *entry;
} Use;

static dlist_head entries = DLIST_STATIC_INIT(entries);	/* the one that was used last comes first */

static void
unlist(Entry *entry)
{
	dlist_delete(&entry->node);
	entry->is_listed = false;
	if (entry->uses == 0)
		MemoryContextDelete(entry->context);
}

/* Unlists the models that are too many or too large, beginning with the one that was not used for the longest time. */
static void
unlist_old(void)
{
	int			count = 0;
	Size		bytes = 0;
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &entries)
	{
		Entry	   *entry = dlist_container(Entry, node, iter.cur);

		bytes += MemoryContextMemAllocated(entry->context, true);
		if (++count > MOST_MODELS || bytes > MOST_BYTES)
			unlist(entry);
	}
}

static void
end_use(void *argument)
{
	Use		   *use = argument;
	Entry	   *entry = use->entry;

	use->entry = NULL;
	if (entry && --entry->uses == 0 && !entry->is_listed)
		MemoryContextDelete(entry->context);
}

static void
begin_use(FunctionCallInfo fcinfo, Entry *entry)
{
	FmgrInfo   *flinfo = fcinfo->flinfo;
	Use		   *use = flinfo->fn_extra;

	if (use == NULL)
	{
		use = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Use));
		use->end.func = end_use;
		use->end.arg = use;
		MemoryContextRegisterResetCallback(flinfo->fn_mcxt, &use->end);
		flinfo->fn_extra = use;
	}
	end_use(use);
	use->entry = entry;
	entry->uses++;
}

static struct varlena *
argument(FunctionCallInfo fcinfo, int arg)
{
	return (struct varlena *) PG_GETARG_POINTER(arg);
}

Model *
model_in_use(FunctionCallInfo fcinfo, int arg)
{
	Use		   *use = fcinfo->flinfo->fn_extra;

	if (use && use->entry &&
		(argument_is_constant(fcinfo, arg) || argument_is_same(use->entry->given, argument(fcinfo, arg))))
		return &use->entry->model;
	return NULL;
}

static bool
has_types(const Entry *entry, FunctionCallInfo fcinfo)
{
	if (entry->nargs != PG_NARGS())
		return false;
	for (int i = 0; i < entry->nargs; i++)
		if (entry->types[i] != get_fn_expr_argtype(fcinfo->flinfo, i))
			return false;
	return true;
}

Model *
model_of_session(FunctionCallInfo fcinfo, int arg, void (*check) (Model *model))
{
	struct varlena *given = argument(fcinfo, arg);
	dlist_iter	iter;

	dlist_foreach(iter, &entries)
	{
		Entry	   *entry = dlist_container(Entry, node, iter.cur);

		if (entry->check != check || !argument_is_same(entry->given, given) || !has_types(entry, fcinfo))
			continue;
		dlist_move_head(&entries, &entry->node);
		begin_use(fcinfo, entry);
		return &entry->model;
	}
	return NULL;
}

/* The new model's context is a child of the current one until model_add(), so that an error before that frees it. */
Model *
model_new(FunctionCallInfo fcinfo, int arg, void (*check) (Model *model))
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "madpy model", ALLOCSET_DEFAULT_SIZES);
	Entry	   *entry = MemoryContextAllocZero(context, sizeof(Entry));
	struct varlena *given = argument(fcinfo, arg);

	entry->context = context;
	entry->given = memcpy(MemoryContextAlloc(context, VARSIZE_ANY(given)), given, VARSIZE_ANY(given));
	entry->check = check;
	entry->nargs = PG_NARGS();
	entry->types = MemoryContextAlloc(context, entry->nargs * sizeof(Oid));
	for (int i = 0; i < entry->nargs; i++)
		entry->types[i] = get_fn_expr_argtype(fcinfo->flinfo, i);
	return &entry->model;
}

void
model_add(FunctionCallInfo fcinfo, Model *model)
{
	Entry	   *entry = (Entry *) model;

	begin_use(fcinfo, entry);
	MemoryContextSetParent(entry->context, TopMemoryContext);
	dlist_push_head(&entries, &entry->node);
	entry->is_listed = true;
	unlist_old();
}
