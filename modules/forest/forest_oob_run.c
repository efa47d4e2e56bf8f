/*
 * forest_oob_run.c: predicts the rows of all groups out of bag, on all cores.
 *
 * The rows of a group are cut into chunks, whose number does not depend on the workers, and their sums are added in order.
 */
#include "forest.h"

#include "miscadmin.h"
#include "parallel/parallel.h"
#include "utils/memutils.h"

#define MOST_CHUNKS 64			/* most chunks of a group */
#define LEAST_ROWS 8192			/* least rows of a chunk, and of the chunks of a task */

/* A chunk of a group. */
typedef struct Chunk
{
	int			group;
	int64		from;
	int64		to;
	const ForestTree *trees;
	double		mean;			/* mean of the group's target */
	OobSums    *sums;
} Chunk;

typedef struct Run
{
	const CodedRows *rows;
	ForestSettings settings;
	int			chunks;
	int			per_task;
	Chunk		chunk[FLEXIBLE_ARRAY_MEMBER];
} Run;

static Size
sums_bytes(const CodedRows *rows, const ForestSettings *settings)
{
	return offsetof(OobSums, numbers) + settings->trees * (Size) oob_numbers_of_tree(rows, settings) * sizeof(double);
}

static void
predict_task(void *argument, int task)
{
	Run		   *run = argument;
	int			end = Min(run->chunks, (task + (int64) 1) * run->per_task);
	Size		size = sums_bytes(run->rows, &run->settings);

	for (int c = task * run->per_task; c < end; c++)
	{
		Chunk	   *chunk = &run->chunk[c];

		chunk->sums = parallel_result(size);
		memset(chunk->sums, 0, size);
		predict_out_of_bag(run->rows, &run->settings, chunk->group, chunk->trees, chunk->mean, chunk->from, chunk->to,
						   chunk->sums);
	}
}

static int64
rows_of_chunk(int64 rows)
{
	return Max(LEAST_ROWS, (rows + MOST_CHUNKS - 1) / MOST_CHUNKS);
}

/* Cuts all groups into chunks, unless `chunk` is NULL, and returns their number. */
static int64
cut_groups(const CodedRows *rows, const Forests *forests, Chunk *chunk)
{
	int64		count = 0;

	for (int g = 0; g < rows->groups; g++)
	{
		int64		end = rows->first[g + 1];
		int64		most = rows_of_chunk(end - rows->first[g]);

		for (int64 from = rows->first[g]; from < end; from += most, count++)
			if (chunk)
				chunk[count] = (Chunk) {g, from, Min(end, from + most), forests->groups[g].trees, forests->groups[g].mean};
	}
	return count;
}

/* Adds the sums of a chunk to its forest. */
static void
add_chunk(const Run *run, const Chunk *chunk, GroupForest *forest)
{
	const double *numbers = chunk->sums->numbers;
	int			features = run->settings.permutation ? run->rows->features : 0;

	forest->oob_rows += chunk->sums->rows;
	forest->oob_loss += chunk->sums->loss;
	forest->target_loss += chunk->sums->target_loss;
	for (int t = 0; t < run->settings.trees; t++, numbers += 2 + features)
	{
		forest->trees[t].oob_rows += numbers[0];
		forest->trees[t].oob_loss += numbers[1];
		for (int f = 0; f < features; f++)
			forest->trees[t].permuted[f] += numbers[2 + f];
	}
}

/* Sets the importance of features to the mean over all trees of the loss by a permutation. */
static void
set_permutation(const Run *run, GroupForest *forest)
{
	for (int t = 0; t < run->settings.trees; t++)
		for (int f = 0; f < run->rows->features; f++)
			if (forest->trees[t].oob_rows > 0)
				forest->permutation[f] += forest->trees[t].permuted[f] / forest->trees[t].oob_rows / run->settings.trees;
}

void
sum_out_of_bag(Store *store, Forests *forests)
{
	const CodedRows *rows = store->coded;
	int64		chunks = cut_groups(rows, forests, NULL);
	Size		size = offsetof(Run, chunk) + chunks * sizeof(Chunk);
	Run		   *run;

	run = rows->is_shared ? parallel_alloc(CurrentMemoryContext, size) : MemoryContextAllocHuge(CurrentMemoryContext, size);
	if (run == NULL)
		store_no_memory("memory that workers share");
	run->rows = rows;
	run->settings = forests->settings;
	run->chunks = cut_groups(rows, forests, run->chunk);
	run->per_task = 1 + LEAST_ROWS * (int64) rows->groups / Max(rows->first[rows->groups], 1);
	parallel_run(predict_task, run, (chunks + run->per_task - 1) / run->per_task,
				 rows->first[rows->groups] * (Size) rows->features * forests->settings.trees);
	for (int c = 0; c < run->chunks; c++)
	{
		CHECK_FOR_INTERRUPTS();
		add_chunk(run, &run->chunk[c], &forests->groups[run->chunk[c].group]);
	}
	for (int g = 0; g < rows->groups && forests->settings.permutation; g++)
		set_permutation(run, &forests->groups[g]);
}
