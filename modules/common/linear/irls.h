/*
 * irls.h: one pass of iteratively reweighted least squares over rows, for every method that fits by it.
 *
 * Columns of a block: x_1 .. x_k, the target y, and, for a weighted model, a weight w.  Parameters: the numbers that the
 * model itself takes (Model.head), then k of each: the coefficients b, the step d that led to them, and the shifts c.
 * With z = x - c and the predictor eta = b'z, the sums over rows of
 *
 *     objective   what is maximised: the log-likelihood, up to a constant
 *     extras      sums of the model's own (Model.extras)
 *     score       r z, r being the derivative of the objective by eta
 *     hessian     v z z', v being the information on eta; lower triangle row by row
 *
 * each a compensated pair, high and low; then the sum of w y, the largest |d'z| of a row, and the smallest margin: where
 * that is above zero, b separates the two classes of a binary target.  b[0] = NaN: rows are counted and not looked at.
 * A feature whose shift is NaN is left out: it counts as 0.  One whose shift is infinite is an offset: b x is in the
 * predictor, and z is 0.
 *
 * Behind the shifts may come a basis B, a lower triangle row by row: score and Hessian are then those of B z.  Where
 * features are nearly collinear, the Hessian's sums have too few digits to be inverted.  With the inverse of its factor
 * for B it is nearly the unit matrix, and its sums have all of them (Yamamoto et al. (2015), Roundoff error analysis of
 * the CholeskyQR2 algorithm, ETNA 44).
 *
 * The outcome: the objective, the largest |d'z|, the smallest margin, the smallest pivot of the Hessian scaled to a
 * diagonal of 1, the extras, the next step H^-1 score, and the Hessian's lower triangle.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 2.5.
 */
#ifndef MADPY_IRLS_H
#define MADPY_IRLS_H

#include "postgres.h"

#include "numeric/dd.h"
#include "engine/kernel.h"

/* Rows worked on at once: a dozen columns of them stay in the first-level cache. */
#define CHUNK 256

/* Independent sums; loops over them are what the compiler vectorises. */
#define LANES 8

/* The first numbers of an outcome. */
enum
{
	OUTCOME_OBJECTIVE, OUTCOME_CHANGE, OUTCOME_MARGIN, OUTCOME_PIVOT, OUTCOME_EXTRAS
};

/* The parts of a state's body. */
typedef struct Body
{
	int			k;
	const double *head;			/* the model's own parameters */
	const double *coef;
	const double *step;
	const double *shift;
	const double *basis;		/* NULL: none */
	double	   *objective;		/* a pair, as the next three are */
	double	   *extras;
	double	   *score;
	double	   *hessian;
	double	   *total;			/* of w y */
	double	   *change;
	double	   *margin;
} Body;

/* Space for one chunk; arrays are padded to a multiple of LANES. */
typedef struct Scratch
{
	double	   *z;				/* k columns */
	struct Levels *levels;		/* of categories that come as codes, NULL: there are none */
	double		eta[CHUNK];
	double		change[CHUNK];
	double		y[CHUNK];
	double		w[CHUNK];
	double		residual[CHUNK];	/* derivative of the objective by eta; 0 beyond the last row */
	double		weight[CHUNK];	/* information on eta; 0 beyond the last row */
	double		weighted[CHUNK];	/* a column times the weights */
	double		sign[CHUNK];	/* for a binary target 2 y - 1; 0 beyond the last row */
	double		far[CHUNK];		/* exp(-|eta|) */
	double		shifted[CHUNK];
	double		mu[CHUNK];		/* the mean */
	double		other[CHUNK];	/* 1 - mu, of families and links that need its digits */
	double		slope[CHUNK];	/* derivative of mu by eta */
	double		ratio[CHUNK];	/* target over mean, or the probability of the target; then target - mean */
	double		logarithm[CHUNK];	/* of the ratio */
} Scratch;

/* Some rows of a block. */
typedef struct Chunk
{
	const double *y;
	const double *w;			/* NULL: 1 for each row */
	int			real;			/* rows */
	int			rows;			/* of arrays: a multiple of LANES */
} Chunk;

typedef enum Taken
{
	CHUNK_TAKEN,
	CHUNK_INVALID,				/* coefficients give some row no mean: the objective is -infinity */
	CHUNK_WRONG					/* some value cannot be used: an error */
} Taken;

/* A generalised linear model: how predictors become residuals and weights. */
typedef struct Model
{
	int			head;			/* parameters of its own */
	int			extras;			/* sums of its own */
	bool		weighted;
	/* takes eta of a chunk, adds to all sums but score and Hessian, and sets residual and weight of each row */
	Taken		(*rows) (const Body *body, const Chunk *chunk, Scratch *s);
	/* raises an error where the head of the parameters cannot be used; NULL: nothing to check */
	void		(*check) (const double *head);
	/* raises an error for a target that the model does not allow, or returns */
	void		(*refuse) (const double *head, double y);
} Model;

/* irls.c */
extern int64 irls_size(const Model *model, int ncols, int nparams);
extern void irls_start(const Model *model, State *state, const double *params);
extern void irls_add(const Model *model, State *state, const RowBlock *block);
extern void irls_merge(const Model *model, State *into, const State *from);
extern State *irls_outcome(const Model *model, const State *state);

/* irls_chunk.c */
extern Taken irls_add_chunk(const Model *model, const Body *body, const RowBlock *block, int first, int real, Scratch *s);

/* logit.c */
extern const Model logit_model;
extern const Model weighted_logit_model;

/* elementary.c; rows of arrays that are summed or searched are a multiple of LANES */
typedef struct Range
{
	double		lowest;
	double		highest;
} Range;

extern void exp_minus_abs(const double *x, int rows, double *result, double *shifted);
extern void log_positive(const double *x, int rows, double *result, double *scratch);
extern double sum_of_products(const double *a, const double *b, int rows);
extern Range range_of(const double *x, int rows);
extern bool all_finite(const double *x, int rows);

/* normal.c */
extern void normal_tails(const double *z, int rows, double *density, double *tail, double *square, double *shifted);

/* A kernel `x` of a model: its Kernel, which MADPY_KERNEL(x) enters, and the function x_outcome(state). */
#define IRLS_KERNEL(x, number, model) \
static int64 x##_size(int ncols, int nparams) { return irls_size(&model, ncols, nparams); } \
static void x##_start(State *state, const double *params) { irls_start(&model, state, params); } \
static void x##_add(State *state, const RowBlock *block) { irls_add(&model, state, block); } \
static void x##_merge(State *into, const State *from) { irls_merge(&model, into, from); } \
static State *x##_outcome(const State *state) { return irls_outcome(&model, state); } \
const Kernel x##_kernel = { \
	.name = #x, \
	.id = number, \
	.scalars = model##_SCALARS, \
	.has_params = true, \
	.takes_indicators = true, \
	.body_size = x##_size, \
	.start = x##_start, \
	.add = x##_add, \
	.merge = x##_merge, \
	.outcome = x##_outcome, \
}; \
MADPY_OUTCOME(x)

#define logit_model_SCALARS 1
#define weighted_logit_model_SCALARS 2

static inline int64
triangle(int k)
{
	return (int64) k * (k + 1) / 2;
}

static inline void
accumulate(double *pair, double value)
{
	dd			sum = two_sum(pair[0], value);

	pair[0] = sum.hi;
	pair[1] += sum.lo;
}

#endif
