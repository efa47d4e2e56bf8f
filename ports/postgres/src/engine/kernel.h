/*
 * kernel.h: the arithmetic per row, written once.
 *
 * A kernel takes a block of complete rows, column by column, and adds it to a small state.  It is fed in two ways:
 * by an aggregate (aggregate.c), which gathers rows into blocks inside its state, and by a store (store.c), which holds
 * the columns of a query in memory.  Neither knows what a kernel computes; a kernel knows neither.
 */
#ifndef MADPY_KERNEL_H
#define MADPY_KERNEL_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/array.h"

#define STATE_MAGIC 0x7470646dU /* "mdpt" */
#define STATE_VERSION 1

/* Rows an aggregate gathers before it calls its kernel; a kernel may be given more at once. */
#define TAIL_ROWS 128

/* A state is quadratic in this: 2,000 columns make 32 MB of second moments. */
#define MAX_COLUMNS 2000
#define MAX_PARAMS (1024 * 1024)

/* The largest weight that says how many times a row counts: sums of them times squares are far from overflow. */
#define LARGEST_FREQUENCY 1e15

/* A category as indicators, columns `first` to `first + count - 1`: code 0 is 0 in all of them, code c is 1 in the c-th. */
typedef struct Indicators
{
	int			first;
	int			count;
	const double *codes;		/* by row */
} Indicators;

typedef struct RowBlock
{
	int			rows;
	const double **columns;		/* columns[j][0 .. rows - 1]: the features, then the kernel's scalars */
	const uint16 **codes;		/* NULL, or the bin of each value, by column: see store_bin */
	uint32	   *places;			/* NULL, or a number that a kernel may keep with each row, 0 at first */
	int			ncategories;	/* of a kernel that takes indicators: their columns are NULL */
	const Indicators *categories;
} RowBlock;

/*
 * A kernel's state: flat, self-describing, a bytea.  It is shipped as it is from parallel workers and from shards, so
 * the rows that still wait for their block travel in it, behind the body, row by row (state.h).
 * Python reads it by ports/postgres/layouts/kernel.py.
 */
typedef struct State
{
	int32		vl_len_;
	uint32		magic;
	uint16		version;
	uint16		kernel;			/* Kernel.id */
	int32		ncols;			/* columns of a block */
	int32		nparams;		/* numbers the kernel was given at the start */
	int32		tail_rows;		/* rows that wait */
	int32		tail_capacity;	/* capacity, in rows */
	int32		tail_columns;	/* of a waiting row with codes; 0: it has ncols numbers.  See state.h */
	int64		rows_used;		/* the waiting ones not counted yet */
	int64		rows_skipped;	/* a NULL in them, or weight zero */
	double		body[FLEXIBLE_ARRAY_MEMBER];
} State;

typedef struct Kernel
{
	const char *name;
	uint16		id;				/* part of the format of states: never reused */
	int			scalars;		/* columns behind the features: none, the target, or the target and a weight */
	bool		has_params;
	bool		takes_nulls;	/* among the features; they come as NaN */
	bool		takes_indicators;	/* as codes: see Indicators; else they come as columns of 0 and 1 */
	int64		(*body_size) (int ncols, int nparams);	/* in doubles */
	/* instead, where parameters say how large a body is; they are what it begins with, and may come from anywhere */
	int64		(*sized_by_params) (int ncols, int nparams, const double *params);
	void		(*start) (State *state, const double *params);	/* body is all zeros before */
	/* raises an error where parameters do not fit the columns; of new states, and at every row: it has to be quick */
	void		(*check) (const State *state);
	void		(*add) (State *state, const RowBlock *block);	/* counts rows_used itself */
	void		(*merge) (State *into, const State *from);	/* bodies only, same shape */
	State	   *(*outcome) (const State *state);	/* what a driver reads of it: its head, and a body of another shape */
	/*
	 * Of a kernel whose columns may be categories that are numbered as they come (coded.c).  `levels` has, for each column
	 * of a block, how many levels it has, 0 for numbers.
	 */
	State	   *(*of_levels) (const struct Kernel *kernel, int ncols, const int *levels);	/* of no rows */
	double		(*numbers_of_levels) (int ncols, const int *levels);	/* in the body of such a state */
	void		(*levels) (const State *state, int *levels);	/* what it was made of; checks the state */
	/* copies the first `kept` levels of each column into a state of another shape, by their codes there: see dict_merge */
	void		(*recode) (State *into, const State *from, const int *kept, int *const *maps);
	int			beside_moments; /* of a kernel whose body ends with moments: columns of a block that are not in them */
} Kernel;

/* A place in the list of kernels. */
typedef struct KernelEntry
{
	const Kernel *kernel;
	struct KernelEntry *next;
} KernelEntry;

/*
 * Enters a kernel `const Kernel x_kernel` in the list of kernels when the library is loaded, and defines the functions
 * that the line MADLIB_KERNEL x(...) declares in SQL.  It stands once, in the kernel's own file.
 */
#define MADPY_KERNEL(x) \
static KernelEntry x##_entry = {&x##_kernel}; \
static void __attribute__((constructor)) x##_enter(void) { kernel_enter(&x##_entry); } \
PG_FUNCTION_INFO_V1(x##_accum); \
Datum x##_accum(PG_FUNCTION_ARGS) { return kernel_accumulate(fcinfo, &x##_kernel); } \
PG_FUNCTION_INFO_V1(x##_columns_accum); \
Datum x##_columns_accum(PG_FUNCTION_ARGS) { return kernel_accumulate_columns(fcinfo, &x##_kernel); } \
PG_FUNCTION_INFO_V1(x##_combine); \
Datum x##_combine(PG_FUNCTION_ARGS) { return kernel_combine(fcinfo, &x##_kernel); } \
PG_FUNCTION_INFO_V1(x##_state); \
Datum x##_state(PG_FUNCTION_ARGS) { return kernel_state(fcinfo, &x##_kernel); }

/* The transition function of an aggregate over categories as they are: x_coded_accum. */
#define MADPY_CODED_KERNEL(x) \
PG_FUNCTION_INFO_V1(x##_coded_accum); \
Datum x##_coded_accum(PG_FUNCTION_ARGS) { return kernel_accumulate_coded(fcinfo, &x##_kernel); }

/* Defines x_outcome_of(state), what a driver reads of a state of the kernel; it stands beside MADPY_KERNEL(x). */
#define MADPY_OUTCOME(x) \
PG_FUNCTION_INFO_V1(x##_outcome_of); \
Datum x##_outcome_of(PG_FUNCTION_ARGS) { return kernel_outcome(fcinfo, &x##_kernel); }

/* state.c: states as values; what only aggregate.c needs besides is in state.h */
extern State *state_new(const Kernel *kernel, int ncols, int nparams, const double *params, int tail_capacity);
extern State *state_check(const Kernel *kernel, bytea *value);
extern State *state_folded(const Kernel *kernel, bytea *value);
extern State *state_merged(const Kernel *kernel, State *into, State *from);
extern State *state_outcome(const State *state, int64 numbers);

/* vectors.c: the numbers of a one-dimensional array: NULL where one of them is NULL, or with NaN in its place */
extern const double *vector_argument(ArrayType *array, const char *what, int *length);
extern const double *vector_with_nan(ArrayType *array, const char *what, int *length);

/* aggregate.c and columns.c: what the functions of MADPY_KERNEL and MADPY_OUTCOME do */
extern Datum kernel_accumulate(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_accumulate_columns(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_combine(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_state(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_outcome(FunctionCallInfo fcinfo, const Kernel *kernel);

/* coded.c: what the function of MADPY_CODED_KERNEL does */
extern Datum kernel_accumulate_coded(FunctionCallInfo fcinfo, const Kernel *kernel);

/* kernel.c: the list of kernels, and what they share */
extern void kernel_enter(KernelEntry *entry);
extern void kernel_check_list(void);
extern const Kernel *kernel_by_name(const char *name);
extern const Kernel *kernel_by_id(int id);
pg_noreturn extern void not_finite(int column, int ncols, double value);
extern void check_weights(const double *weights, int rows);
extern RowBlock positive_weights(const RowBlock *block, int ncols);
extern RowBlock positive_frequencies(const RowBlock *block, int ncols);
extern void free_positive_weights(RowBlock *used, const RowBlock *block, int ncols);

#endif
