/*
 * irls.h: one pass of iteratively reweighted least squares (IRLS) over rows, for every method that fits by it.
 *
 * Columns of a block: x_1 .. x_k, the target y, and, for a weighted model, a weight w.  Parameters: Model.head numbers for
 * the model itself, then k of each: the coefficients b, the last step d of the search, and the shifts c.  With z = x - c and
 * the predictor eta = b'z, the state has the sums over rows of
 *
 *     objective   the log-likelihood up to a constant, which is maximised
 *     extras      Model.extras further sums of the model
 *     score       r z, where r is the derivative of the objective by eta
 *     hessian     v z z', where v is the information on eta; lower triangle, row by row
 *
 * as compensated pairs, high and low; then the sum of w y, the largest |d'z| of a row, and the smallest margin.  If that is
 * positive, b separates the two classes of a binary target.  If b[0] is NaN, rows are only counted.  A feature whose shift
 * is NaN is left out, as if it were 0.  A feature whose shift is infinite is an offset: the predictor includes b x, and z is
 * 0.
 *
 * A basis B may follow the shifts, a lower triangle row by row: score and Hessian are then those of B z.  If features are
 * nearly collinear, the sums of the Hessian have too few digits to be inverted.  If B is the inverse of the Hessian's
 * Cholesky factor, the new Hessian is close to the identity, and its sums are accurate (Yamamoto et al. (2015), Roundoff
 * error analysis of the CholeskyQR2 algorithm, ETNA 44).
 *
 * The outcome has the objective, the largest |d'z|, the smallest margin, the smallest pivot of the Hessian scaled to a
 * diagonal of 1, the extras, the next step H^-1 score, and the Hessian's lower triangle.
 *
 * Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., section 2.5.
 */
#ifndef MADPY_IRLS_H
#define MADPY_IRLS_H

#include "postgres.h"

#include "numeric/dd.h"
#include "engine/kernel.h"

/* Rows of a chunk, so few that a dozen columns of them stay in the first-level cache. */
#define CHUNK 256

/* Number of independent sums; the compiler vectorises loops over them. */
#define LANES 8

/* Positions of the first numbers of an outcome. */
enum
{
	OUTCOME_OBJECTIVE, OUTCOME_CHANGE, OUTCOME_MARGIN, OUTCOME_PIVOT, OUTCOME_EXTRAS
};

/* The parts of a state's body. */
typedef struct Body
{
	int			k;
	const double *head;			/* Model.head parameters of the model */
	const double *coef;
	const double *step;
	const double *shift;
	const double *basis;		/* NULL if there is none */
	bool		has_features;	/* whether a feature is in the model, besides an offset */
	double	   *objective;		/* pairs, as the next three are */
	double	   *extras;
	double	   *score;
	double	   *hessian;
	double	   *total;			/* sum of w y */
	double	   *change;
	double	   *margin;
} Body;

/* Space for one chunk; arrays are padded to a multiple of LANES. */
typedef struct Scratch
{
	double	   *z;				/* k columns */
	struct Levels *levels;		/* categories that come as codes; NULL if there are none */
	double		eta[CHUNK];
	double		change[CHUNK];
	double		y[CHUNK];
	double		w[CHUNK];
	double		residual[CHUNK];	/* derivative of the objective by eta; 0 beyond the last row */
	double		weight[CHUNK];	/* information on eta; 0 beyond the last row */
	double		weighted[CHUNK];	/* a column times the weights */
	double		sign[CHUNK];	/* 2 y - 1 for a binary target; 0 beyond the last row */
	double		far[CHUNK];		/* exp(-|eta|) */
	double		shifted[CHUNK];
	double		mu[CHUNK];		/* the mean */
	double		other[CHUNK];	/* 1 - mu, for families and links that need all its digits */
	double		slope[CHUNK];	/* derivative of mu by eta */
	double		ratio[CHUNK];	/* target over mean, or the probability of the target; then target - mean */
	double		logarithm[CHUNK];	/* logarithm of the ratio */
} Scratch;

/* Some rows of a block. */
typedef struct Chunk
{
	const double *y;
	const double *w;			/* weights; NULL if all are 1 */
	int			real;			/* number of rows */
	int			rows;			/* length of arrays, a multiple of LANES */
} Chunk;

typedef enum Taken
{
	CHUNK_TAKEN,
	CHUNK_INVALID,				/* a row has no valid mean with these coefficients: the objective is -infinity */
	CHUNK_WRONG					/* a value cannot be used, which is an error */
} Taken;

/* A generalised linear model, which computes residuals and weights from predictors. */
typedef struct Model
{
	int			head;			/* number of parameters of the model itself */
	int			extras;			/* number of sums of the model itself */
	bool		weighted;
	/* adds a chunk with its predictors to all sums but score and Hessian; sets the residual and weight of each row */
	Taken		(*rows) (const Body *body, const Chunk *chunk, Scratch *s);
	/* raises an error if the first `head` parameters are invalid; NULL if there is nothing to check */
	void		(*check) (const double *head);
	/* raises an error if the model does not allow a target */
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

/* elementary.c; the number of rows that are summed or searched must be a multiple of LANES */
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

/* Defines a kernel `x` of a model, for MADPY_KERNEL(x), and the function x_outcome(state). */
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
