/*
 * irls.c: the state of a pass of iteratively reweighted least squares (see irls.h).
 */
#include "postgres.h"

#include <math.h>

#include "hessian.h"
#include "indicators.h"
#include "irls.h"

static int
features_of(const Model *model, int ncols)
{
	return ncols - (model->weighted ? 2 : 1);
}

static Body
body_of(const Model *model, double *body, int ncols, int nparams)
{
	int			k = features_of(model, ncols);
	Body		parts = {k, body, body + model->head};

	parts.step = parts.coef + k;
	parts.shift = parts.step + k;
	parts.basis = nparams > model->head + 3 * k ? parts.shift + k : NULL;
	parts.objective = body + nparams;
	parts.extras = parts.objective + 2;
	parts.score = parts.extras + 2 * model->extras;
	parts.hessian = parts.score + 2 * k;
	parts.total = parts.hessian + 2 * triangle(k);
	parts.change = parts.total + 1;
	parts.margin = parts.total + 2;
	return parts;
}

int64
irls_size(const Model *model, int ncols, int nparams)
{
	int64		k = features_of(model, ncols);

	return nparams + 2 * (1 + model->extras + k + triangle(k)) + 3;
}

void
irls_start(const Model *model, State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
	*body_of(model, state->body, state->ncols, state->nparams).margin = INFINITY;
}

/* Raises the error that says why a chunk could not be added. */
pg_noreturn static void
cannot_use(const Model *model, const Body *body, const RowBlock *block, int first, int rows)
{
	int			k = body->k;

	for (int j = 0; j <= k; j++)
		for (int r = first; r < first + rows; r++)
			if (block->columns[j] && !isfinite(block->columns[j][r]))
				not_finite(j, k + 1, block->columns[j][r]);
	for (int r = first; r < first + rows; r++)
		model->refuse(body->head, block->columns[k][r]);
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("the %s of some row is not finite", model->head == 0 ? "logit" : "predictor"),
			 errhint("Scale features that are very large.")));
}

static void
check_params(const Model *model, const State *state, int k)
{
	int			own = state->nparams - model->head;

	if (own != 3 * k && own != 3 * k + triangle(k))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d parameters are not three for each of %d features", own, k)));
	if (model->check)
		model->check(state->body);
}

/* Tells whether a feature is in the model; the shift of an offset is infinite, and that of one left out is NaN. */
static bool
has_features(const Body *body)
{
	for (int j = 0; j < body->k; j++)
		if (isfinite(body->shift[j]))
			return true;
	return false;
}

void
irls_add(const Model *model, State *state, const RowBlock *given)
{
	Body		body = body_of(model, state->body, state->ncols, state->nparams);
	RowBlock	block = model->weighted ? positive_frequencies(given, state->ncols) : *given;
	Scratch    *scratch;

	check_params(model, state, body.k);
	state->rows_used += block.rows;
	state->rows_skipped += given->rows - block.rows;
	if (isnan(body.coef[0]))
		return;
	body.has_features = has_features(&body);
	scratch = palloc(sizeof(Scratch));
	scratch->z = palloc((Size) body.k * CHUNK * sizeof(double));
	scratch->levels = body.has_features ? levels_new(&block, &body) : NULL;
	for (int first = 0; first < block.rows; first += CHUNK)
	{
		int			rows = Min(CHUNK, block.rows - first);
		Taken		taken = irls_add_chunk(model, &body, &block, first, rows, scratch);

		if (taken == CHUNK_WRONG)
			cannot_use(model, &body, &block, first, rows);
		if (taken == CHUNK_INVALID)
			body.objective[0] = -INFINITY;
	}
	if (scratch->levels && !scratch->levels->as_columns)
		levels_finish(scratch->levels, &body);
	pfree(scratch->z);
	pfree(scratch);
}

void
irls_merge(const Model *model, State *into, const State *from)
{
	Body		to = body_of(model, into->body, into->ncols, into->nparams);
	Body		add = body_of(model, (double *) from->body, from->ncols, from->nparams);

	for (double *pair = to.objective, *other = add.objective; pair < to.total; pair += 2, other += 2)
	{
		accumulate(pair, other[0]);
		pair[1] += other[1];
	}
	*to.total += *add.total;
	*to.change = Max(*to.change, *add.change);
	*to.margin = Min(*to.margin, *add.margin);
}

/* Rounds each pair to one number. */
static void
round_pairs(const double *pairs, int64 count, double *numbers)
{
	for (int64 i = 0; i < count; i++)
		numbers[i] = pairs[2 * i] + pairs[2 * i + 1];
}

State *
irls_outcome(const Model *model, const State *state)
{
	int			k = features_of(model, state->ncols);
	Body		body = body_of(model, (double *) state->body, state->ncols, state->nparams);
	State	   *outcome = state_outcome(state, OUTCOME_EXTRAS + model->extras + k + triangle(k));
	double	   *step = outcome->body + OUTCOME_EXTRAS + model->extras;
	double	   *hessian = step + k;

	round_pairs(body.objective, 1, outcome->body + OUTCOME_OBJECTIVE);
	if (isnan(outcome->body[OUTCOME_OBJECTIVE]))
		outcome->body[OUTCOME_OBJECTIVE] = -INFINITY;
	outcome->body[OUTCOME_CHANGE] = *body.change;
	outcome->body[OUTCOME_MARGIN] = *body.margin;
	round_pairs(body.extras, model->extras, outcome->body + OUTCOME_EXTRAS);
	round_pairs(body.score, k, step);
	round_pairs(body.hessian, triangle(k), hessian);
	outcome->body[OUTCOME_PIVOT] = newton_step(hessian, k, step);
	return outcome;
}
