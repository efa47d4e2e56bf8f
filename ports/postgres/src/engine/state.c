/*
 * state.c: states as values, checked before use (the rows that wait in them: waiting.c).
 */
#include "state.h"

#include "bounds.h"
#include "indicated.h"
#include "pieces.h"
#include "utils/memutils.h"

static State *
new_state(const Kernel *kernel, int ncols, int nparams, const double *params, int tail_capacity, int tail_columns)
{
	int64		bytes;
	State	   *state;

	if (ncols > MAX_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("%d columns are too many", ncols),
				 errdetail("The most is %d, the target and a weight included.", MAX_COLUMNS)));
	bytes = state_bytes(state_body_size(kernel, ncols, nparams, params), ncols, tail_capacity, tail_columns);
	state = palloc_limited(bytes, MAX_STATE_BYTES, "a state of the kernel");
	SET_VARSIZE(state, bytes);
	state->magic = STATE_MAGIC;
	state->version = STATE_VERSION;
	state->kernel = kernel->id;
	state->ncols = ncols;
	state->nparams = nparams;
	state->tail_capacity = tail_capacity;
	state->tail_columns = tail_columns;
	kernel->start(state, params);
	if (kernel->check)
		kernel->check(state);
	return state;
}

State *
state_new(const Kernel *kernel, int ncols, int nparams, const double *params, int tail_capacity)
{
	return new_state(kernel, ncols, nparams, params, tail_capacity, 0);
}

State *
state_with_codes(const Kernel *kernel, int given, const int *counts, int nparams, const double *params)
{
	int			width = (int) Min(indicated_width(given, counts), MAX_COLUMNS + 1);
	State	   *state = new_state(kernel, width, nparams, params, FIRST_TAIL_ROWS, given);

	for (int c = 0; c < given; c++)
		state_counts(state)[c] = counts[c];
	return state;
}

/* Tells whether a state has the size of its body and of its waiting rows, and not more of these than there may be. */
static bool
has_right_size(const Kernel *kernel, const State *state, Size size)
{
	int64		body = state_body_size(kernel, state->ncols, state->nparams, state->body);
	int			most = state_most_waiting(state, body);

	return size == state_bytes(body, state->ncols, state->tail_capacity, state->tail_columns) &&
		state->tail_capacity <= most && state->tail_rows != most;
}

/* Returns the state in an argument, aligned, after checks: any user may have written the bytes. */
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
		state->tail_rows < 0 || state->tail_rows > state->tail_capacity || state->tail_capacity > MOST_TAIL_ROWS ||
		state->tail_columns < 0 || state->tail_columns > MAX_COLUMNS ||
		state->rows_used < 0 || state->rows_used > MAX_ROWS ||
		state->rows_skipped < 0 || state->rows_skipped > MAX_ROWS ||
		(state->ncols == kernel->scalars && (state->tail_rows > 0 || state->rows_used > 0)) ||	/* rows without features */
		(kernel->sized_by_params && size < offsetof(State, body) + state->nparams * sizeof(double)) ||
		!has_right_size(kernel, state, size))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	if (kernel->check)
		kernel->check(state);
	return state;
}

/* Returns a copy of the state with the rows of its tail added to the body; the argument is not changed. */
State *
state_folded(const Kernel *kernel, bytea *value)
{
	State	   *state = state_check(kernel, value);
	int64		body = state_body_size(kernel, state->ncols, state->nparams, state->body);
	int64		bytes = state_bytes(body, state->ncols, 0, 0);
	State	   *folded = palloc(bytes);

	copy_pieces(folded, state, bytes);
	SET_VARSIZE(folded, bytes);
	folded->tail_rows = 0;
	folded->tail_capacity = 0;
	folded->tail_columns = 0;
	if (state->tail_rows > 0)
		state_add(kernel, folded, state);
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
