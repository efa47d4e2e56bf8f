/*
 * state.h: what the files share that make states of rows: state.c, waiting.c, aggregate.c and columns.c.
 */
#ifndef MADPY_STATE_H
#define MADPY_STATE_H

#include "kernel.h"

/* Rows that fit into the tail of a new state. */
#define FIRST_TAIL_ROWS 4

/* The most rows that wait in a state whose rows have codes; in others it is TAIL_ROWS. */
#define MOST_TAIL_ROWS 1024

/*
 * Behind the body of a state lie the rows that wait.  Where categories are indicators for the kernel, a waiting row has the
 * codes, and before the rows there is, for each of its tail_columns, the number of its indicators, -1 for a number.
 */
static inline int
tail_width(const State *state)
{
	return state->tail_columns ? state->tail_columns : state->ncols;
}

/* Returns the tail, which is the end of the state; state_check() has checked that the body ends before it. */
static inline double *
state_tail(State *state)
{
	return (double *) ((char *) state + VARSIZE(state)) - (Size) state->tail_capacity * tail_width(state);
}

/* Returns where the numbers of indicators are. */
static inline double *
state_counts(State *state)
{
	return state_tail(state) - state->tail_columns;
}

static inline int64
state_body_size(const Kernel *kernel, int ncols, int nparams, const double *params)
{
	return kernel->sized_by_params ? kernel->sized_by_params(ncols, nparams, params)
		: kernel->body_size(ncols, nparams);
}

/* Returns the bytes of a state whose body is so many doubles. */
static inline int64
state_bytes(int64 body, int ncols, int tail_capacity, int tail_columns)
{
	int			width = tail_columns ? tail_columns : ncols;

	return offsetof(State, body) + (body + (int64) tail_capacity * width + tail_columns) * (int64) sizeof(double);
}

/* Returns how many rows wait at most beside a body of so many doubles: blocks of codes cost a kernel more than their rows. */
static inline int
state_most_waiting(const State *state, int64 body)
{
	int			rows = TAIL_ROWS;

	if (state->tail_columns)
		while (rows < MOST_TAIL_ROWS && (int64) 2 * rows * state->tail_columns <= body)
			rows *= 2;
	return rows;
}

/* state.c */

/* Returns a new state as state_new() does, whose waiting rows have `given` columns, with so many indicators each. */
extern State *state_with_codes(const Kernel *kernel, int given, const int *counts, int nparams, const double *params);

/* waiting.c */

/* Gives the kernel the waiting rows of `from`, for the state `to`, which may be the same. */
extern void state_add(const Kernel *kernel, State *to, State *from);

/* Returns a pointer to the space of the next row in the tail, after enlarging the tail if it is full. */
extern double *state_next_row(const Kernel *kernel, State **state);

/* Counts a row that is in place; the kernel takes a block when there are enough of them. */
extern void state_row_done(const Kernel *kernel, State *state);

/* columns.c */

/* Looks up type and collation of so many arguments of an aggregate from argument `first` on. */
extern void feature_types(FunctionCallInfo fcinfo, int first, int features, Oid *types, Oid *collations);

/* aggregate.c */

/* Returns the kernel's parameters, which are argument `arg`; NULL for a kernel without parameters. */
extern const double *params_argument(FunctionCallInfo fcinfo, const Kernel *kernel, int arg, int *nparams);

#endif
