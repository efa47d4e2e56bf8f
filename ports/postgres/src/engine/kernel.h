/*
 * kernel.h: the interface of kernels, which do a method's arithmetic per row.
 *
 * A kernel takes a block of complete rows, column by column, and adds it to a small state.  Two feeds call kernels: an
 * aggregate (aggregate.c), which gathers rows into blocks inside its state, and a store (store.c), which holds the columns
 * of a query in memory.  The feeds do not depend on what a kernel computes, and a kernel does not depend on its feed.
 */
#ifndef MADPY_KERNEL_H
#define MADPY_KERNEL_H

#include "postgres.h"
#include "fmgr.h"
#include "utils/array.h"

#define STATE_MAGIC 0x7470646dU /* "mdpt" */
#define STATE_VERSION 1

/* Rows that an aggregate gathers before it calls its kernel; blocks of a store may have more rows. */
#define TAIL_ROWS 128

/* Limit of columns.  A state grows with their square: the second moments of 2,000 columns take 32 MB. */
#define MAX_COLUMNS 2000
#define MAX_PARAMS (1024 * 1024)

/* Limit of a weight that is a count of rows; sums of such weights times squared values do not overflow. */
#define LARGEST_FREQUENCY 1e15

/* A category as indicators, columns `first` to `first + count - 1`: code 0 is 0 in all columns, code c is 1 in the c-th. */
typedef struct Indicators
{
	int			first;
	int			count;
	const double *codes;		/* one for each row */
} Indicators;

typedef struct RowBlock
{
	int			rows;
	const double **columns;		/* columns[j][0 .. rows - 1]: the features, then the kernel's scalars */
	const uint16 **codes;		/* NULL, or the bin of each value, by column: see store_bin */
	uint32	   *places;			/* NULL, or a number for each row that a kernel may change and finds again in the next pass; 0 at first */
	int			ncategories;	/* length of `categories`, whose `columns` are NULL; 0 unless the kernel takes indicators */
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
	int32		nparams;		/* length of the kernel's parameters */
	int32		tail_rows;		/* rows in the tail */
	int32		tail_capacity;	/* rows that fit into the tail */
	int32		tail_columns;	/* columns of a waiting row with codes; 0: it has ncols numbers.  See state.h */
	int64		rows_used;		/* rows in the body; those in the tail are not counted yet */
	int64		rows_skipped;	/* rows with a NULL or with weight 0 */
	double		body[FLEXIBLE_ARRAY_MEMBER];
} State;

typedef struct Kernel
{
	const char *name;
	uint16		id;				/* part of the format of states: a number is never reused */
	int			scalars;		/* columns after the features: 0, 1 (the target) or 2 (the target and a weight) */
	bool		has_params;
	bool		takes_nulls;	/* features may be NULL, which the kernel gets as NaN */
	bool		takes_indicators;	/* categories come as codes (see Indicators), else as columns of 0 and 1 */
	int64		(*body_size) (int ncols, int nparams);	/* size of the body, in doubles */
	/* used instead if the size depends on the parameters, which the body then begins with; they are not checked yet */
	int64		(*sized_by_params) (int ncols, int nparams, const double *params);
	void		(*start) (State *state, const double *params);	/* the body is all zeros before */
	/* raises an error if the parameters do not fit the columns; called for a new state and for every row: must be fast */
	void		(*check) (const State *state);
	void		(*add) (State *state, const RowBlock *block);	/* counts rows_used itself */
	void		(*merge) (State *into, const State *from);	/* adds bodies, which have the same shape */
	State	   *(*outcome) (const State *state);	/* returns what a driver reads: the state's header, and a body of another shape */
	/*
	 * The next four functions are for a kernel whose columns may be categories that get their codes as they occur
	 * (coded.c).  `levels` has the number of levels of each column of a block, 0 for numbers.
	 */
	State	   *(*of_levels) (const struct Kernel *kernel, int ncols, const int *levels);	/* returns a state without rows */
	double		(*numbers_of_levels) (int ncols, const int *levels);	/* size of the body of such a state, in doubles */
	void		(*levels) (const State *state, int *levels);	/* reads `levels` from a state, and checks the state */
	/* copies the first `kept` levels of each column into a state of another shape; `maps` has their codes there, by column */
	void		(*recode) (State *into, const State *from, const int *kept, int *const *maps);
	/* copies columns into a state of other columns: `columns` has the one that becomes each, -1 for one that is 0 in all rows */
	void		(*arrange) (State *into, const State *from, const int *columns);
	int			beside_moments; /* if the body ends with moments: columns of a block that are not part of them */
} Kernel;

/* Element of the linked list of kernels. */
typedef struct KernelEntry
{
	const Kernel *kernel;
	struct KernelEntry *next;
} KernelEntry;

/*
 * Enters a kernel `const Kernel x_kernel` in the list of kernels when the library is loaded, and defines the functions
 * that the line MADLIB_KERNEL x(...) declares in SQL.  Each kernel's file ends with it.
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

/* Defines x_coded_accum, the transition function of an aggregate whose arguments may be categories (coded.c). */
#define MADPY_CODED_KERNEL(x) \
PG_FUNCTION_INFO_V1(x##_coded_accum); \
Datum x##_coded_accum(PG_FUNCTION_ARGS) { return kernel_accumulate_coded(fcinfo, &x##_kernel); }

/* Defines x_numbered_accum, the transition function of an aggregate that numbers the levels of categories (numbered.c). */
#define MADPY_NUMBERED_KERNEL(x) \
PG_FUNCTION_INFO_V1(x##_numbered_accum); \
Datum x##_numbered_accum(PG_FUNCTION_ARGS) { return kernel_accumulate_numbered(fcinfo, &x##_kernel); }

/* Defines x_outcome_of(state), which returns what a driver reads from a state of the kernel. */
#define MADPY_OUTCOME(x) \
PG_FUNCTION_INFO_V1(x##_outcome_of); \
Datum x##_outcome_of(PG_FUNCTION_ARGS) { return kernel_outcome(fcinfo, &x##_kernel); }

/* state.c: creates, checks and merges states; the functions for aggregate.c alone are in state.h */
extern State *state_new(const Kernel *kernel, int ncols, int nparams, const double *params, int tail_capacity);
extern State *state_check(const Kernel *kernel, bytea *value);
extern State *state_folded(const Kernel *kernel, bytea *value);
extern State *state_merged(const Kernel *kernel, State *into, State *from);
extern State *state_outcome(const State *state, int64 numbers);

/* vectors.c: return the numbers of a one-dimensional array; if an element is NULL, the first returns NULL, the second NaN in its place */
extern const double *vector_argument(ArrayType *array, const char *what, int *length);
extern const double *vector_with_nan(ArrayType *array, const char *what, int *length);

/* vectors.c: returns the elements of an array of integers, which must not contain NULL */
extern const int *integers_argument(ArrayType *array, const char *what, int *length);

/* aggregate.c and columns.c: what the functions of MADPY_KERNEL and MADPY_OUTCOME do */
extern Datum kernel_accumulate(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_accumulate_columns(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_combine(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_state(FunctionCallInfo fcinfo, const Kernel *kernel);
extern Datum kernel_outcome(FunctionCallInfo fcinfo, const Kernel *kernel);

/* coded_accum.c: called by the function that MADPY_CODED_KERNEL defines */
extern Datum kernel_accumulate_coded(FunctionCallInfo fcinfo, const Kernel *kernel);

/* numbered.c: called by the function that MADPY_NUMBERED_KERNEL defines */
extern Datum kernel_accumulate_numbered(FunctionCallInfo fcinfo, const Kernel *kernel);

/* kernel.c: the list of kernels, and checks of weights and values */
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
