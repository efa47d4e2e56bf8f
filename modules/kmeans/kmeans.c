/*
 * kmeans.c: the kernels "kmeans" and "weighted_kmeans", which assign each row to the nearest of k centroids and sum the rows
 * of each centroid.  A row of weight 3 counts as three rows.
 *
 * Parameters: see kmeans.h.
 *
 * Body: the parameters; for each centroid d + 3 sums over its rows, with their weights: the features (divided by the row's
 * length for COSINE), the distance, 1, the simplified silhouette (mode QUALITY); then, in two modes, up to k rows
 * (kmeans.h).  In mode FARTHEST these are the rows with the largest distance.  In mode DRAW they are a random sample without
 * replacement, with probabilities proportional to the distance: the rows with the largest distance^(1/u), where u is a
 * pseudo-random number of the row (Efraimidis & Spirakis, "Weighted random sampling with a reservoir", 2006).
 *
 * A sum is four doubles: two integers, each as hi + lo, in units that follow from the bounds.  So it does not depend on the
 * order of the rows or on how they were divided among workers, not even in the last bit.
 */
#include "postgres.h"

#include "kmeans_work.h"

/* Rows that can be summed exactly: each adds at most 2^UNIT_BITS units, and a double is exact up to 2^53. */
#define EXACT_ROWS 4096

extern const Kernel weighted_kmeans_kernel;

/* Returns the number of columns after the features: 1 if there is a weight, else 0. */
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

/* Returns the number of centroids of d features for which the parameters have space. */
static int
places(int d, int scalars, int nparams)
{
	return d > 0 ? Max(0, nparams - params_size(0, d, scalars)) / d : 0;
}

/* Returns the number of rows to keep: k in modes FARTHEST and DRAW, else 0. */
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
assign_size(int d, int scalars, int nparams, const double *params)
{
	int			k = places(d, scalars, nparams);

	return nparams + sums_size(k, d) + kept_size(kept_capacity(k, params), d);
}

/* Checks that the parameters have bounds and complete centroids, which work_new() reads. */
static void
assign_check(const State *state)
{
	int			d = features_of(state);
	int64		centroids = state->nparams - params_size(0, d, scalars_of(state));

	if (d > 0 && (centroids < d || centroids % d != 0))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d parameters do not fit %d features", state->nparams, d)));
}

static void
assign_start(State *state, const double *params)
{
	memcpy(state->body, params, state->nparams * sizeof(double));
}

/* Adds the sums of the work to those of the state. */
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
		work_explain(work, rows);
	if (work->mode == QUALITY)
		work_silhouettes(work);
	for (int q = 0; q < 4; q++)
		sums[q] = work->sums + (Size) (q % work->replicas) * (work->k + 1) * 2 * work->width;
	sum_rows(work_summed(work), work->width, work->coarse, work->fine, place, sums);
	if (work->mode == FARTHEST || work->mode == DRAW)
		keep_rows(work, kept, rows);
	work->pending += KMEANS_CHUNK;
}

/* Adds rows; their weights, if there are any, must be positive. */
static void
assign_add(State *state, const RowBlock *block)
{
	Kept		kept = kmeans_kept(state);
	int			d = features_of(state);
	Work	   *work = work_new(state->body, places(d, scalars_of(state), state->nparams), d, scalars_of(state) > 0);

	for (int first = 0; first < block->rows; first += KMEANS_CHUNK)
	{
		int			rows = Min(KMEANS_CHUNK, block->rows - first);

		work_take_chunk(work, block, first, rows);
		add_chunk(work, &kept, rows);
		if (work->pending >= EXACT_ROWS)
			flush(work, state);
	}
	flush(work, state);
	work_free(work);
	state->rows_used += block->rows;
}

static void
assign_merge(State *into, const State *from)
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

KMEANS_KERNEL(kmeans, 9, assign, 0, assign_check)
MADPY_KERNEL(kmeans)

KMEANS_KERNEL(weighted_kmeans, 21, assign, 1, assign_check)
MADPY_KERNEL(weighted_kmeans)
