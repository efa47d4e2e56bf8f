/*
 * store_parallel.c: fills a store by a parallel scan of a table: this backend and workers of PostgreSQL's parallel context.
 *
 * The rows lie in the store in the order of the table's pages, as without workers.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/parallel.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "parallel/team.h"
#include "storage/bufmgr.h"
#include "store_fill.h"
#include "store_parallel.h"
#include "store_place.h"
#include "store_scan.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#define RANGE_PAGES 64			/* so many rows fit the processor's cache */
#define MOST_RANGES (1 << 20)

/* What a worker finds in the segment of the parallel context, by these keys. */
#define KEY_PLACE UINT64CONST(0x6d64000000000001)
#define KEY_PLAN UINT64CONST(0x6d64000000000002)
#define KEY_STATEMENT UINT64CONST(0x6d64000000000003)

typedef struct FillingPlace
{
	TeamPlace	team;
	Filling    *filling;
} FillingPlace;

/* --- each process --- */

/* Empties the store of a range for the next one. */
static void
empty(Store *part)
{
	for (int c = 0; c < part->ncols && part->base; c++)
		for (int64 block = 0; part->has_nulls[c] && block * part->block_rows < part->rows; block++)
			memset(store_nulls(part, block, c), 0, part->block_rows / 8);
	memset(part->has_nulls, 0, part->ncols * sizeof(bool));
	part->rows = 0;
}

/* Reads the rows of a range into fill->store. */
static void
read_range(const Filling *filling, int range, RangeScan *scan, Fill *fill)
{
	BlockNumber first = range * filling->range_pages;
	TupleTableSlot *slot;

	empty(fill->store);
	scan_range(scan, first, Min(filling->range_pages, filling->pages - first));
	while ((slot = scan_next(scan)) != NULL)
	{
		MemoryContext old;

		slot_getallattrs(slot);
		old = MemoryContextSwitchTo(fill->scratch);
		store_put_row(fill, slot->tts_values, slot->tts_isnull);
		MemoryContextSwitchTo(old);
	}
	MemoryContextReset(fill->scratch);
}

/* Reads ranges until none is left, or the store has too many rows.  `own`: see seen_export(). */
static void
read_ranges(Filling *filling, PlannedStmt *plan, const char *statement, StringInfo own)
{
	RangeScan  *scan = scan_begin(plan, statement);
	Fill		fill = {.beside = -1, .ngroups = filling->ngroups};
	Seen		seen = {0};
	int			range;

	store_fill_new(&fill);
	store_fill_start(&fill, scan->query->tupDesc);
	for (int s = 0; s < filling->nsources; s++)
		fill.sources[s].width = filling->widths[s];
	store_begin_rows(&fill);
	seen.groups = fill.store->groups;
	while ((range = pg_atomic_fetch_add_u32(&filling->next, 1)) < filling->ranges)
	{
		int64		start;

		read_range(filling, range, scan, &fill);
		filling->processes[range] = ParallelWorkerNumber + 1;
		start = filling_place(filling, range, fill.store, fill.codes);
		if (start < 0)
			break;
		if (filling->ngroups > 0)
			seen_in_range(&seen, fill.codes, fill.store->rows, start);
	}
	if (filling->ngroups > 0)
		seen_export(filling, &seen, own);
	store_free(fill.store);
	scan_end(scan);
}

/* The entry point of a worker. */
void
store_fill_worker(dsm_segment *segment, shm_toc *toc)
{
	FillingPlace *place = shm_toc_lookup(toc, KEY_PLACE, false);
	char	   *plan = shm_toc_lookup(toc, KEY_PLAN, false);
	char	   *statement = shm_toc_lookup(toc, KEY_STATEMENT, false);

	if (team_attach(&place->team))	/* else the others read all ranges */
		read_ranges(place->filling, stringToNode(plan), statement, NULL);
}

/* --- the leader --- */

/* Returns how many workers the server's settings allow for a scan of the table, as the planner counts them. */
static int
workers_for(Relation table, BlockNumber pages)
{
	int			workers = RelationGetParallelWorkers(table, -1);

	if (workers < 0)
	{
		workers = pages >= Max(min_parallel_table_scan_size, 1) ? 1 : 0;
		for (BlockNumber size = Max(min_parallel_table_scan_size, 1); workers > 0 && pages / 3 >= size; size *= 3)
			workers++;
	}
	return Min(Min(workers, max_parallel_workers_per_gather), MOST_WORKERS);
}

/*
 * Sets the lengths of arrays, which are those of the first row in which they are not NULL.  Returns false if an array is NULL
 * in the first rows.
 */
static bool
find_widths(Fill *fill, PlannedStmt *plan, const char *statement)
{
	RangeScan  *scan = scan_begin(plan, statement);
	TupleTableSlot *slot;
	bool		known = false;

	scan_range(scan, 0, RANGE_PAGES);
	while (!known && (slot = scan_next(scan)) != NULL)
	{
		slot_getallattrs(slot);
		known = store_widths_known(fill, slot->tts_values, slot->tts_isnull);
	}
	scan_end(scan);
	return known;
}

/* Tells whether the columns of a fill, but the grouping columns, need no dictionaries, which belong to one process. */
static bool
only_numbers(const Fill *fill)
{
	for (int s = 0; s < fill->nsources; s++)
		if (fill->sources[s].levels)
			return false;
	return fill->beside < 0;
}

/* Allocates the blocks of the store, or with groups its buffer; returns false if there is no memory that workers share. */
static bool
allocate_rows(Filling *filling, Fill *fill, int64 blocks)
{
	Store	   *store = fill->store;
	Size		rows = blocks * store->block_rows;
	Size		width = buffer_width(store);

	store->is_shared = true;
	if (fill->ngroups == 0)
		return (store->base = parallel_alloc(store->context, blocks * store->block_bytes)) != NULL;
	filling->codes = parallel_alloc(store->context, rows * sizeof(int));
	store->buffer_base = parallel_alloc(store->context, rows * width * sizeof(double));
	store->buffer = parallel_alloc(store->context, blocks * sizeof(double *));
	if (filling->codes == NULL || store->buffer_base == NULL || store->buffer == NULL)
		return false;
	for (int64 block = 0; block < blocks; block++)
		store->buffer[block] = store->buffer_base + block * store->block_rows * width;
	return true;
}

/* Returns the memory that rows take, for each block of the store. */
static Size
bytes_of_block(const Fill *fill)
{
	const Store *store = fill->store;

	if (fill->ngroups == 0)
		return store->block_bytes;
	return store->block_bytes + store->block_rows * (buffer_width(store) * sizeof(double) + sizeof(int) + sizeof(int64));
}

/* Returns memory that all processes of the fill share, with that for the rows of the store; NULL if there is none. */
static Filling *
new_filling(Fill *fill, BlockNumber pages)
{
	Store	   *store = fill->store;
	int			ranges = (pages + RANGE_PAGES - 1) / RANGE_PAGES;
	int64		blocks = Min(store_bytes_left(store) / (int64) bytes_of_block(fill),
							 block_of(store, (int64) pages * MaxHeapTuplesPerPage) + 1);
	Filling    *filling = blocks <= 0 ? NULL
		: parallel_alloc(store->context, sizeof(Filling) + ranges * (2 * sizeof(int64) + sizeof(int)) +
						 fill->nsources * sizeof(int) + store->ncols * sizeof(bool));

	if (filling == NULL || !allocate_rows(filling, fill, blocks))
		return NULL;
	filling->store = *store;
	filling->most_rows = blocks * store->block_rows;
	filling->nsources = fill->nsources;
	filling->ngroups = fill->ngroups;
	filling->counts = (int64 *) (filling + 1);
	filling->starts = filling->counts + ranges;
	filling->processes = (int *) (filling->starts + ranges);
	filling->widths = filling->processes + ranges;
	filling->store.has_nulls = (bool *) (filling->widths + fill->nsources);
	for (int s = 0; s < fill->nsources; s++)
		filling->widths[s] = fill->sources[s].width;
	memset(filling->counts, -1, 2 * ranges * sizeof(int64));
	filling->pages = pages;
	filling->range_pages = RANGE_PAGES;
	filling->ranges = ranges;
	pg_atomic_init_u32(&filling->next, 0);
	SpinLockInit(&filling->lock);
	ConditionVariableInit(&filling->moved);
	return filling;
}

/* Puts a copy of some bytes into the segment of a parallel context. */
static void
put_bytes(ParallelContext *context, uint64 key, const void *bytes, Size size)
{
	shm_toc_insert(context->toc, key, memcpy(shm_toc_allocate(context->toc, size), bytes, size));
}

/* Reads all ranges, with workers. */
static void
read_together(Filling *filling, PlannedStmt *plan, const char *statement, int workers, StringInfo own)
{
	FillingPlace place = {team_place(0), filling};	/* as a member that has no results */
	char	   *plan_text = nodeToString(plan);
	ParallelContext *context;
	int			by_workers = 0;

	EnterParallelMode();
	context = CreateParallelContext(parallel_library(), "store_fill_worker", workers);
	shm_toc_estimate_chunk(&context->estimator, sizeof place);
	shm_toc_estimate_chunk(&context->estimator, strlen(plan_text) + 1);
	shm_toc_estimate_chunk(&context->estimator, strlen(statement) + 1);
	shm_toc_estimate_keys(&context->estimator, 3);
	InitializeParallelDSM(context);
	if (context->seg != NULL)	/* else there is no shared memory for it, and no worker */
	{
		put_bytes(context, KEY_PLACE, &place, sizeof place);
		put_bytes(context, KEY_PLAN, plan_text, strlen(plan_text) + 1);
		put_bytes(context, KEY_STATEMENT, statement, strlen(statement) + 1);
		LaunchParallelWorkers(context);
	}
	read_ranges(filling, plan, statement, own);
	WaitForParallelWorkersToFinish(context);
	DestroyParallelContext(context);
	ExitParallelMode();
	for (int range = 0; range < filling->ranges; range++)
		by_workers += filling->processes[range] > 0;
	elog(DEBUG1, "workers read %d of %d ranges", by_workers, filling->ranges);
}

/* Frees the memory that rows might have needed. */
static void
shrink_rows(const Filling *filling, Store *store)
{
	Size		blocks = block_of(store, store->rows + store->block_rows - 1);

	if (filling->ngroups == 0)
		parallel_shrink(store->base, blocks * store->block_bytes);
	else
		parallel_shrink(store->buffer_base, blocks * store->block_rows * buffer_width(store) * sizeof(double));
}

/* Fills the store with the rows of a plan; returns false if that cannot be done in parallel. */
static bool
fill_by_plan(Fill *fill, PlannedStmt *plan, const char *statement, int workers, BlockNumber pages)
{
	Store	   *store = fill->store;
	RangeScan  *scan = scan_begin(plan, statement);
	Filling    *filling;
	StringInfoData own;			/* what the leader tells about its groups */

	store_fill_start(fill, scan->query->tupDesc);
	scan_end(scan);
	if (!only_numbers(fill) || !find_widths(fill, plan, statement))
		return false;
	store_begin_rows(fill);
	filling = new_filling(fill, pages);
	if (filling == NULL)
		return false;
	initStringInfo(&own);
	read_together(filling, plan, statement, workers, &own);
	store->rows = filling->rows;
	memcpy(store->has_nulls, filling->store.has_nulls, store->ncols * sizeof(bool));
	shrink_rows(filling, store);
	if (fill->ngroups > 0 && !filling->is_over)
		filling_regroup(filling, store, &own);
	fill->over = filling->is_over || !store_fits(store);
	parallel_free(filling->codes);
	parallel_free(filling);
	return true;
}

/*
 * Fills fill->store with the rows of a query by a parallel scan.  Returns false, with an empty store, if the server's
 * settings or the query do not allow that.  SPI_connect() has been called.
 */
bool
store_fill_in_parallel(Fill *fill, const char *statement)
{
	Fill		trial = *fill;
	PlannedStmt *plan;
	Relation	table;
	BlockNumber pages;
	int			workers;
	bool		done;

	if (max_parallel_workers_per_gather == 0 || IsInParallelMode())
		return false;
	plan = scan_plan(statement);
	if (plan == NULL)
		return false;
	table = table_open(scan_table(plan), AccessShareLock);
	pages = RelationGetNumberOfBlocks(table);
	workers = workers_for(table, pages);
	table_close(table, NoLock);
	if (workers == 0 || pages / RANGE_PAGES >= MOST_RANGES)
		return false;
	store_fill_new(&trial);
	done = fill_by_plan(&trial, plan, statement, workers, pages);
	store_free(done ? fill->store : trial.store);
	if (done)
		*fill = trial;
	return done;
}
