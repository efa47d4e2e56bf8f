/*
 * nb_levels.c: the shape of a state of naive Bayes, which follows from the levels of its columns; creates and copies states
 * of other shapes.
 */
#include "nb_state.h"

#include <math.h>

#include "miscadmin.h"

Shape
nb_shape(const State *state)
{
	double	   *body = (double *) state->body;
	int			features = state->ncols - kernel_by_id(state->kernel)->scalars;
	double		cells = 0;
	bool		fits = state->nparams > 1 + features && nb_code(body[0], MAX_PARAMS) > 0;

	for (int f = 0; f < features && fits; f++)
	{
		fits = nb_code(body[1 + f], MAX_PARAMS) >= 0;
		cells += fits ? nb_width(body[1 + f]) : 0;
	}
	if (!fits || 1 + features + body[0] + body[0] * cells != state->nparams)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("these parameters do not fit %d features", features)));
	return (Shape) {
		.classes = body[0],
		.features = features,
		.levels = body + 1,
		.rows = body + 1 + features,
		.cells = body + 1 + features + (int) body[0],
	};
}

/* Returns the size of a body, in doubles, for `levels` levels of each feature and of the target, its classes. */
static double
numbers_of(int features, const int *levels)
{
	double		cells = 0;

	for (int f = 0; f < features; f++)
		cells += nb_width(levels[f]);
	return 1 + features + levels[features] * (1 + cells);
}

/* Returns a state without rows; see Kernel.of_levels. */
State *
nb_of_levels(const Kernel *kernel, int ncols, const int *levels)
{
	int			features = ncols - kernel->scalars;
	int			classes = levels[features];
	double		size = numbers_of(features, levels);
	double	   *params;
	double	   *to;
	State	   *state;

	if (size > MAX_PARAMS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d classes are too many for so many features and levels", classes),
				 errdetail("There would be %.0f numbers to keep, the most is %d.", size, MAX_PARAMS),
				 errhint("Group rare values first, or leave out what may be a name or a key.")));
	params = palloc0(size * sizeof(double));
	params[0] = classes;
	for (int f = 0; f < features; f++)
		params[1 + f] = levels[f];
	to = params + 1 + features + classes;
	for (int f = 0; f < features; f++)
	{
		if (levels[f] == 0)
			for (int c = 0; c < classes; c++)
				((Cell *) to)[c] = (Cell) {.low = INFINITY, .high = -INFINITY};
		to += (Size) classes * nb_width(levels[f]);
	}
	state = state_new(kernel, ncols, size, params, 0);
	pfree(params);
	return state;
}

double
nb_numbers_of_levels(int ncols, const int *levels)
{
	return numbers_of(ncols - 1, levels);
}

double
weighted_nb_numbers_of_levels(int ncols, const int *levels)
{
	return numbers_of(ncols - 2, levels);
}

void
nb_levels(const State *state, int *levels)
{
	Shape		shape = nb_shape(state);

	for (int f = 0; f < shape.features; f++)
		levels[f] = shape.levels[f];
	levels[shape.features] = shape.classes;
	for (int c = shape.features + 1; c < state->ncols; c++)
		levels[c] = 0;
}

/* Copies the counts of a state into one without rows; see Kernel.recode.  The last of `kept` and `maps` is the target's. */
void
nb_recode(State *into, const State *from, const int *kept, int *const *maps)
{
	Shape		shape = nb_shape(into);
	Shape		other = nb_shape(from);
	const int  *classes = maps ? maps[shape.features] : NULL;
	double	   *cells = shape.cells;
	const double *others = other.cells;

	for (int c = 0; c < kept[shape.features]; c++)
		shape.rows[classes ? classes[c] : c] = other.rows[c];
	for (int f = 0; f < shape.features; f++)
	{
		int			width = nb_width(shape.levels[f]);
		int			old_width = nb_width(other.levels[f]);
		int			count = shape.levels[f] == 0 ? width : kept[f];
		const int  *map = maps ? maps[f] : NULL;

		CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < kept[shape.features]; c++)
		{
			double	   *to = cells + (Size) (classes ? classes[c] : c) * width;

			for (int i = 0; i < count; i++)
				to[map ? map[i] : i] = others[(Size) c * old_width + i];
		}
		cells += (Size) shape.classes * width;
		others += (Size) other.classes * old_width;
	}
}
