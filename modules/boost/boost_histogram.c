/*
 * boost_histogram.c: sums of gradients by feature and code.
 */
#include "boost.h"

#include "utils/memutils.h"

#define MOST_BYTES (INT64CONST(512) << 20)	/* memory of histograms that are kept */

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
