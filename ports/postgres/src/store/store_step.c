/*
 * store_step.c: the functions that run kernels over a store.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "engine/pieces.h"
#include "engine/state.h"
#include "lib/stringinfo.h"
#include "store.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Limit of the bytes that are allocated at the start for the states of all groups. */
#define MOST_ALLOCATED (256 * 1024 * 1024)

/* States that are made at once where groups are asked for one after the other. */
#define AHEAD_BYTES (4 * 1024 * 1024)

typedef struct Ahead
{
	const Kernel *kernel;
	int			last;			/* group that has a state last */
	int			first;			/* group of the first of the states */
	int			count;
	State	  **states;			/* in `context` */
	MemoryContext context;
} Ahead;

static void
check_group(const Store *store, int group)
{
	if (group < 0 || group >= store_group_count(store))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no group %d in store %d", group, store->id)));
}

void
store_check_step(const Store *store, const Kernel *kernel, int64 nparams)
{
	if (kernel->has_params != (nparams > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" %s parameters", kernel->name, kernel->has_params ? "needs" : "takes no")));
	if (store_width(store) <= kernel->scalars || nparams > MAX_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" does not fit the columns of store %d", kernel->name, store->id)));
}

/* Returns how many groups from `group` on have states of AHEAD_BYTES together. */
static int
groups_ahead(const Store *store, const Kernel *kernel, int group)
{
	int64		bytes = state_bytes(state_body_size(kernel, store_width(store), 0, NULL), store_width(store), 0, 0);

	return Min(AHEAD_BYTES / bytes, store_group_count(store) - group);
}

/*
 * Returns the state of a group if the groups are asked for one after the other: then those of many are made at once, so that
 * workers can take part.  NULL: it is not known.
 */
static const State *
state_ahead(Store *store, const Kernel *kernel, int group)
{
	Ahead	   *ahead = store->ahead;
	bool		is_next;
	int			count = groups_ahead(store, kernel, group);
	int		   *numbers;
	MemoryContext old;

	if (ahead == NULL)
	{
		ahead = store->ahead = MemoryContextAllocZero(store->context, sizeof(Ahead));
		ahead->context = AllocSetContextCreate(store->context, "madpy states", ALLOCSET_DEFAULT_SIZES);
	}
	if (ahead->kernel == kernel && group >= ahead->first && group < ahead->first + ahead->count)
		return ahead->states[group - ahead->first];
	is_next = ahead->kernel == kernel && group > 0 && group == ahead->last + 1;
	ahead->kernel = kernel;
	ahead->last = group;
	ahead->count = 0;
	MemoryContextReset(ahead->context);
	if (!is_next || count < 2)
		return NULL;
	old = MemoryContextSwitchTo(ahead->context);
	numbers = palloc(count * sizeof(int));
	for (int i = 0; i < count; i++)
		numbers[i] = group + i;
	ahead->states = store_pass(store, kernel, numbers, count, NULL, 0, false);
	for (int i = 0; i < count; i++)
		ahead->states[i] = memcpy(palloc(VARSIZE(ahead->states[i])), ahead->states[i], VARSIZE(ahead->states[i]));
	MemoryContextSwitchTo(old);
	ahead->first = group;
	ahead->count = count;
	ahead->last = group + count - 1;
	return ahead->states[0];
}

/* store_step(store, kernel, group, parameters): runs a kernel over the rows of one group and returns the state. */
PG_FUNCTION_INFO_V1(store_step);
Datum
store_step(PG_FUNCTION_ARGS)
{
	Store	   *store;
	const Kernel *kernel;
	int			group;
	const double *params = NULL;
	int			nparams = 0;
	const State *state;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	store = store_for_kernels(PG_GETARG_INT32(0));
	kernel = kernel_by_name(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	group = PG_GETARG_INT32(2);
	if (!PG_ARGISNULL(3))
		params = vector_argument(PG_GETARG_ARRAYTYPE_P(3), "parameters", &nparams);
	if (!PG_ARGISNULL(3) && params == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("parameters must be an array of numbers without NULL")));
	check_group(store, group);
	store_check_step(store, kernel, nparams);
	if (store->rows == 0)
		PG_RETURN_NULL();
	state = nparams == 0 ? state_ahead(store, kernel, group) : NULL;
	if (state == NULL)
		state = store_pass(store, kernel, &group, 1, params, nparams, false)[0];
	PG_RETURN_POINTER(memcpy(palloc(VARSIZE(state)), state, VARSIZE(state)));
}

/* Returns the group numbers in an array, or those of all groups if the array is empty. */
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
	*count = length > 0 ? length : store_group_count(store);
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
	int		   *numbers;		/* numbers of the groups */
	int64		nparams;		/* parameters of each group */
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
	store_check_step(steps.store, steps.kernel, steps.nparams);
	steps.params = copy_pieces(palloc(size), VARDATA_ANY(given), size);
	if (steps.store->rows == 0)
		steps.groups = 0;
	return steps;
}

static State **
pass_over(const Steps *steps, bool outcome)
{
	return store_pass(steps->store, steps->kernel, steps->numbers, steps->groups, steps->params, steps->nparams, outcome);
}

/*
 * store_steps(store, kernel, parameters, groups): runs a kernel over the rows of some groups, or of all if none is listed.
 * Returns their states without their length words, concatenated.  `parameters` has the bytes of doubles: the same number of
 * them for each group, those of the first group first.
 */
PG_FUNCTION_INFO_V1(store_steps);
Datum
store_steps(PG_FUNCTION_ARGS)
{
	Steps		steps = step_arguments(fcinfo);
	State	  **all = pass_over(&steps, false);
	StringInfoData states;

	initStringInfo(&states);
	appendStringInfoSpaces(&states, VARHDRSZ);
	for (int i = 0; i < steps.groups; i++)
	{
		if (i == 0)
			enlargeStringInfo(&states, Min((Size) steps.groups * VARSIZE(all[i]), MOST_ALLOCATED));
		appendBinaryStringInfo(&states, VARDATA(all[i]), VARSIZE(all[i]) - VARHDRSZ);
	}
	SET_VARSIZE(states.data, states.len);
	PG_RETURN_POINTER(states.data);
}

/* store_outcomes(store, kernel, parameters, groups): as store_steps, for outcomes; shorter ones are padded with zeros. */
PG_FUNCTION_INFO_V1(store_outcomes);
Datum
store_outcomes(PG_FUNCTION_ARGS)
{
	Steps		steps = step_arguments(fcinfo);
	State	  **outcomes;
	Size		longest = 0;
	Size		total = 0;
	char	   *result;

	if (steps.kernel->outcome == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("kernel \"%s\" has no outcome but its states", steps.kernel->name)));
	outcomes = pass_over(&steps, true);
	for (int i = 0; i < steps.groups; i++)
	{
		longest = Max(longest, VARSIZE(outcomes[i]) - VARHDRSZ);
		total += VARSIZE(outcomes[i]);
	}
	result = palloc_limited(VARHDRSZ + (int64) Max(steps.groups * longest, total), MaxAllocSize, "all outcomes together");
	for (int i = 0; i < steps.groups; i++)
		copy_pieces(result + VARHDRSZ + i * longest, VARDATA(outcomes[i]), VARSIZE(outcomes[i]) - VARHDRSZ);
	SET_VARSIZE(result, VARHDRSZ + steps.groups * longest);
	PG_RETURN_POINTER(result);
}
