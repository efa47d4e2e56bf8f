/*
 * boost_histogram.c: sums of gradients by feature and code.
 */
#include "boost.h"

#include "miscadmin.h"
#include "numeric/dd.h"
#include "utils/memutils.h"

#define FEATURES_AT_ONCE 6
#define MOST_BYTES (INT64CONST(512) << 20)	/* of histograms that are kept */

/* Returns a histogram to be filled, or NULL if those in use have too many bytes. */
Histogram *
new_histogram(Fit *fit)
{
	Histogram  *histogram = fit->unused;

	if (histogram)
		fit->unused = histogram->next;
	return histogram;
}

void
free_histogram(Fit *fit, Histogram *histogram)
{
	if (histogram == NULL)
		return;
	histogram->next = fit->unused;
	fit->unused = histogram;
}

/* Allocates the histograms of a training: two for any split, and more as far as they have not too many bytes. */
void
alloc_histograms(Fit *fit)
{
	Size		bytes = fit->cells * (2 * sizeof(int64) + sizeof(int32));
	int			count = Max(3, Min(fit->settings->max_leaves + 1, MOST_BYTES / (int64) bytes));

	fit->unused = NULL;
	for (int i = 0; i < Min(count, fit->count + 2); i++)
	{
		Histogram  *histogram = palloc(sizeof(Histogram));

		histogram->slope = MemoryContextAllocHuge(CurrentMemoryContext, fit->cells * sizeof(int64));
		histogram->curve = MemoryContextAllocHuge(CurrentMemoryContext, fit->cells * sizeof(int64));
		histogram->rows = MemoryContextAllocHuge(CurrentMemoryContext, fit->cells * sizeof(int32));
		free_histogram(fit, histogram);
	}
}

/* Adds rows to the cells of `count` features; a loop for each count is compiled. */
static pg_attribute_always_inline void
add_features(const Fit *fit, const uint32 *rows, int number, const int *features, int count, Packed *sums)
{
	const uint8 *codes = fit->codes;
	const Packed *packed = fit->packed;
	Size		stride = fit->stride;
	Packed	   *cells[FEATURES_AT_ONCE];
	int			at[FEATURES_AT_ONCE];

	for (int f = 0; f < count; f++)
	{
		at[f] = features[f];
		cells[f] = sums + fit->offset[features[f]];
	}
	for (int i = 0; i < number; i++)
	{
		const uint8 *row = codes + rows[i] * stride;
		Packed		value = packed[rows[i]];
		uint32		ahead = row_ahead(rows, i, number);

		__builtin_prefetch(codes + ahead * stride);
		__builtin_prefetch(packed + ahead);

		for (int f = 0; f < count; f++)
			cells[f][row[at[f]]] += value;
	}
}

static void
add_some_features(const Fit *fit, const uint32 *rows, int number, const int *features, int count, Packed *sums)
{
	switch (count)
	{
		case 1:
			add_features(fit, rows, number, features, 1, sums);
			break;
		case 2:
			add_features(fit, rows, number, features, 2, sums);
			break;
		case 3:
			add_features(fit, rows, number, features, 3, sums);
			break;
		case 4:
			add_features(fit, rows, number, features, 4, sums);
			break;
		case 5:
			add_features(fit, rows, number, features, 5, sums);
			break;
		default:
			add_features(fit, rows, number, features, FEATURES_AT_ONCE, sums);
	}
}

/* Adds the sums of at most ROWS_OF_SUM rows to wider ones, and clears them. */
DD_CLONES static void
widen(Packed *restrict sums, int cells, int64 *restrict slope, int64 *restrict curve, int32 *restrict number)
{
	for (int c = 0; c < cells; c++)
	{
		slope[c] += (int32) (sums[c] >> 32) >> 4;
		curve[c] += (sums[c] >> 12) & 0xffffff;
		number[c] += sums[c] & 0xfff;
	}
	memset(sums, 0, cells * sizeof(Packed));
}

void
add_sums(const Fit *fit, const uint32 *rows, int count, Packed *sums, int64 *slope, int64 *curve, int32 *number)
{
	int			used = fit->used_count;
	int			parts = (used + FEATURES_AT_ONCE - 1) / FEATURES_AT_ONCE;

	for (int done = 0; done < count; done += ROWS_OF_SUM)
	{
		int			some = Min(ROWS_OF_SUM, count - done);

		CHECK_FOR_INTERRUPTS();
		for (int p = 0; p < parts; p++)
		{
			int			first = (int64) used * p / parts;

			add_some_features(fit, rows + done, some, fit->used + first, (int64) used * (p + 1) / parts - first, sums);
		}
		widen(sums, fit->cells, slope, curve, number);
	}
}

void
sum_histogram(Fit *fit, int from, int to, Histogram *histogram)
{
	int			per_task = Max(2 * ROWS_OF_TASK, (to - from + SUM_TASKS - 1) / SUM_TASKS);
	int			tasks = (to - from + per_task - 1) / per_task;

	memset(histogram->slope, 0, fit->cells * sizeof(int64));
	memset(histogram->curve, 0, fit->cells * sizeof(int64));
	memset(histogram->rows, 0, fit->cells * sizeof(int32));
	if (!fit->is_shared || tasks == 1)
	{
		add_sums(fit, fit->order + from, to - from, fit->sums, histogram->slope, histogram->curve, histogram->rows);
		return;
	}
	memset(fit->partial, 0, tasks * (Size) fit->cells * 3 * sizeof(int64));
	run_chunks(fit, STEP_SUM, from, to, per_task);
	for (int t = 0; t < tasks; t++)
	{
		const int64 *slope = fit->partial + (Size) t * fit->cells * 3;
		const int64 *curve = slope + fit->cells;
		const int32 *rows = (const int32 *) (curve + fit->cells);

		for (int c = 0; c < fit->cells; c++)
		{
			histogram->slope[c] += slope[c];
			histogram->curve[c] += curve[c];
			histogram->rows[c] += rows[c];
		}
	}
}

void
subtract_histogram(const Fit *fit, Histogram *from, const Histogram *histogram)
{
	for (int c = 0; c < fit->cells; c++)
	{
		from->slope[c] -= histogram->slope[c];
		from->curve[c] -= histogram->curve[c];
		from->rows[c] -= histogram->rows[c];
	}
}
