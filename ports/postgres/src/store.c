/*
 * store.c: memory files of columns, and kernels over them.
 */
#include "postgres.h"

#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "store.h"
#include "storage/fd.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* A block aims at this size, so that it stays in the second-level cache. */
#define BLOCK_BYTES (1024 * 1024)
#define MAX_BLOCK_ROWS 4096
#define MIN_BLOCK_ROWS 64

/* Blocks of the pile that are asked for at once, a power of two. */
#define MOST_PILED 64

/* Bytes of states that room is made for before they are there. */
#define MOST_AT_ONCE (256 * 1024 * 1024)
#define PAGE (4 * 1024)
#define HUGE_PAGE (2 * 1024 * 1024)

int			store_memory_kb;

static List *stores = NIL;		/* in TopMemoryContext */
static int	last_id = 0;

static void
store_unmap(Store *store)
{
	store->filled = false;
	if (store->base)
		munmap(store->base, store->blocks * store->block_bytes);
	store->base = NULL;
	if (store->fd >= 0)
	{
		close(store->fd);
		ReleaseExternalFD();
	}
	store->fd = -1;
}

/* Called when the memory of a store goes, whatever the reason. */
static void
store_release(void *arg)
{
	stores = list_delete_ptr(stores, arg);
	store_unmap(arg);
}

/*
 * After an error PostgreSQL keeps the memory of a transaction block until the user says ROLLBACK, which may be after
 * lunch: the files do not wait for that.  Subtransactions are numbered in the order in which they begin.
 */
static void
unmap_since(SubTransactionId first)
{
	ListCell   *cell;

	foreach(cell, stores)
		if (((Store *) lfirst(cell))->since >= first)
			store_unmap(lfirst(cell));
}

static void
transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_ABORT)
		unmap_since(TopSubTransactionId);
}

static void
subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		unmap_since(mine);
}

void
store_init(void)
{
	RegisterXactCallback(transaction_end, NULL);
	RegisterSubXactCallback(subtransaction_end, NULL);
}

/* An empty store that lives as long as the current (sub)transaction. */
Store *
store_new(void)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "madpy store", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Store	   *store = palloc0(sizeof(Store));
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	store->id = ++last_id;
	store->owner = GetUserId();
	store->since = GetCurrentSubTransactionId();
	store->context = context;
	store->fd = -1;
	callback->func = store_release;
	callback->arg = store;
	MemoryContextSwitchTo(TopMemoryContext);
	stores = lappend(stores, store);
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(old);
	return store;
}

void
store_free(Store *store)
{
	MemoryContextDelete(store->context);
}

static void
no_memory(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("could not get memory to keep columns in: %s: %m", what),
			 errhint("A lower madpy.store_memory makes trainings read the table in each pass instead.")));
}

static int
memory_file(void)
{
	int			fd;

	if (!AcquireExternalFD())
		no_memory("too many files are open");
	fd = memfd_create("madpy", MFD_CLOEXEC);
	if (fd < 0)
	{
		ReleaseExternalFD();
		no_memory("memfd_create");
	}
	return fd;
}

/* Say how many columns there are, before the first block. */
void
store_shape(Store *store, int ncols)
{
	if (ncols > MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("%d columns are too many", ncols),
				 errdetail("The most is %d.", MAX_COLUMNS)));
	store->ncols = ncols;
	store->block_rows = MAX_BLOCK_ROWS;
	while (store->block_rows > MIN_BLOCK_ROWS && (Size) store->block_rows * ncols * sizeof(double) > BLOCK_BYTES)
		store->block_rows /= 2;
	store->block_shift = pg_leftmost_one_pos32(store->block_rows);
	store->block_bytes = (Size) ncols * store->block_rows * sizeof(double) + (Size) ncols * store->block_rows / 8;
	store->has_nulls = MemoryContextAllocZero(store->context, Max(ncols, 1) * sizeof(bool));
	store->fd = memory_file();
}

/* Whether one more row stays within the memory setting, with the dictionaries and the pile. */
bool
store_fits(const Store *store)
{
	int64		blocks = block_of(store, store->rows) + 1;

	return blocks * (int64) store->block_bytes + (int64) MemoryContextMemAllocated(store->context, true)
		<= (int64) store_memory_kb * 1024;
}

static void
store_resize(Store *store, int64 blocks)
{
	Size		old = store->blocks * store->block_bytes;
	Size		size = blocks * store->block_bytes;
	void	   *base;

	if (ftruncate(store->fd, size) != 0)
		no_memory("ftruncate");
	base = old ? mremap(store->base, old, size, MREMAP_MAYMOVE)
		: mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, store->fd, 0);
	if (base == MAP_FAILED)
		no_memory("mmap");
	store->base = base;
	store->blocks = blocks;
}

/*
 * Room for the block that row store->rows begins.  Its pages are asked for here, so that memory that is not there is
 * an error, not a signal.
 */
void
store_add_block(Store *store)
{
	int64		block = block_of(store, store->rows);
	uintptr_t	start;
	uintptr_t	end;

	if (block >= store->blocks)
		store_resize(store, Max(1, 2 * store->blocks));
	if (fallocate(store->fd, 0, block * store->block_bytes, store->block_bytes) != 0 && errno != EOPNOTSUPP)
		no_memory("fallocate");
#ifdef MADV_POPULATE_WRITE
	/* mapped at once, which is sooner done than page by page; a wish: an old kernel refuses it */
	start = TYPEALIGN_DOWN(PAGE, (uintptr_t) store->base + block * store->block_bytes);
	end = (uintptr_t) store->base + (block + 1) * store->block_bytes;
	madvise((void *) start, end - start, MADV_POPULATE_WRITE);
#endif
}

static bool
is_null(const Store *store, int64 row, int column)
{
	int			r = row_of(store, row);

	return (store_nulls(store, block_of(store, row), column)[r / 64] >> (r % 64)) & 1;
}

void
store_set_null(Store *store, int64 row, int column)
{
	int			r = row_of(store, row);

	store_nulls(store, block_of(store, row), column)[r / 64] |= UINT64CONST(1) << (r % 64);
	store->has_nulls[column] = true;
}

/*
 * Room in the pile for the block that row store->rows begins, and for as many as there are already, up to a limit.  Few
 * large pages are had much sooner than many small ones.
 */
void
store_pile_block(Store *store)
{
	int64		block = block_of(store, store->rows);
	int64		more = Min(Max(1, block), MOST_PILED);
	Size		doubles = (Size) pile_width(store) * store->block_rows;
	uintptr_t	start;
	uintptr_t	end;

	if (block % MOST_PILED != 0 && (block & (block - 1)) != 0)
		return;					/* there is */
	store->pile = block == 0 ? MemoryContextAlloc(store->context, sizeof(double *))
		: repalloc_huge(store->pile, (block + more) * sizeof(double *));
	store->pile[block] = MemoryContextAllocHuge(store->context, more * doubles * sizeof(double));
	for (int64 b = 1; b < more; b++)
		store->pile[block + b] = store->pile[block] + b * doubles;
	start = TYPEALIGN(HUGE_PAGE, (uintptr_t) store->pile[block]);
	end = TYPEALIGN_DOWN(HUGE_PAGE, (uintptr_t) (store->pile[block] + more * doubles));
	if (start < end)
		madvise((void *) start, end - start, MADV_HUGEPAGE);	/* a wish: it may be refused */
}

static void
free_pile(Store *store)
{
	int64		blocks = block_of(store, store->rows + store->block_rows - 1);

	for (int64 block = 0; block < blocks; block++)
		if (block % MOST_PILED == 0 || (block & (block - 1)) == 0)
			pfree(store->pile[block]);
	if (store->pile)
		pfree(store->pile);
	store->pile = NULL;
}

/*
 * Lay rows of the pile into a block of the file.  A few rows at once: each column's values are then written next to each
 * other, and reads of rows that lie anywhere wait for each other less.
 */
#define AT_ONCE 8

static void
lay_block(Store *store, int64 block, int rows, const int64 *order)
{
	int			ncols = store->ncols;
	double	   *to = store_column(store, block, 0);

	for (int r = 0; r < rows; r += AT_ONCE)
	{
		int			count = Min(AT_ONCE, rows - r);
		const double *row[AT_ONCE];

		for (int q = 0; q < count; q++)
			row[q] = pile_row(store, order[r + q]);
		for (int q = r + AT_ONCE; q < Min(r + 2 * AT_ONCE, rows); q++)
		{
			const double *next = pile_row(store, order[q]);

			for (int c = 0; c < Min(ncols, 64); c += 8)
				__builtin_prefetch(next + c);
		}
		for (int c = 0; c < ncols; c++)
			for (int q = 0; q < count; q++)
				to[(Size) c * store->block_rows + r + q] = row[q][c];
	}
}

static void
lay_nulls(Store *store, const int64 *order)
{
	bool		any = false;

	for (int c = 0; c < store->ncols; c++)
		any = any || store->has_nulls[c];
	for (int64 row = 0; row < store->rows && any; row++)
	{
		const uint64 *nulls = pile_nulls(store, pile_row(store, order[row]));

		for (int w = 0; w < (store->ncols + 63) / 64; w++)
			for (uint64 bits = nulls[w]; bits != 0; bits &= bits - 1)
				store_set_null(store, row, 64 * w + pg_rightmost_one_pos64(bits));
	}
}

/* The numbers of the rows, group by group; codes[row] is the group of each. */
static int64 *
order_by_group(Store *store, const int *codes)
{
	int			groups = dict_count(store->groups);
	int64	   *next = palloc(Max(1, groups) * sizeof(int64));
	int64	   *order = MemoryContextAllocHuge(CurrentMemoryContext, Max(1, store->rows) * sizeof(int64));

	store->group_start = MemoryContextAllocZero(store->context, (groups + 1) * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
		store->group_start[codes[row] + 1]++;
	for (int g = 0; g < groups; g++)
		store->group_start[g + 1] += store->group_start[g];
	memcpy(next, store->group_start, groups * sizeof(int64));
	for (int64 row = 0; row < store->rows; row++)
		order[next[codes[row]]++] = row;
	pfree(next);
	return order;
}

/* Lay the rows of the pile into the file, group by group. */
void
store_sort(Store *store, const int *codes)
{
	int64	   *order = order_by_group(store, codes);
	int64		rows = store->rows;

	for (store->rows = 0; store->rows < rows; store->rows += store->block_rows)
	{
		int64		block = block_of(store, store->rows);

		CHECK_FOR_INTERRUPTS();
		store_add_block(store);
		lay_block(store, block, Min(store->block_rows, rows - store->rows), order + store->rows);
	}
	store->rows = rows;
	lay_nulls(store, order);
	pfree(order);
	free_pile(store);
}

Store *
store_argument(int id)
{
	ListCell   *cell;

	foreach(cell, stores)
	{
		Store	   *store = lfirst(cell);

		if (store->id == id && store->filled && store->owner == GetUserId())
			return store;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no store %d in this transaction", id)));
}

/*
 * Rows of one block that a kernel can use, copied: without a NULL, or with NULLs among the features as NaN.  columns and
 * room for their values are the caller's.
 */
static int
usable_rows(const Store *store, const Kernel *kernel, int64 block, int first, int rows,
			const double **columns, double *room)
{
	int			needed = kernel->takes_nulls ? store->ncols - kernel->scalars : 0;	/* columns from here on */
	int			kept = 0;

	for (int r = first; r < first + rows; r++)
	{
		bool		complete = true;

		for (int c = needed; c < store->ncols && complete; c++)
			complete = !is_null(store, block * store->block_rows + r, c);
		if (!complete)
			continue;
		for (int c = 0; c < store->ncols; c++)
			room[(Size) c * store->block_rows + kept] =
				c < needed && is_null(store, block * store->block_rows + r, c) ? NAN : store_column(store, block, c)[r];
		kept++;
	}
	for (int c = 0; c < store->ncols; c++)
		columns[c] = room + (Size) c * store->block_rows;
	return kept;
}

static bool
has_nulls(const Store *store, int64 block, int first, int rows)
{
	for (int c = 0; c < store->ncols; c++)
	{
		const uint64 *nulls = store_nulls(store, block, c);

		if (!store->has_nulls[c])
			continue;
		for (int w = first / 64; w <= (first + rows - 1) / 64; w++)
			if (nulls[w])
				return true;
	}
	return false;
}

/* Give a kernel the rows [from, to). */
static void
run_kernel(const Store *store, const Kernel *kernel, State *state, int64 from, int64 to)
{
	const double **columns = palloc(store->ncols * sizeof(double *));
	double	   *room = NULL;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "madpy kernel", ALLOCSET_DEFAULT_SIZES);

	while (from < to)
	{
		int64		block = block_of(store, from);
		int			first = row_of(store, from);
		int			rows = Min(to - from, store->block_rows - first);
		Block		b = {rows, columns};
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (has_nulls(store, block, first, rows))
		{
			if (room == NULL)
				room = palloc((Size) store->ncols * store->block_rows * sizeof(double));
			b.rows = usable_rows(store, kernel, block, first, rows, columns, room);
			state->rows_skipped += rows - b.rows;
		}
		else
			for (int c = 0; c < store->ncols; c++)
				columns[c] = store_column(store, block, c) + first;
		old = MemoryContextSwitchTo(scratch);
		if (b.rows > 0)
			kernel->add(state, &b);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		from += rows;
	}
	MemoryContextDelete(scratch);
}

static int
group_count(const Store *store)
{
	return store->groups ? dict_count(store->groups) : 1;
}

/* The state of one group after one pass over its rows. */
static State *
group_state(const Store *store, const Kernel *kernel, int group, const double *params, int nparams)
{
	State	   *state = state_new(kernel, store->ncols, nparams, params, 0);

	run_kernel(store, kernel, state,
			   store->groups ? store->group_start[group] : 0,
			   store->groups ? store->group_start[group + 1] : store->rows);
	return state;
}

static void
check_group(const Store *store, int group)
{
	if (group < 0 || group >= group_count(store))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no group %d in store %d", group, store->id)));
}

static void
check_step(const Store *store, const Kernel *kernel, int64 nparams)
{
	if (kernel->has_params != (nparams > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" %s parameters", kernel->name, kernel->has_params ? "needs" : "takes no")));
	if (store->ncols <= kernel->scalars || nparams > MAX_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" does not fit the columns of store %d", kernel->name, store->id)));
}

/* store_step(store, kernel, group, parameters): the state of one group after one pass over its rows. */
PG_FUNCTION_INFO_V1(store_step);
Datum
store_step(PG_FUNCTION_ARGS)
{
	Store	   *store;
	const Kernel *kernel;
	int			group;
	const double *params = NULL;
	int			nparams = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	store = store_argument(PG_GETARG_INT32(0));
	kernel = kernel_by_name(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	group = PG_GETARG_INT32(2);
	if (!PG_ARGISNULL(3))
		params = vector_argument(PG_GETARG_ARRAYTYPE_P(3), "parameters", &nparams);
	if (!PG_ARGISNULL(3) && params == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameters must be an array of numbers without NULL")));
	check_group(store, group);
	check_step(store, kernel, nparams);
	if (store->rows == 0)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(group_state(store, kernel, group, params, nparams));
}

/* The numbers of some groups; all of them where none is named. */
static int *
group_numbers(const Store *store, ArrayType *given, int *count)
{
	int			length = ArrayGetNItems(ARR_NDIM(given), ARR_DIMS(given));
	const int  *named = (const int *) ARR_DATA_PTR(given);
	int		   *numbers;

	if (array_contains_nulls(given))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("groups must not contain NULL")));
	*count = length > 0 ? length : group_count(store);
	numbers = palloc(*count * sizeof(int));
	for (int i = 0; i < *count; i++)
	{
		numbers[i] = length > 0 ? named[i] : i;
		check_group(store, numbers[i]);
	}
	return numbers;
}

/* The arguments of store_steps and store_outcomes. */
typedef struct Steps
{
	Store	   *store;
	const Kernel *kernel;
	int			groups;
	int		   *numbers;		/* of the groups */
	int64		nparams;		/* of each */
	double	   *params;
} Steps;

static Steps
step_arguments(FunctionCallInfo fcinfo)
{
	Steps		steps = {
		.store = store_argument(PG_GETARG_INT32(0)),
		.kernel = kernel_by_name(text_to_cstring(PG_GETARG_TEXT_PP(1)))
	};
	bytea	   *given = PG_GETARG_BYTEA_PP(2);
	Size		size = VARSIZE_ANY_EXHDR(given);

	steps.numbers = group_numbers(steps.store, PG_GETARG_ARRAYTYPE_P(3), &steps.groups);
	steps.nparams = steps.groups ? size / sizeof(double) / steps.groups : 0;
	if (size != steps.nparams * steps.groups * sizeof(double))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%zu bytes of parameters do not fit %d groups", size, steps.groups)));
	check_step(steps.store, steps.kernel, steps.nparams);
	steps.params = memcpy(palloc(size), VARDATA_ANY(given), size);
	if (steps.store->rows == 0)
		steps.groups = 0;
	return steps;
}

static State *
next_state(const Steps *steps, int i)
{
	return group_state(steps->store, steps->kernel, steps->numbers[i], steps->params + i * steps->nparams,
					   steps->nparams);
}

/*
 * store_steps(store, kernel, parameters, groups): the states of some groups, or of all, after one pass over their rows,
 * without their length words, one behind the other.
 * parameters: doubles as they lie in memory, those of the first group first, as many for each.
 */
PG_FUNCTION_INFO_V1(store_steps);
Datum
store_steps(PG_FUNCTION_ARGS)
{
	Steps		steps = step_arguments(fcinfo);
	StringInfoData states;

	initStringInfo(&states);
	appendStringInfoSpaces(&states, VARHDRSZ);
	for (int i = 0; i < steps.groups; i++)
	{
		State	   *state = next_state(&steps, i);

		if (i == 0)
			enlargeStringInfo(&states, Min((Size) steps.groups * VARSIZE(state), MOST_AT_ONCE));
		appendBinaryStringInfo(&states, VARDATA(state), VARSIZE(state) - VARHDRSZ);
		pfree(state);
	}
	SET_VARSIZE(states.data, states.len);
	PG_RETURN_POINTER(states.data);
}

/* store_outcomes(store, kernel, parameters, groups): the same of outcomes; behind shorter ones there are zeros. */
PG_FUNCTION_INFO_V1(store_outcomes);
Datum
store_outcomes(PG_FUNCTION_ARGS)
{
	Steps		steps = step_arguments(fcinfo);
	State	  **outcomes = palloc(Max(steps.groups, 1) * sizeof(State *));
	Size		longest = 0;
	char	   *result;

	if (steps.kernel->outcome == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" has no outcome but its states", steps.kernel->name)));
	for (int i = 0; i < steps.groups; i++)
	{
		State	   *state = next_state(&steps, i);

		outcomes[i] = steps.kernel->outcome(state);
		longest = Max(longest, VARSIZE(outcomes[i]) - VARHDRSZ);
		pfree(state);
	}
	result = palloc0(VARHDRSZ + steps.groups * longest);
	for (int i = 0; i < steps.groups; i++)
		memcpy(result + VARHDRSZ + i * longest, VARDATA(outcomes[i]), VARSIZE(outcomes[i]) - VARHDRSZ);
	SET_VARSIZE(result, VARHDRSZ + steps.groups * longest);
	PG_RETURN_POINTER(result);
}

/* store_free(store) */
PG_FUNCTION_INFO_V1(store_drop);
Datum
store_drop(PG_FUNCTION_ARGS)
{
	store_free(store_argument(PG_GETARG_INT32(0)));
	PG_RETURN_VOID();
}

/* store_map(store, OUT fd, OUT bytes, OUT num_rows, OUT num_columns, OUT block_rows): what a reader of the file needs. */
PG_FUNCTION_INFO_V1(store_map);
Datum
store_map(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	Datum		values[5];
	bool		nulls[5] = {false};
	TupleDesc	tupdesc;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "store_map does not return its record");
	values[0] = Int32GetDatum(store->fd);
	values[1] = Int64GetDatum(store->blocks * (int64) store->block_bytes);
	values[2] = Int64GetDatum(store->rows);
	values[3] = Int32GetDatum(store->ncols);
	values[4] = Int32GetDatum(store->block_rows);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, nulls)));
}

/* store_levels(store, column): what the codes of a column, counted from 1, stand for; NULL if it is not codes. */
PG_FUNCTION_INFO_V1(store_levels);
Datum
store_levels(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	int			column = PG_GETARG_INT32(1) - 1;
	Dict	   *levels;
	Datum	   *texts;
	Oid			output;
	bool		varlena;

	if (column < 0 || column >= store->ncols)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no column %d in store %d", column + 1, store->id)));
	levels = store->levels[column];
	if (levels == NULL)
		PG_RETURN_NULL();
	getTypeOutputInfo(dict_type(levels, 0), &output, &varlena);
	texts = palloc(dict_count(levels) * sizeof(Datum));
	for (int code = 0; code < dict_count(levels); code++)
	{
		bool		isnull;
		Datum		value = dict_value(levels, code, 0, &isnull);

		texts[code] = CStringGetTextDatum(OidOutputFunctionCall(output, value));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(texts, dict_count(levels), TEXTOID, -1, false, TYPALIGN_INT));
}

/* store_groups(store): a row per group: its number from 0, and the values of the grouping columns. */
PG_FUNCTION_INFO_V1(store_groups);
Datum
store_groups(PG_FUNCTION_ARGS)
{
	Store	   *store = store_argument(PG_GETARG_INT32(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			groups = group_count(store);
	int			n;
	Datum	   *values;
	bool	   *nulls;
	MemoryContext old;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) || !(rsinfo->allowedModes & SFRM_Materialize) ||
		rsinfo->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("store_groups is called in FROM, with a column definition list")));
	n = rsinfo->expectedDesc->natts;
	if (TupleDescAttr(rsinfo->expectedDesc, 0)->atttypid != INT4OID ||
		n - 1 != (store->groups ? dict_columns(store->groups) : 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the columns must be an integer and the grouping columns of store %d", store->id)));
	for (int c = 1; c < n; c++)
		if (TupleDescAttr(rsinfo->expectedDesc, c)->atttypid != dict_type(store->groups, c - 1))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("grouping column %d is of type %s", c, format_type_be(dict_type(store->groups, c - 1)))));

	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = tuplestore_begin_heap(false, false, work_mem);
	rsinfo->setDesc = CreateTupleDescCopy(rsinfo->expectedDesc);
	MemoryContextSwitchTo(old);
	values = palloc(n * sizeof(Datum));
	nulls = palloc0(n * sizeof(bool));
	for (int group = 0; group < groups; group++)
	{
		values[0] = Int32GetDatum(group);
		for (int c = 1; c < n; c++)
			values[c] = dict_value(store->groups, group, c - 1, &nulls[c]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_NULL();
}
