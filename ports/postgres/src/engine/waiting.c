/*
 * waiting.c: the rows that wait in a state until they are a block (see state.h).
 */
#include "state.h"

#include "bounds.h"
#include "indicated.h"

/* If the body is this many times as large as a full tail, the tail grows in one step, so that the body is copied once. */
#define LARGE_BODY 8

/*
 * Reads the numbers of indicators of an untrusted state; returns false if they do not fit the state.  The kernel's scalars
 * are numbers.
 */
static bool
read_counts(const Kernel *kernel, State *state, int *counts)
{
	const double *given = state_counts(state);

	for (int c = 0; c < state->tail_columns; c++)
	{
		counts[c] = (int) integer_within(given[c], -1, MAX_COLUMNS, -2);
		if (counts[c] < -1 || (c >= state->tail_columns - kernel->scalars && counts[c] != -1))
			return false;
	}
	return indicated_width(state->tail_columns, counts) == state->ncols;
}

/* Gives the kernel waiting rows that have codes. */
static void
add_codes(const Kernel *kernel, State *to, State *from, const RowBlock *block)
{
	int			counts[MAX_COLUMNS];
	Indicated	seen;

	if (!read_counts(kernel, from, counts))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	seen = indicated_new(kernel, from->tail_columns, counts);
	indicated_add(kernel, to, block, &seen);
	indicated_free(&seen);
}

void
state_add(const Kernel *kernel, State *to, State *from)
{
	int			width = tail_width(from);
	int			rows = from->tail_rows;
	const double *tail = state_tail(from);
	int			stride = TYPEALIGN(TAIL_ROWS, rows);	/* kernels may look at rows beyond the last one */
	double	   *values = palloc((Size) width * stride * sizeof(double));
	const double **columns = palloc(width * sizeof(double *));
	RowBlock	block = {rows, columns};

	for (int j = 0; j < width; j++)
	{
		columns[j] = values + (Size) j * stride;
		for (int r = 0; r < rows; r++)
			values[(Size) j * stride + r] = tail[(Size) r * width + j];
	}
	if (from->tail_columns)
		add_codes(kernel, to, from, &block);
	else
		kernel->add(to, &block);
	pfree(values);
	pfree(columns);
}

static int64
body_of(const Kernel *kernel, const State *state)
{
	return state_body_size(kernel, state->ncols, state->nparams, state->body);
}

/* Returns the next capacity of a full tail: twice as many rows, or a whole block if the body is large. */
static int
next_capacity(const State *state, int64 body)
{
	int			most = state_most_waiting(state, body);

	if (state->tail_capacity == 0)
		return FIRST_TAIL_ROWS;
	if (body >= LARGE_BODY * (int64) most * tail_width(state))
		return most;
	return Min(most, 2 * state->tail_capacity);
}

/* Returns a copy with a larger tail.  The new space is zeroed, as an aggregate without a final function returns it. */
static State *
grown_state(const Kernel *kernel, const State *state)
{
	int64		body = body_of(kernel, state);
	int			capacity = next_capacity(state, body);
	int64		bytes = state_bytes(body, state->ncols, capacity, state->tail_columns);
	State	   *grown = palloc(bytes);

	memcpy(grown, state, VARSIZE(state));
	memset((char *) grown + VARSIZE(state), 0, bytes - VARSIZE(state));
	SET_VARSIZE(grown, bytes);
	grown->tail_capacity = capacity;
	return grown;
}

double *
state_next_row(const Kernel *kernel, State **state)
{
	if ((*state)->tail_rows == (*state)->tail_capacity)
		*state = grown_state(kernel, *state);
	return state_tail(*state) + (Size) (*state)->tail_rows * tail_width(*state);
}

void
state_row_done(const Kernel *kernel, State *state)
{
	state->tail_rows++;
	if (state->tail_rows < state->tail_capacity || state->tail_rows < state_most_waiting(state, body_of(kernel, state)))
		return;
	state_add(kernel, state, state);
	state->tail_rows = 0;
}
