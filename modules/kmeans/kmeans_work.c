/*
 * kmeans_work.c: working memory of the kernel "kmeans" for a block of rows, which it processes in chunks.
 */
#include "postgres.h"

#include "kmeans_work.h"

/* Sums larger than this have no replicas, because four replicas would not fit into the cache. */
#define REPLICA_BYTES (64 * 1024)

/* Returns a parameter as an integer; raises an error unless it is an integer from 0 to `last`. */
static int
choice(const double *params, int number, int last)
{
	double		value = params[number];

	if (!(value >= 0 && value <= last))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("parameter %d must be between 0 and %d, not %g", number + 1, last, value)));
	return (int) value;
}

/* Sets the constants that round numbers of a column, of absolute value up to `bound`, for exact sums. */
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
	set_units(work, work->d + SUM_DISTANCE,
			  work->metric == COSINE ? 2 * weight : known > 0 ? known : weight * farthest);
	set_units(work, work->d + SUM_ONES, weight);
	set_units(work, work->d + SUM_SILHOUETTE, weight);
}

static void
make_centroids(Work *work, const double *given)
{
	Size		numbers = (Size) work->k * work->d;
	Size		padded = (Size) PADDED_CENTROIDS(work->k) * work->d;

	work->centroids = palloc(padded * sizeof(double));
	memcpy(work->centroids, given, numbers * sizeof(double));
	for (Size i = numbers; i < padded; i++)
		work->centroids[i] = NAN;
}

static void
make_sums(Work *work)
{
	Size		replica = (Size) (work->k + 1) * 2 * work->width * sizeof(double);

	work->replicas = 4 * replica <= REPLICA_BYTES ? 4 : 1;
	work->sums = palloc0(replica * work->replicas);
}

static void
make_columns(Work *work)
{
	int			d = work->d;

	work->scratch = palloc((Size) (2 * d + 1) * KMEANS_CHUNK * sizeof(double));
	work->row = palloc(d * sizeof(double));
	work->features = palloc(d * sizeof(double *));
	work->columns = palloc(work->width * sizeof(double *));
	for (int r = 0; r < KMEANS_CHUNK; r++)
		work->ones[r] = 1;
	for (int j = d; j < work->width; j++)
		work->columns[j] = j == d + SUM_DISTANCE ? work->nearest.distance : j == d + SUM_ONES ? work->ones
			: j == d + SUM_SILHOUETTE ? work->silhouette : work->zeros;
}

static void
make_weighed(Work *work)
{
	double	   *scratch = palloc((Size) work->width * KMEANS_CHUNK * sizeof(double));

	work->weighed = palloc(work->width * sizeof(double *));
	for (int j = 0; j < work->width; j++)
		work->weighed[j] = scratch + (Size) j * KMEANS_CHUNK;
}

/* Allocates the memory of a pass for k centroids of d features; the parameters are those of kmeans.h. */
Work *
work_new(const double *params, int k, int d, bool weighted)
{
	Work	   *work = palloc0(sizeof(Work));

	work->metric = choice(params, PARAM_METRIC, MANHATTAN);
	work->mode = choice(params, PARAM_MODE, QUALITY);
	work->seed = params[PARAM_SEED];
	work->d = d;
	work->k = k;
	work->weighted = weighted;
	make_centroids(work, params + params_size(0, d, weighted));
	work->width = TYPEALIGN(4, d + (work->mode == QUALITY ? SUMS_EXTRA : SUMS_EXTRA - 1));
	work->coarse = palloc0((work->width + SUMS_EXTRA) * sizeof(double));
	work->fine = palloc0((work->width + SUMS_EXTRA) * sizeof(double));
	set_all_units(work, params[PARAM_FARTHEST], params + PARAMS_HEAD);
	make_sums(work);
	make_columns(work);
	if (weighted)
		make_weighed(work);
	return work;
}

void
work_free(Work *work)
{
	pfree(work->centroids);
	pfree(work->coarse);
	pfree(work->fine);
	pfree(work->sums);
	pfree(work->scratch);
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

/* Makes `rows` rows of a block, from row `first` on, the current chunk. */
void
work_take_chunk(Work *work, const RowBlock *block, int first, int rows)
{
	double	   *units = work->scratch + (Size) work->d * KMEANS_CHUNK;
	double	   *weights = units + (Size) work->d * KMEANS_CHUNK;

	for (int j = 0; j < work->d; j++)
	{
		work->features[j] = chunk_of(block->columns[j] + first, rows, work->scratch + (Size) j * KMEANS_CHUNK);
		work->columns[j] = work->metric == COSINE ? units + (Size) j * KMEANS_CHUNK : work->features[j];
	}
	if (work->metric == COSINE)
		unit_rows(work->features, work->d, (double *const *) work->columns);
	if (work->weighted)
		work->weights = chunk_of(block->columns[work->d] + first, rows, weights);
}

/* Raises the error for a row that has no finite distance to any centroid. */
void
work_explain(const Work *work, int rows)
{
	check_chunk(work->features, work->d, rows);
	if (work->metric == COSINE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the features of some row are all zero, and have no direction"),
				 errhint("Leave such rows out, or choose another distance than cosine.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("some row has no finite distance to any centroid")));
}

/* Computes (b - a) / b from the distances a and b to the nearest centroid and to the second one; 0 if equal. */
void
work_silhouettes(Work *work)
{
	for (int r = 0; r < KMEANS_CHUNK; r++)
	{
		double		ratio = work->nearest.distance[r] / work->nearest.second[r];

		if (work->metric == SQUARED_EUCLIDEAN)
			ratio = sqrt(ratio);
		work->silhouette[r] = ratio < 1 ? 1 - ratio : 0;
	}
}

/* Returns the columns to be summed. */
const double *const *
work_summed(const Work *work)
{
	if (!work->weighted)
		return work->columns;
	weigh_rows(work->columns, work->width, work->weights, work->weighed);
	return (const double *const *) work->weighed;
}
