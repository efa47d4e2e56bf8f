/*
 * aggregate.c: the aggregate around a kernel.
 *
 * x_accum(state, [y,] x[] [, weight] [, parameters]) gathers rows and gives the kernel a block of them; x_combine merges
 * two states; x_state is the final function of the aggregates that return a state.  A state is changed in place, and
 * grows while its first block fills, so that many small groups stay small.
 */
#include "postgres.h"

#include <math.h>

#include "bounds.h"
#include "catalog/pg_type.h"
#include "kernel.h"
#include "miscadmin.h"
#include "pieces.h"
#include "utils/array.h"
#include "utils/memutils.h"

#define FIRST_TAIL_ROWS 4

/* A body so many times as large as the whole tail is copied once while the tail fills, not at each doubling. */
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

/* The rows that wait: the end of the state, which state_check() knows to be where the body ends. */
static double *
state_tail(State *state)
{
	return (double *) ((char *) state + VARSIZE(state)) - (Size) state->tail_capacity * state->ncols;
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

/* A state that may come from anywhere: checked before use, and aligned. */
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
		(state->ncols == kernel->scalars && (state->tail_rows > 0 || state->rows_used > 0)) ||	/* rows of nothing */
		(kernel->sized_by_params && size < offsetof(State, body) + state->nparams * sizeof(double)) ||
		size != state_bytes(kernel, state->ncols, state->nparams, state->body, state->tail_capacity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	if (kernel->check)
		kernel->check(state);
	return state;
}

/* Give the kernel `rows` rows that lie one behind the other. */
static void
add_rows(const Kernel *kernel, State *state, const double *tail, int rows)
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

/* Returns a copy of the state with its waiting rows added; the argument stays as it is. */
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
		add_rows(kernel, folded, state_tail(state), state->tail_rows);
	return folded;
}

/* Returns an outcome: the head of a state, and a body of so many numbers, all zeros. */
State *
state_outcome(const State *state, int64 numbers)
{
	int64		bytes = offsetof(State, body) + numbers * (int64) sizeof(double);
	State	   *outcome = palloc_limited(bytes, MaxAllocSize, "the outcome of a state");

	memcpy(outcome, state, offsetof(State, body));
	SET_VARSIZE(outcome, bytes);
	return outcome;
}

/* Returns how many rows are to wait in a state that is full: twice as many, or a whole block beside a large body. */
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

/* Returns the state with more space for waiting rows: zeros, since an aggregate without a final function returns it. */
static State *
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

/* The length of a one-dimensional array of numbers. */
static int
vector_length(ArrayType *array, const char *what)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be an array of one dimension, not of %d", what, ARR_NDIM(array))));
	if (ARR_ELEMTYPE(array) != FLOAT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s must be an array of double precision", what)));
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

/* The numbers of a one-dimensional array, or NULL where one of them is NULL. */
const double *
vector_argument(ArrayType *array, const char *what, int *length)
{
	*length = vector_length(array, what);
	if (ARR_HASNULL(array) && array_contains_nulls(array))
		return NULL;
	return (const double *) ARR_DATA_PTR(array);
}

/* Returns the numbers of an array, NaN for NULL. */
static const double *
vector_with_nan(ArrayType *array, const char *what, int *length)
{
	const double *given = (const double *) ARR_DATA_PTR(array);
	const bits8 *bitmap = ARR_NULLBITMAP(array);
	double	   *values;

	*length = vector_length(array, what);
	if (bitmap == NULL)
		return given;
	values = palloc(*length * sizeof(double));
	for (int i = 0; i < *length; i++)
		values[i] = bitmap[i / 8] & (1 << (i % 8)) ? *given++ : NAN;
	return values;
}

/* The state of no rows; the kernel's parameters, if it has any, are in argument `arg`. */
static State *
first_state(const Kernel *kernel, FunctionCallInfo fcinfo, int ncols, int arg)
{
	const double *params = NULL;
	int			nparams = 0;

	if (kernel->has_params)
	{
		params = PG_ARGISNULL(arg) ? NULL : vector_argument(PG_GETARG_ARRAYTYPE_P(arg), "parameters", &nparams);
		if (params == NULL || nparams == 0 || nparams > MAX_PARAMS)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("parameters must be an array of numbers without NULL")));
	}
	return state_new(kernel, ncols, nparams, params, FIRST_TAIL_ROWS);
}

/* Returns where the next waiting row goes; the state grows if it has to. */
static double *
next_row(const Kernel *kernel, State **state)
{
	if ((*state)->tail_rows == (*state)->tail_capacity)
		*state = state_grown(kernel, *state);
	return state_tail(*state) + (Size) (*state)->tail_rows * (*state)->ncols;
}

/* The row is in: with enough of them the kernel takes a block. */
static void
row_done(const Kernel *kernel, State *state)
{
	if (++state->tail_rows < TAIL_ROWS)
		return;
	add_rows(kernel, state, state_tail(state), TAIL_ROWS);
	state->tail_rows = 0;
}

/* Put the scalars of a row behind its features; false where one is NULL. */
static bool
take_scalars(FunctionCallInfo fcinfo, int scalars, double *to)
{
	for (int s = 0; s < scalars; s++)
	{
		int			arg = s == 0 ? 1 : s + 2;	/* the first one stands before the features */

		if (PG_ARGISNULL(arg))
			return false;
		to[s] = PG_GETARG_FLOAT8(arg);
	}
	return true;
}

/* x_accum(state, [y,] x[] [, weight] [, parameters]) */
Datum
kernel_accumulate(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *state;
	int			features = kernel->scalars > 0 ? 2 : 1;
	const double *x = NULL;
	double		scalars[2];
	int			k = 0;
	double	   *row;

	aggregate_only(fcinfo, kernel->name, NULL);
	state = PG_ARGISNULL(0) ? NULL : state_check(kernel, PG_GETARG_BYTEA_P(0));	/* INITCOND is anybody's */
	if (!PG_ARGISNULL(features))
		x = (kernel->takes_nulls ? vector_with_nan : vector_argument)
			(PG_GETARG_ARRAYTYPE_P(features), "features", &k);
	if (state == NULL)			/* a row without features does not tell their number: 0 until one does */
		state = first_state(kernel, fcinfo, k + kernel->scalars, PG_NARGS() - 1);
	if (x == NULL || !take_scalars(fcinfo, kernel->scalars, scalars))
	{
		state->rows_skipped++;
		PG_RETURN_POINTER(state);
	}
	if (k + kernel->scalars != state->ncols)
	{
		int64		skipped = state->rows_skipped;

		if (state->ncols > kernel->scalars)
			ereport(ERROR,
					(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
					 errmsg("features must have the same length in every row: %d after %d",
							k, state->ncols - kernel->scalars)));
		state = first_state(kernel, fcinfo, k + kernel->scalars, PG_NARGS() - 1);
		state->rows_skipped = skipped;
	}
	if (k == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must not be an empty array")));

	row = next_row(kernel, &state);
	memcpy(row, x, k * sizeof(double));
	memcpy(row + k, scalars, kernel->scalars * sizeof(double));
	row_done(kernel, state);
	PG_RETURN_POINTER(state);
}

/* That all arguments from `first` on are double precision: looked at once. */
static void
check_columns(FunctionCallInfo fcinfo, int first)
{
	static const bool checked = true;

	if (fcinfo->flinfo->fn_extra)
		return;
	for (int arg = first; arg < PG_NARGS(); arg++)
		if (get_fn_expr_argtype(fcinfo->flinfo, arg) != FLOAT8OID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("argument %d must be of type double precision", arg)));
	fcinfo->flinfo->fn_extra = (void *) &checked;
}

/*
 * x_columns_accum(state, [y,] [weight,] [parameters,] x1, x2, ...): the features as arguments of their own.  The
 * executor then builds no array for each row, which costs as much as a third of reading it.
 */
Datum
kernel_accumulate_columns(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *state;
	int			params = 1 + kernel->scalars;
	int			first = params + (kernel->has_params ? 1 : 0);
	int			k = PG_NARGS() - first;
	int			needed = kernel->takes_nulls ? params : PG_NARGS();	/* arguments before this one */
	double	   *row;

	aggregate_only(fcinfo, kernel->name, NULL);
	check_columns(fcinfo, first);
	state = PG_ARGISNULL(0) ? NULL : state_check(kernel, PG_GETARG_BYTEA_P(0));
	if (state == NULL)
		state = first_state(kernel, fcinfo, k + kernel->scalars, params);
	else if (state->ncols != k + kernel->scalars)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a state of %d columns does not fit %d features", state->ncols, k)));
	for (int arg = 1; arg < needed; arg++)
		if (PG_ARGISNULL(arg))
		{
			state->rows_skipped++;
			PG_RETURN_POINTER(state);
		}
	row = next_row(kernel, &state);
	for (int j = 0; j < k; j++)
		row[j] = PG_ARGISNULL(first + j) ? NAN : PG_GETARG_FLOAT8(first + j);
	for (int s = 0; s < kernel->scalars; s++)
		row[k + s] = PG_GETARG_FLOAT8(1 + s);
	row_done(kernel, state);
	PG_RETURN_POINTER(state);
}

/* Whether a state has seen no row that told it the number of features. */
static bool
shapeless(const Kernel *kernel, const State *state)
{
	return state->rows_used == 0 && state->tail_rows == 0 && state->ncols == kernel->scalars;
}

/* Two states in one, which is one of them; `from` has no rows that wait. */
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

Datum
kernel_combine(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	State	   *from;

	aggregate_only(fcinfo, kernel->name, NULL);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	from = state_folded(kernel, PG_GETARG_BYTEA_P(1));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(from);
	PG_RETURN_POINTER(state_merged(kernel, state_check(kernel, PG_GETARG_BYTEA_P(0)), from));
}

Datum
kernel_state(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state_folded(kernel, PG_GETARG_BYTEA_P(0)));
}

/* Returns the outcome of a state, which a driver reads. */
Datum
kernel_outcome(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	PG_RETURN_POINTER(kernel->outcome(state_folded(kernel, PG_GETARG_BYTEA_P(0))));
}
