/*
 * forest_run.c: grows trees on all cores.
 *
 * A task is a tree of a large group, or several trees of small groups.
 */
#include "forest.h"

#include "miscadmin.h"
#include "parallel/parallel.h"
#include "utils/memutils.h"

#define LEAST_ROWS 8192			/* least rows of a task */

/* The argument of the tasks, which workers share if they share the rows. */
typedef struct Run
{
	const CodedRows *rows;
	Forests		forests;
	int			from;			/* the first tree */
	int			trees;			/* number of trees of each group */
	int			per_task;		/* trees of a task */
	ForestTree	results[FLEXIBLE_ARRAY_MEMBER];	/* one for each group and tree */
} Run;

static void
grow_one(Run *run, int unit)
{
	int			group = unit / run->trees;
	int			tree = run->from + unit % run->trees;
	ForestSettings settings = settings_of_group(&run->forests, run->rows->classes, group);
	MemoryContext own;
	MemoryContext old;
	ForestTree	grown;
	Size		size;
	char	   *bytes;

	if (group_is_empty(run->rows, group))
		return;
	own = AllocSetContextCreate(CurrentMemoryContext, "madpy growth", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(own);
	grown = grow_tree(run->rows, &settings, group, tree);
	MemoryContextSwitchTo(old);
	size = MAXALIGN(run->rows->features * sizeof(double));
	bytes = parallel_result(size + tree_bytes(grown.tree));
	grown.gains = memcpy(bytes, grown.gains, run->rows->features * sizeof(double));
	grown.tree = copy_tree(grown.tree, bytes + size);
	run->results[unit] = grown;
	MemoryContextDelete(own);
}

static void
grow_task(void *argument, int task)
{
	Run		   *run = argument;
	int			units = run->rows->groups * run->trees;

	for (int unit = task * run->per_task; unit < Min(units, (task + (int64) 1) * run->per_task); unit++)
	{
		CHECK_FOR_INTERRUPTS();
		grow_one(run, unit);
	}
}

/* Copies trees to the memory of the store. */
static void
keep_trees(const Store *store, Forests *forests, const Run *run, int units)
{
	Size		gains = MAXALIGN(run->rows->features * sizeof(double));
	Size		size = 0;
	char	   *at;

	for (int unit = 0; unit < units; unit++)
		if (run->results[unit].tree)
			size += gains + tree_bytes(run->results[unit].tree);
	at = coded_alloc(store, size);
	for (int unit = 0; unit < units; unit++)
	{
		ForestTree *into = &forests->groups[unit / run->trees].trees[run->from + unit % run->trees];

		CHECK_FOR_INTERRUPTS();
		if (run->results[unit].tree == NULL)
			continue;
		*into = run->results[unit];
		into->gains = memcpy(at, into->gains, run->rows->features * sizeof(double));
		into->tree = copy_tree(into->tree, at + gains);
		if (forests->settings.permutation)
			into->permuted = MemoryContextAllocZero(store->context, run->rows->features * sizeof(double));
		at += gains + tree_bytes(into->tree);
	}
}

void
grow_trees(Store *store, Forests *forests, int from, int to)
{
	const CodedRows *rows = store->coded;
	int64		units = rows->groups * (int64) (to - from);
	Size		size = offsetof(Run, results) + units * sizeof(ForestTree);
	int64		all_rows = rows->first[rows->groups];
	Run		   *run;

	if (units == 0)
		return;
	if (units > PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%lld trees are too many for one call", (long long) units)));
	run = rows->is_shared ? parallel_alloc(CurrentMemoryContext, size) : MemoryContextAllocHuge(CurrentMemoryContext, size);
	if (run == NULL)
		store_no_memory("memory that workers share");
	memset(run->results, 0, units * sizeof(ForestTree));
	run->rows = rows;
	run->forests = *forests;
	run->from = from;
	run->trees = to - from;
	run->per_task = Min(units, 1 + LEAST_ROWS * (int64) rows->groups / Max(all_rows, 1));
	parallel_run(grow_task, run, (units + run->per_task - 1) / run->per_task, all_rows * (Size) rows->features * run->trees);
	keep_trees(store, forests, run, units);
}
