/*
 * kmeans.c: the kernels "kmeans" and "weighted_kmeans": rows given to the nearest of k centroids, and what each centroid
 * got.  A row of weight 3 is three rows.
 *
 * Parameters: see kmeans.h.
 *
 * Body: the parameters; for each centroid d + 3 sums over its rows, with their weights: the features (divided by the row's
 * length for COSINE), the distance, 1, the simplified silhouette (mode QUALITY); then, where the mode asks for them, up to k rows
 * (kmeans.h) with the largest distance (mode FARTHEST), or with the largest distance^(1/u), u a random number of the
 * row's own (mode DRAW): a sample without replacement, each row as likely as its distance says (Efraimidis & Spirakis,
 * "Weighted random sampling with a reservoir", 2006).
 *
 * A sum is four doubles, the numbers hi + lo of two integers in units that the bounds set, so it does not depend on the
 * order of the rows, nor on how they were divided: not in the last bit.
 */
#include "postgres.h"

#include "kmeans.h"

/* Rows whose sums stay exact: each is at most 2^UNIT_BITS units, and a double holds 2^53. */
#define EXACT_ROWS 4096

/* Above this the sums of four replicas would leave the cache. */
#define REPLICA_BYTES (64 * 1024)

typedef struct Work
{
	Metric		metric;
	PassMode	mode;
	double		seed;
	int			d;
	int			k;
	bool		weighted;
	double	   *centroids;		/* PADDED_CENTROIDS(k) x d */
	int			width;			/* numbers in a row to be summed, a multiple of 4 */
	double	   *coarse;			/* of each: what rounds it, sum_rows() */
	double	   *fine;
	double	   *sums;			/* replicas x (k + 1) x 2 x width; the last one takes what fills up a chunk */
	int			replicas;
	int			pending;		/* rows in them */
	const double **features;	/* d columns as they come */
	const double **columns;		/* width columns to be summed */
	const double *weights;		/* of a chunk, if the kernel has them */
	double	  **weighed;		/* width columns: the others times the weights */
	double	   *room;			/* 2 d + 1 chunks: features filled up, and of length 1; weights filled up */
	double	   *row;
	double		ones[KMEANS_CHUNK];
	double		zeros[KMEANS_CHUNK];
	double		silhouette[KMEANS_CHUNK];
	Nearest		nearest;
} Work;

extern const Kernel weighted_kmeans_kernel;

/* Returns the number of columns behind the features: the weight, if there is one. */
static int
scalars_of(const State *state)
{
	return state->kernel == weighted_kmeans_kernel.id ? weighted_kmeans_kernel.scalars : 0;
}

static int
features_of(const State *state)
{
	return state->ncols - scalars_of(state);
}

/* Returns how many centroids of d features the parameters can hold. */
static int
places(int d, int scalars, int nparams)
{
	return d > 0 ? Max(0, nparams - params_size(0, d, scalars)) / d : 0;
}

/* How many rows are kept: as many as there are centroids, in the modes that ask for them. */
static int
kept_capacity(int k, const double *params)
{
	return k > 0 && (params[PARAM_MODE] == FARTHEST || params[PARAM_MODE] == DRAW) ? k : 0;
}

static double *
cluster_sums(const State *state)
{
	return (double *) state->body + state->nparams;
}

static Kept
kmeans_kept(const State *state)
{
	int			d = features_of(state);
	int			k = places(d, scalars_of(state), state->nparams);

	return kept_in(cluster_sums(state) + sums_size(k, d), kept_capacity(k, state->body), d);
}

static int64
body_size(int d, int scalars, int nparams, const double *params)
{
	int			k = places(d, scalars, nparams);

	return nparams + sums_size(k, d) + kept_size(kept_capacity(k, params), d);
}

static int64
kmeans_size(int ncols, int nparams, const double *params)
{
	return body_size(ncols, 0, nparams, params);
}

static int64
weighted_size(int ncols, int nparams, const double *params)
{
	return body_size(ncols - 1, 1, nparams, params);
}

/* Bounds and whole centroids: what work_new() reads is there. */
static void
kmeans_check(const State *state)
{
	int			d = features_of(state);
	int64		centroids = state->nparams - params_size(0, d, scalars_of(state));

	if (d > 0 && (centroids < d || centroids % d != 0))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d parameters do not fit %d features", state->nparams, d)));
}

static void
kmeans_start(State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
}

/* A parameter that is one of 0 .. last. */
static int
choice(const State *state, int number, int last)
{
	double		value = state->body[number];

	if (!(value >= 0 && value <= last))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter %d must be between 0 and %d, not %g", number + 1, last, value)));
	return (int) value;
}

/* Returns the constant that rounds numbers up to `bound` for exact sums. */
static void
set_units(Work *work, int column, double bound)
{
	int			exponent = 900;

	if (isfinite(bound))
		frexp(bound, &exponent);
	exponent = Min(Max(exponent, -990), 900);
	work->coarse[column] = ldexp(1.5, 52 + exponent - UNIT_BITS);
	work->fine[column] = ldexp(1.5, 52 + exponent - 2 * UNIT_BITS - 1);
}

static void
set_all_units(Work *work, double known, const double *bounds)
{
	double		weight = work->weighted ? fabs(bounds[work->d]) : 1;
	double		farthest = 0;

	for (int j = 0; j < work->d; j++)
	{
		double		bound = work->metric == COSINE ? 1 : fabs(bounds[j]);
		double		reach = bound;

		for (int c = 0; c < work->k; c++)
			if (fabs(work->centroids[(Size) c * work->d + j]) > reach)
				reach = fabs(work->centroids[(Size) c * work->d + j]);
		set_units(work, j, weight * bound);
		farthest += work->metric == MANHATTAN ? bound + reach : (bound + reach) * (bound + reach);
	}
	set_units(work, work->d + SUM_DISTANCE, work->metric == COSINE ? 2 * weight : known > 0 ? known : weight * farthest);
	set_units(work, work->d + SUM_ONES, weight);
	set_units(work, work->d + SUM_SILHOUETTE, weight);
}

static void
make_weighed(Work *work)
{
	double	   *room = palloc((Size) work->width * KMEANS_CHUNK * sizeof(double));

	work->weighed = palloc(work->width * sizeof(double *));
	for (int j = 0; j < work->width; j++)
		work->weighed[j] = room + (Size) j * KMEANS_CHUNK;
}

static Work *
work_new(const State *state)
{
	int			d = features_of(state);
	int			k = places(d, scalars_of(state), state->nparams);
	Work	   *work = palloc0(sizeof(Work));
	Size		replica;

	work->metric = choice(state, PARAM_METRIC, MANHATTAN);
	work->mode = choice(state, PARAM_MODE, QUALITY);
	work->seed = state->body[PARAM_SEED];
	work->d = d;
	work->k = k;
	work->weighted = scalars_of(state) > 0;
	work->centroids = palloc((Size) PADDED_CENTROIDS(k) * d * sizeof(double));
	memcpy(work->centroids, state->body + params_size(0, d, scalars_of(state)), (Size) k * d * sizeof(double));
	for (Size i = (Size) k * d; i < (Size) PADDED_CENTROIDS(k) * d; i++)
		work->centroids[i] = NAN;
	work->width = TYPEALIGN(4, d + (work->mode == QUALITY ? SUMS_EXTRA : SUMS_EXTRA - 1));
	work->coarse = palloc0((work->width + SUMS_EXTRA) * sizeof(double));
	work->fine = palloc0((work->width + SUMS_EXTRA) * sizeof(double));
	set_all_units(work, state->body[PARAM_FARTHEST], state->body + PARAMS_HEAD);
	replica = (Size) (k + 1) * 2 * work->width * sizeof(double);
	work->replicas = 4 * replica <= REPLICA_BYTES ? 4 : 1;
	work->sums = palloc0(replica * work->replicas);
	work->room = palloc((Size) (2 * d + 1) * KMEANS_CHUNK * sizeof(double));
	work->row = palloc(d * sizeof(double));
	work->features = palloc(d * sizeof(double *));
	work->columns = palloc(work->width * sizeof(double *));
	for (int r = 0; r < KMEANS_CHUNK; r++)
		work->ones[r] = 1;
	for (int j = d; j < work->width; j++)
		work->columns[j] = j == d + SUM_DISTANCE ? work->nearest.distance : j == d + SUM_ONES ? work->ones
			: j == d + SUM_SILHOUETTE ? work->silhouette : work->zeros;
	if (work->weighted)
		make_weighed(work);
	return work;
}

static void
work_free(Work *work)
{
	pfree(work->centroids);
	pfree(work->coarse);
	pfree(work->fine);
	pfree(work->sums);
	pfree(work->room);
	pfree(work->row);
	pfree(work->features);
	pfree(work->columns);
	if (work->weighted)
	{
		pfree(work->weighed[0]);
		pfree(work->weighed);
	}
	pfree(work);
}

/* Add what is in the sums of the work to those of the state. */
static void
flush(Work *work, State *state)
{
	double	   *to = cluster_sums(state);
	Size		replica = (Size) (work->k + 1) * 2 * work->width;
	int			used = Min(work->width, work->d + SUMS_EXTRA);

	for (int c = 0; c < work->k; c++)
		for (int j = 0; j < used; j++)
			for (int half = 0; half < 2; half++)
			{
				double	   *pair = to + ((Size) c * (work->d + SUMS_EXTRA) + j) * SUM_PARTS + 2 * half;
				double		sum = 0;
				dd			total;

				for (int q = 0; q < work->replicas; q++)
					sum += work->sums[q * replica + ((Size) c * 2 + half) * work->width + j];
				total = two_sum(pair[0], sum);
				total = fast_two_sum(total.hi, total.lo + pair[1]);
				pair[0] = total.hi;
				pair[1] = total.lo;
			}
	memset(work->sums, 0, work->replicas * replica * sizeof(double));
	work->pending = 0;
}

static void
take_chunk(Work *work, const RowBlock *block, int first, int rows)
{
	double	   *units = work->room + (Size) work->d * KMEANS_CHUNK;
	double	   *weights = units + (Size) work->d * KMEANS_CHUNK;

	for (int j = 0; j < work->d; j++)
	{
		work->features[j] = chunk_of(block->columns[j] + first, rows, work->room + (Size) j * KMEANS_CHUNK);
		work->columns[j] = work->metric == COSINE ? units + (Size) j * KMEANS_CHUNK : work->features[j];
	}
	if (work->metric == COSINE)
		unit_rows(work->features, work->d, (double *const *) work->columns);
	if (work->weighted)
		work->weights = chunk_of(block->columns[work->d] + first, rows, weights);
}

/* Raise, because some row has no finite distance to any centroid. */
static void
explain(const Work *work, int rows)
{
	check_chunk(work->features, work->d, rows);
	if (work->metric == COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the features of some row are all zero, and have no direction"),
				 errhint("Leave such rows out, or choose another distance than cosine.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no centroid that some row is nearest to")));
}

/* (b - a) / b, a and b the distances to the nearest centroid and to the second one; 0 where they are equal. */
static void
silhouettes(Work *work)
{
	for (int r = 0; r < KMEANS_CHUNK; r++)
	{
		double		ratio = work->nearest.distance[r] / work->nearest.second[r];

		if (work->metric == SQUARED_EUCLIDEAN)
			ratio = sqrt(ratio);
		work->silhouette[r] = ratio < 1 ? 1 - ratio : 0;
	}
}

static void
keep_rows(Work *work, Kept *kept, int rows)
{
	double		uniforms[KMEANS_CHUNK];

	if (work->mode == DRAW)
		row_uniforms(work->columns, work->d, work->seed, uniforms);
	for (int r = 0; r < rows; r++)
	{
		double		key = work->nearest.distance[r];

		if (work->mode == DRAW)
			key /= -log(uniforms[r]);
		if (key <= 0 || key < kept_bound(kept))
			continue;
		for (int j = 0; j < work->d; j++)
			work->row[j] = work->columns[j][r] + 0.0;
		kept_insert(kept, key, work->weighted ? work->weights[r] : 1, work->row);
	}
}

/* The columns to be summed. */
static const double *const *
weighed_columns(const Work *work)
{
	if (!work->weighted)
		return work->columns;
	weigh_rows(work->columns, work->width, work->weights, work->weighed);
	return (const double *const *) work->weighed;
}

static void
add_chunk(Work *work, Kept *kept, int rows)
{
	int			place[KMEANS_CHUNK];
	double	   *sums[4];
	bool		finite = true;

	nearest_centroids(work->metric, work->mode == QUALITY, work->columns, work->d, work->centroids, work->k,
					  &work->nearest);
	for (int r = 0; r < KMEANS_CHUNK; r++)
	{
		place[r] = (r < rows ? (int) work->nearest.index[r] : work->k) * 2 * work->width;
		finite = finite && work->nearest.distance[r] < INFINITY;
	}
	if (!finite)
		explain(work, rows);
	if (work->mode == QUALITY)
		silhouettes(work);
	for (int q = 0; q < 4; q++)
		sums[q] = work->sums + (Size) (q % work->replicas) * (work->k + 1) * 2 * work->width;
	sum_rows(weighed_columns(work), work->width, work->coarse, work->fine, place, sums);
	if (work->mode == FARTHEST || work->mode == DRAW)
		keep_rows(work, kept, rows);
	work->pending += KMEANS_CHUNK;
}

/* Rows whose weights, if they have any, are above zero. */
static void
add_rows(State *state, const RowBlock *block)
{
	Kept		kept = kmeans_kept(state);
	Work	   *work = work_new(state);

	for (int first = 0; first < block->rows; first += KMEANS_CHUNK)
	{
		int			rows = Min(KMEANS_CHUNK, block->rows - first);

		take_chunk(work, block, first, rows);
		add_chunk(work, &kept, rows);
		if (work->pending >= EXACT_ROWS)
			flush(work, state);
	}
	flush(work, state);
	work_free(work);
	state->rows_used += block->rows;
}

static void
weighted_add(State *state, const RowBlock *block)
{
	RowBlock	used = positive_weights(block, state->ncols);

	add_rows(state, &used);
	state->rows_skipped += block->rows - used.rows;
	free_positive_weights(&used, block, state->ncols);
}

static void
kmeans_merge(State *into, const State *from)
{
	double	   *to = cluster_sums(into);
	const double *sums = cluster_sums(from);
	int			d = features_of(into);
	int64		size = sums_size(places(d, scalars_of(into), into->nparams), d);
	Kept		kept = kmeans_kept(into);
	Kept		others = kmeans_kept(from);

	if (memcmp(into->body, from->body, into->nparams * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("states of different parameters cannot be merged")));
	for (int64 i = 0; i < size; i += 2)
	{
		dd			sum = dd_add((dd) {to[i], to[i + 1]}, (dd) {sums[i], sums[i + 1]});

		to[i] = sum.hi;
		to[i + 1] = sum.lo;
	}
	kept_merge(&kept, &others);
}

const Kernel kmeans_kernel = {
	.name = "kmeans",
	.id = 9,
	.scalars = 0,
	.has_params = true,
	.sized_by_params = kmeans_size,
	.start = kmeans_start,
	.check = kmeans_check,
	.add = add_rows,
	.merge = kmeans_merge,
};
MADPY_KERNEL(kmeans)

const Kernel weighted_kmeans_kernel = {
	.name = "weighted_kmeans",
	.id = 21,
	.scalars = 1,
	.has_params = true,
	.sized_by_params = weighted_size,
	.start = kmeans_start,
	.check = kmeans_check,
	.add = weighted_add,
	.merge = kmeans_merge,
};
MADPY_KERNEL(weighted_kmeans)
