/*
 * state.c: creates states, checks those that come from outside, merges them, and manages the rows in their tails.
 */
#include "state.h"

#include "bounds.h"
#include "miscadmin.h"
#include "pieces.h"
#include "utils/memutils.h"

/* If the body is this many times as large as a full tail, the tail grows in one step, so that the body is copied once. */
#define LARGE_BODY 8

static int64
body_size(const Kernel *kernel, int ncols, int nparams, const double *params)
{
	return kernel->sized_by_params ? kernel->sized_by_params(ncols, nparams, params)
		: kernel->body_size(ncols, nparams);
}

static int64
state_bytes(const Kernel *kernel, int ncols, int nparams, const double *params, int tail_capacity)
{
	return offsetof(State, body) +
		(body_size(kernel, ncols, nparams, params) + (int64) tail_capacity * ncols) * (int64) sizeof(double);
}

State *
state_new(const Kernel *kernel, int ncols, int nparams, const double *params, int tail_capacity)
{
	int64		bytes;
	State	   *state;

	if (ncols > MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("%d columns are too many", ncols),
				 errdetail("The most is %d, the target and a weight included.", MAX_COLUMNS)));
	bytes = state_bytes(kernel, ncols, nparams, params, tail_capacity);
	state = palloc_limited(bytes, MAX_STATE_BYTES, "a state of the kernel");
	SET_VARSIZE(state, bytes);
	state->magic = STATE_MAGIC;
	state->version = STATE_VERSION;
	state->kernel = kernel->id;
	state->ncols = ncols;
	state->nparams = nparams;
	state->tail_capacity = tail_capacity;
	kernel->start(state, params);
	if (kernel->check)
		kernel->check(state);
	return state;
}

/* Returns the state in a bytea of any origin, aligned; raises an error unless it is a valid state of the kernel. */
State *
state_check(const Kernel *kernel, bytea *value)
{
	State	   *state = (State *) aligned_bytes(value);
	Size		size = VARSIZE(state);

	if (size < offsetof(State, body) || state->magic != STATE_MAGIC)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this is not a state of an aggregate")));
	if (state->version != STATE_VERSION || state->kernel != kernel->id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is of another aggregate, or of another version of it")));
	if (state->ncols < kernel->scalars || state->ncols > MAX_COLUMNS ||
		state->nparams < 0 || state->nparams > MAX_PARAMS || (state->nparams > 0) != kernel->has_params ||
		state->tail_rows < 0 || state->tail_rows > state->tail_capacity || state->tail_capacity > TAIL_ROWS ||
		state->tail_rows == TAIL_ROWS ||
		state->rows_used < 0 || state->rows_used > MAX_ROWS ||
		state->rows_skipped < 0 || state->rows_skipped > MAX_ROWS ||
		(state->ncols == kernel->scalars && (state->tail_rows > 0 || state->rows_used > 0)) ||	/* rows without features */
		(kernel->sized_by_params && size < offsetof(State, body) + state->nparams * sizeof(double)) ||
		size != state_bytes(kernel, state->ncols, state->nparams, state->body, state->tail_capacity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	if (kernel->check)
		kernel->check(state);
	return state;
}

void
state_add(const Kernel *kernel, State *state, const double *tail, int rows)
{
	int			ncols = state->ncols;
	double	   *values = palloc((Size) ncols * TAIL_ROWS * sizeof(double));
	const double **columns = palloc(ncols * sizeof(double *));
	RowBlock		block = {rows, columns};

	for (int j = 0; j < ncols; j++)
	{
		columns[j] = values + j * TAIL_ROWS;
		for (int r = 0; r < rows; r++)
			values[j * TAIL_ROWS + r] = tail[(Size) r * ncols + j];
	}
	kernel->add(state, &block);
	pfree(values);
	pfree(columns);
}

/* Returns a copy of the state with the rows of its tail added to the body; the argument is not changed. */
State *
state_folded(const Kernel *kernel, bytea *value)
{
	State	   *state = state_check(kernel, value);
	int64		bytes = state_bytes(kernel, state->ncols, state->nparams, state->body, 0);
	State	   *folded = palloc(bytes);

	copy_pieces(folded, state, bytes);
	SET_VARSIZE(folded, bytes);
	folded->tail_rows = 0;
	folded->tail_capacity = 0;
	if (state->tail_rows > 0)
		state_add(kernel, folded, state_tail(state), state->tail_rows);
	return folded;
}

/* Returns an outcome: the header of the state and a body of `numbers` zeros. */
State *
state_outcome(const State *state, int64 numbers)
{
	int64		bytes = offsetof(State, body) + numbers * (int64) sizeof(double);
	State	   *outcome = palloc_limited(bytes, MaxAllocSize, "the outcome of a state");

	memcpy(outcome, state, offsetof(State, body));
	SET_VARSIZE(outcome, bytes);
	return outcome;
}

/* Returns the next capacity of a full tail: twice as many rows, or a whole block if the body is large. */
static int
next_capacity(const Kernel *kernel, const State *state)
{
	int64		body = body_size(kernel, state->ncols, state->nparams, state->body);

	if (state->tail_capacity == 0)
		return FIRST_TAIL_ROWS;
	if (body >= LARGE_BODY * (int64) TAIL_ROWS * state->ncols)
		return TAIL_ROWS;
	return Min(TAIL_ROWS, 2 * state->tail_capacity);
}

State *
state_grown(const Kernel *kernel, const State *state)
{
	int			capacity = next_capacity(kernel, state);
	int64		bytes = state_bytes(kernel, state->ncols, state->nparams, state->body, capacity);
	State	   *grown = palloc(bytes);

	memcpy(grown, state, VARSIZE(state));
	memset((char *) grown + VARSIZE(state), 0, bytes - VARSIZE(state));
	SET_VARSIZE(grown, bytes);
	grown->tail_capacity = capacity;
	return grown;
}

/* Whether the number of features is unknown, because they were NULL in every row so far. */
static bool
shapeless(const Kernel *kernel, const State *state)
{
	return state->rows_used == 0 && state->tail_rows == 0 && state->ncols == kernel->scalars;
}

/* Merges two states into one of them and returns that one; the tail of `from` must be empty. */
State *
state_merged(const Kernel *kernel, State *into, State *from)
{
	if (shapeless(kernel, from) || shapeless(kernel, into))
	{
		State	   *keep = shapeless(kernel, from) ? into : from;

		keep->rows_skipped += shapeless(kernel, from) ? from->rows_skipped : into->rows_skipped;
		return keep;
	}
	if (from->ncols != into->ncols || from->nparams != into->nparams)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("states of %d and %d columns cannot be merged", into->ncols, from->ncols)));
	kernel->merge(into, from);
	into->rows_used += from->rows_used;
	into->rows_skipped += from->rows_skipped;
	return into;
}
