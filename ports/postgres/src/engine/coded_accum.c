/*
 * coded_accum.c: the transition function of aggregates over categories (see coded.c).
 */
#include "postgres.h"

#include <math.h>

#include "bounds.h"
#include "catalog/pg_type.h"
#include "coded.h"
#include "utils/memutils.h"

#define MAX_ALL_NUMBERS (20 * 1000 * 1000)	/* most numbers in the states of all groups: 160 MB */

/* Data that all groups of a query share; they live as long as the call in the query's plan. */
typedef struct Call
{
	double		numbers;		/* how many numbers the states of all groups have */
	int			columns;
	int			limits;			/* index of the argument `limits` */
	int		   *arguments;		/* index of each column's argument */
	Oid		   *types;			/* type of each column */
} Call;

/* Returns the call's data; looks the types of the arguments up in the first row only. */
static Call *
call_of(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	Call	   *call = fcinfo->flinfo->fn_extra;
	int			features = PG_NARGS() - kernel->scalars - 2;
	MemoryContext old;

	if (call != NULL)
		return call;
	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	call = palloc0(sizeof(Call));
	call->columns = features + kernel->scalars;
	call->limits = 1 + kernel->scalars;
	call->arguments = palloc(call->columns * sizeof(int));
	call->types = palloc(call->columns * sizeof(Oid));
	for (int c = 0; c < call->columns; c++)
	{
		bool		is_target = c == features;
		int			arg = c < features ? call->limits + 1 + c : 1 + c - features;
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, arg);

		if (is_target || type != FLOAT8OID)
			if ((type != BOOLOID && type != INT8OID && type != TEXTOID) || c > features)
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("argument %d must be of type double precision, text, bigint or boolean", arg)));
		call->arguments[c] = arg;
		call->types[c] = type;
	}
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = call;
	return call;
}

static Coded *
first_coded(const Kernel *kernel, const Call *call, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Coded	   *coded = coded_new(kernel, call->columns);

	for (int c = 0; c < call->columns; c++)
		if (call->types[c] != FLOAT8OID)
			coded->dicts[c] = dict_of_type(call->types[c]);
	coded_start(coded);
	MemoryContextSwitchTo(old);
	return coded;
}

/* Raises an error if a column has too many distinct values.  `limits`: most classes, and most levels of a feature. */
static void
check_limits(FunctionCallInfo fcinfo, Call *call, Coded *coded)
{
	int			length;
	int			target = coded_target(coded->kernel, coded->columns);
	const double *limits = PG_ARGISNULL(call->limits) ? NULL
		: vector_argument(PG_GETARG_ARRAYTYPE_P(call->limits), "limits", &length);
	int		   *levels = coded_levels(coded);
	double		numbers = coded->kernel->numbers_of_levels(coded->columns, levels);

	if (limits == NULL || length != 2)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("limits must be two numbers")));
	for (int c = 0; c < Min(target + 1, coded->columns); c++)
	{
		double		most = limits[c == target ? 0 : 1];

		if (levels[c] > most)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 c == target ? errmsg("the target has more than %.0f distinct values", most)
					 : errmsg("feature %d has more than %.0f distinct values", c + 1, most),
					 c == target ? errhint("Group them first.")
					 : errhint("Group them first, or leave it out: it may be a name or a key.")));
	}
	pfree(levels);
	call->numbers += numbers - coded->numbers;
	coded->numbers = numbers;
	if (call->numbers > MAX_ALL_NUMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the groups are too many for so many classes and levels"),
				 errdetail("There would be more than %d numbers to keep.", MAX_ALL_NUMBERS),
				 errhint("Train on some of the groups at a time, or group rare values first.")));
}

/*
 * Whether the kernel can use a row: no scalar is NULL, no feature is NULL unless the kernel takes NULLs, and the weight is
 * not 0, so that values which occur only in rows of weight 0 get no codes.
 */
static bool
is_usable(FunctionCallInfo fcinfo, const Kernel *kernel, const Call *call)
{
	int			weight = coded_target(kernel, call->columns) + 1;

	for (int c = kernel->takes_nulls ? coded_target(kernel, call->columns) : 0; c < call->columns; c++)
		if (PG_ARGISNULL(call->arguments[c]))
			return false;
	return weight >= call->columns || PG_GETARG_FLOAT8(call->arguments[weight]) != 0;
}

/* x_coded_accum(state, [y,] [weight,] limits, x1, x2, ...) */
Datum
kernel_accumulate_coded(FunctionCallInfo fcinfo, const Kernel *kernel)
{
	static const bool not_null = false;
	Call	   *call = call_of(fcinfo, kernel);
	MemoryContext context;
	Coded	   *coded;

	aggregate_only(fcinfo, kernel->name, &context);
	coded = PG_ARGISNULL(0) ? first_coded(kernel, call, context) : (Coded *) PG_GETARG_POINTER(0);
	if (!is_usable(fcinfo, kernel, call))
	{
		coded->state->rows_skipped++;
		PG_RETURN_POINTER(coded);
	}
	if (coded->rows == coded->capacity)
		coded_grow(coded);
	for (int c = 0; c < coded->columns; c++)
	{
		NullableDatum x = fcinfo->args[call->arguments[c]];

		coded->waiting[(Size) c * coded->capacity + coded->rows] = x.isnull ? NAN
			: coded->dicts[c] == NULL ? DatumGetFloat8(x.value)
			: dict_code(coded->dicts[c], &x.value, &not_null);
	}
	if (++coded->rows == TAIL_ROWS)
	{
		if (!coded_has_space(coded))
			check_limits(fcinfo, call, coded);
		coded_flush(coded);
	}
	PG_RETURN_POINTER(coded);
}
