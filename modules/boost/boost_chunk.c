/*
 * boost_chunk.c: the steps of a training that go over many rows, in tasks that workers take part in.
 */
#include "boost.h"

#include "miscadmin.h"
#include "parallel/parallel.h"

#define WALKED_AT_ONCE 512

/* Parts the rows of a task: those of the first child stay, in their order, the others go to `moved`. */
static int
part_some(Fit *fit, const Chunked *chunked, int from, int to)
{
	const uint8 *column = fit->columns + (Size) chunked->feature * fit->total;
	uint32	   *order = fit->order;
	int			first = from;
	int			second = from;

	for (int i = from; i < to; i++)
	{
		uint32		row = order[i];
		bool		goes = chunked->goes_first[column[row]];

		order[first] = row;
		fit->moved[second] = row;
		first += goes;
		second += !goes;
	}
	return first - from;
}

static void
finish_leaf(Fit *fit, int output, OpenLeaf *leaf)
{
	const uint32 *rows = fit->order + leaf->from;
	double	   *scores = fit->scores + (Size) output * fit->total;
	double		value = leaf_value(fit, output, rows, leaf->to - leaf->from, leaf->lower, leaf->upper, &leaf->cover);

	leaf->value = value;
	for (int i = 0; i < leaf->to - leaf->from; i++)
	{
		__builtin_prefetch(scores + row_ahead(rows, i, leaf->to - leaf->from));
		scores[rows[i]] += value;
	}
}

/* Adds a tree to the scores of rows that it was not grown from. */
static void
score_others(Fit *fit, int output, int from, int to)
{
	double	   *scores = fit->scores + (Size) output * fit->total;

	for (int done = from; done < to; done += WALKED_AT_ONCE)
	{
		int			count = Min(WALKED_AT_ONCE, to - done);
		const uint8 *codes[WALKED_AT_ONCE];
		int32		leaf[WALKED_AT_ONCE];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < count; i++)
			codes[i] = fit->codes + fit->others[done + i] * (Size) fit->stride;
		leaves_of_rows(fit->walked, fit->coding, codes, count, leaf);
		for (int i = 0; i < count; i++)
			scores[fit->others[done + i]] += *numbers_of_leaf(fit->walked, leaf[i]);
	}
}

static void
sum_some(Fit *fit, int from, int to, int task)
{
	int64	   *slope = fit->partial + (Size) task * fit->cells * 3;
	int64	   *curve = slope + fit->cells;

	add_sums(fit, fit->order + from, to - from, fit->sums + (Size) task * fit->cells, slope, curve,
			 (int32 *) (curve + fit->cells));
}

static void
do_step(Chunked *chunked, int task)
{
	Fit		   *fit = chunked->fit;
	int			from = chunked->from + task * chunked->per_task;
	int			to = Min(chunked->to, from + (int64) chunked->per_task);

	CHECK_FOR_INTERRUPTS();
	switch ((ChunkStep) chunked->step)
	{
		case STEP_GRADIENTS:
			chunked->results[task] = set_gradients(fit, chunked->output, from, to);
			break;
		case STEP_LOSSES:
			chunked->results[task] = sum_losses(fit, from, to);
			break;
		case STEP_PACK:
			pack_gradients(fit, from, to);
			break;
		case STEP_SUM:
			sum_some(fit, from, to, task);
			break;
		case STEP_PART:
			chunked->firsts[task] = part_some(fit, chunked, from, to);
			break;
		case STEP_LEAF:
			finish_leaf(fit, chunked->output, &fit->leaves[from]);
			break;
		case STEP_OTHERS:
			score_others(fit, chunked->output, from, to);
			break;
	}
}

static void
chunk_task(void *argument, int task)
{
	do_step(argument, task);
}

int
run_chunks(Fit *fit, ChunkStep step, int from, int to, int per_task)
{
	Chunked    *chunked = fit->chunked;
	int			tasks = to > from ? (to - from + per_task - 1) / per_task : 0;

	chunked->fit = fit;
	chunked->step = step;
	chunked->from = from;
	chunked->to = to;
	chunked->per_task = per_task;
	if (fit->is_shared && tasks > 1)
		parallel_run(chunk_task, chunked, tasks, fit->total * (Size) fit->stride + fit->count * sizeof(double) * 8);
	else
		for (int t = 0; t < tasks; t++)
			do_step(chunked, t);
	return tasks;
}
