/*
 * store_pass.c: runs a kernel over groups of a store, with workers if the store is large.
 *
 * The rows of a group are cut into chunks, whose number depends on the rows and the kernel only.  Each chunk has a state of
 * its own, and the states of a group are merged in the order of its chunks, so that the result has the same bits whatever
 * the number of workers.  A task is a chunk of a large group, or several small groups.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "engine/state.h"
#include "miscadmin.h"
#include "parallel/parallel.h"
#include "port/atomics.h"
#include "store.h"
#include "utils/memutils.h"

#define MOST_CHUNKS 64			/* limit for a group */
#define LEAST_ROWS 16384		/* least size of a chunk, unless the group is smaller */

/*
 * A chunk has so many bytes of rows for each byte of its state, because states cost time too: they begin with zeros, and are
 * merged one after the other.  Two chunks may have fewer.
 */
#define BYTES_PER_STATE 32
#define LEAST_PER_STATE 2

#define MOST_TASKS 256			/* without tasks of more than LEAST_ROWS rows */

/* A chunk of a group. */
typedef struct Unit
{
	int			group;			/* its index among the groups of the pass */
	bool		is_whole;		/* whether the chunk is the whole group */
	int64		from;
	int64		to;
	State	   *state;			/* state of the chunk; for a whole group its outcome, if outcomes are wanted */
} Unit;

/* The argument of run_task(); it lies in memory that workers share. */
typedef struct Pass
{
	Store		store;			/* a copy whose pointers are valid in workers */
	uint16		kernel;
	bool		outcome;
	pg_atomic_uint64 bytes;		/* total size of the states, or outcomes, of whole groups */
	int64		nparams;		/* parameters of each group */
	double	   *params;
	Unit	   *units;
	int			unit_count;
	int		   *first;			/* first unit of each task, and the number of units */
	int			tasks;
} Pass;

/* --- a task --- */

/* Counts a result; raises an error if all are more than a value of SQL can have, before more memory is used. */
static void
count_result(Pass *pass, const State *state)
{
	int64		bytes = pg_atomic_add_fetch_u64(&pass->bytes, VARSIZE(state));

	if (bytes > MaxAllocSize)
		palloc_limited(bytes, MaxAllocSize, pass->outcome ? "all outcomes together" : "all states together");
}

static void
run_unit(Pass *pass, const Kernel *kernel, Unit *unit, Store **part)
{
	MemoryContext task = CurrentMemoryContext;
	State	   *state;

	if (parallel_results())		/* the state is a result as it is */
		MemoryContextSwitchTo(parallel_results());
	state = state_new(kernel, store_width(&pass->store), pass->nparams, pass->params + unit->group * pass->nparams, 0);
	MemoryContextSwitchTo(task);
	if (pass->store.is_shared && pass->store.base && unit->from < unit->to)
		parallel_populate(store_column(&pass->store, block_of(&pass->store, unit->from), 0),
						  (unit->to - unit->from) * pass->store.ncols * sizeof(double));
	store_run_kernel(&pass->store, kernel, state, unit->from, unit->to, part);
	unit->state = pass->outcome && unit->is_whole ? kernel->outcome(state) : state;
	if (unit->is_whole)
		count_result(pass, unit->state);
	if (unit->state == state && parallel_results())
		return;
	unit->state = memcpy(parallel_result(VARSIZE(unit->state)), unit->state, VARSIZE(unit->state));
	pfree(state);
}

static void
run_task(void *argument, int task)
{
	Pass	   *pass = argument;
	const Kernel *kernel = kernel_by_id(pass->kernel);
	Store	   *part = NULL;

	for (int u = pass->first[task]; u < pass->first[task + 1]; u++)
	{
		CHECK_FOR_INTERRUPTS();
		run_unit(pass, kernel, &pass->units[u], &part);
	}
}

/* --- the units and tasks of a pass --- */

/* Returns the rows of each chunk of a group. */
static int64
rows_of_chunk(const Store *store, const Kernel *kernel, int64 rows, int64 nparams, const double *params)
{
	int64		state_bytes = state_body_size(kernel, store_width(store), nparams, params) * (int64) sizeof(double);
	int64		row_bytes = store->ncols * (int64) sizeof(double);
	int64		bytes = rows * row_bytes;
	int64		chunks = Max(bytes / (BYTES_PER_STATE * state_bytes), Min(bytes / (LEAST_PER_STATE * state_bytes), 2));
	int64		chunk;

	chunks = Max(Min(Min(chunks, rows / LEAST_ROWS), MOST_CHUNKS), 1);
	chunk = (rows + chunks - 1) / chunks;
	return TYPEALIGN64(store->block_rows, chunk);
}

/* Enters the chunks of a group into the units from `unit` on, unless that is NULL, and returns their number. */
static int
cut_group(const Pass *pass, const Kernel *kernel, int group, int64 from, int64 to, Unit *unit)
{
	int64		chunk;
	int			count = 0;

	if (to - from <= LEAST_ROWS)
		chunk = Max(to - from, 1);
	else
		chunk = rows_of_chunk(&pass->store, kernel, to - from, pass->nparams, pass->params + group * pass->nparams);
	do
	{
		if (unit)
		{
			unit[count].group = group;
			unit[count].from = from;
			unit[count].to = Min(to, from + chunk);
			unit[count].is_whole = count == 0 && unit[count].to == to;
		}
		count++;
		from += chunk;
	} while (from < to);
	return count;
}

/* Enters the units of all groups, unless `units` is NULL, and returns their number. */
static int
cut_groups(const Pass *pass, const Kernel *kernel, const int *groups, int count, Unit *units)
{
	const Store *store = &pass->store;
	int			done = 0;

	for (int i = 0; i < count; i++)
	{
		int64		from = store->groups ? store->group_start[groups[i]] : 0;
		int64		to = store->groups ? store->group_start[groups[i] + 1] : store->rows;

		done += cut_group(pass, kernel, i, from, to, units ? units + done : NULL);
	}
	return done;
}

/* Makes tasks of units: of several until they have enough rows. */
static void
make_tasks(Pass *pass)
{
	int64		total = 0;
	int64		rows = 0;

	for (int u = 0; u < pass->unit_count; u++)
		total += pass->units[u].to - pass->units[u].from;
	pass->tasks = 0;
	pass->first[0] = 0;
	for (int u = 0; u < pass->unit_count; u++)
	{
		rows += pass->units[u].to - pass->units[u].from;
		if (rows * MOST_TASKS < total && rows < LEAST_ROWS && u + 1 < pass->unit_count)
			continue;
		pass->first[++pass->tasks] = u + 1;
		rows = 0;
	}
}

/* Returns `size` bytes at `*at`, a copy of `from` unless that is NULL, and advances `*at`. */
static void *
taken(char **at, const void *from, Size size)
{
	void	   *bytes = *at;

	*at += MAXALIGN(size);
	return from ? memcpy(bytes, from, size) : bytes;
}

/* Makes a pass, in memory that workers share, or of this process if they do not take part. */
static Pass *
new_pass(Store *store, const Kernel *kernel, const int *groups, int count, const double *params, int64 nparams, bool shared)
{
	Pass		pass = {.store = *store, .kernel = kernel->id, .nparams = nparams, .params = (double *) params};
	int			units = cut_groups(&pass, kernel, groups, count, NULL);
	Size		param_bytes = count * nparams * sizeof(double);
	Size		size = sizeof(Pass) + param_bytes + units * (sizeof(Unit) + sizeof(int)) +
		store->ncols * (sizeof(bool) + sizeof(int)) + 8 * MAXIMUM_ALIGNOF;
	char	   *at = shared ? parallel_alloc(CurrentMemoryContext, size) : palloc_extended(size, MCXT_ALLOC_HUGE);
	Pass	   *made = (Pass *) at;

	if (at == NULL)
		store_no_memory("memory that workers share");
	taken(&at, &pass, sizeof(Pass));
	made->params = taken(&at, params, param_bytes);
	made->units = taken(&at, NULL, units * sizeof(Unit));
	made->unit_count = cut_groups(made, kernel, groups, count, made->units);
	made->first = taken(&at, NULL, (units + 1) * sizeof(int));
	make_tasks(made);
	pg_atomic_init_u64(&made->bytes, 0);
	made->store.has_nulls = taken(&at, store->has_nulls, store->ncols * sizeof(bool));
	if (store->indicators)
		made->store.indicators = taken(&at, store->indicators, store->ncols * sizeof(int));
	return made;
}

/* --- the pass --- */

/* Merges the states of the units of a group, from `unit` on, and returns the first unit of the next group. */
static const Unit *
merge_units(const Pass *pass, const Kernel *kernel, const Unit *unit, State **state)
{
	const Unit *end = pass->units + pass->unit_count;
	int			group = unit->group;

	*state = unit->state;
	if (unit->is_whole)
		return unit + 1;
	for (unit++; unit < end && unit->group == group; unit++)
	{
		CHECK_FOR_INTERRUPTS();
		*state = state_merged(kernel, *state, unit->state);
	}
	if (pass->outcome)
		*state = kernel->outcome(*state);
	return unit;
}

/* Returns how many bytes the rows of the groups have. */
static Size
bytes_of_groups(const Store *store, const int *groups, int count)
{
	int64		rows = store->groups ? 0 : store->rows;

	for (int i = 0; i < count && store->groups; i++)
		rows += store->group_start[groups[i] + 1] - store->group_start[groups[i]];
	return rows * store->ncols * sizeof(double);
}

/*
 * Runs a kernel over groups of a store, each with its nparams parameters, and returns their states, or their outcomes.  They
 * are valid until the next pass.
 */
State **
store_pass(Store *store, const Kernel *kernel, const int *groups, int count, const double *params, int64 nparams,
		   bool outcome)
{
	Size		bytes = bytes_of_groups(store, groups, count);
	bool		shared;
	State	  **states = palloc_extended(count * sizeof(State *), MCXT_ALLOC_HUGE);
	Pass	   *pass;
	const Unit *unit;

	if (store->order && store->taken >= store_group_count(store))
		store_lay(store);		/* this is a second pass: see store_sort.c */
	store->taken += count;
	shared = !store->is_private && parallel_workers(bytes) > 0 && store_share(store);
	pass = new_pass(store, kernel, groups, count, params, nparams, shared);
	pass->outcome = outcome;
	parallel_run(run_task, pass, pass->tasks, bytes);
	unit = pass->units;
	for (int i = 0; i < count; i++)
		unit = merge_units(pass, kernel, unit, &states[i]);
	return states;
}
