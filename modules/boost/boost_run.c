/*
 * boost_run.c: trains the models of all groups on all cores: workers take part in the training of a large group, and small
 * groups are tasks.
 */
#include "boost.h"

#include "miscadmin.h"
#include "parallel/parallel.h"
#include "utils/memutils.h"

#define LARGE_CODES 1000000		/* codes of a group that workers train together */
#define LEAST_ROWS 8192			/* rows of a task */
#define TASKS_AT_ONCE 128

/* The argument of the tasks; workers share it if they share the rows. */
typedef struct Run
{
	const CodedRows *rows;
	BoostSettings settings;
	int			first[TASKS_AT_ONCE + 1];	/* first group of each task */
	GroupBoost *results;		/* a model for each group of the run */
	double		numbers[FLEXIBLE_ARRAY_MEMBER]; /* numbers of the settings */
} Run;

static int64
rows_of_group(const CodedRows *rows, int group)
{
	return rows->first[group + 1] - rows->first[group];
}

static bool
is_large(const CodedRows *rows, int group)
{
	return rows_of_group(rows, group) * rows->features >= LARGE_CODES;
}

/* --- results as one piece of memory --- */

typedef struct Piece
{
	char	   *start;			/* NULL: only its size is wanted */
	Size		size;
} Piece;

static void *
put(Piece *piece, const void *from, Size size)
{
	char	   *to = piece->start + piece->size;

	piece->size += MAXALIGN(size);
	if (piece->start && size > 0)
		memcpy(to, from, size);
	return to;
}

/* Copies a model to a piece of memory; without that only sets the size. */
static GroupBoost
put_boost(Piece *piece, const GroupBoost *boost, int features, int outputs, int classes)
{
	GroupBoost	copy = *boost;
	int			trees = boost->best * outputs;

	copy.trees = put(piece, boost->trees, trees * sizeof(GrownTree *));
	copy.round = put(piece, boost->round, boost->rounds * sizeof(BoostRound));
	copy.gains = put(piece, boost->gains, features * sizeof(double));
	copy.start = put(piece, boost->start, outputs * sizeof(double));
	copy.class_rows = put(piece, boost->class_rows, classes * sizeof(double));
	for (int t = 0; t < trees; t++)
	{
		if (piece->start)
			copy.trees[t] = copy_tree(boost->trees[t], piece->start + piece->size);
		piece->size += MAXALIGN(tree_bytes(boost->trees[t]));
	}
	return copy;
}

static Size
boost_bytes(const GroupBoost *boost, int features, int outputs, int classes)
{
	Piece		piece = {0};

	put_boost(&piece, boost, features, outputs, classes);
	return piece.size;
}

static GroupBoost
copied_boost(const GroupBoost *boost, const CodedRows *rows, const BoostSettings *settings, char *to)
{
	Piece		piece = {to};

	return put_boost(&piece, boost, rows->features - settings->is_marked, outputs_of(settings, rows->classes), rows->classes);
}

static Size
bytes_of(const GroupBoost *boost, const CodedRows *rows, const BoostSettings *settings)
{
	return boost_bytes(boost, rows->features - settings->is_marked, outputs_of(settings, rows->classes), rows->classes);
}

/* --- small groups --- */

static void
train_small(Run *run, int group, GroupBoost *result)
{
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "madpy boosting of a group", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	BoostSettings settings = run->settings;
	GroupBoost	boost;

	settings.numbers = run->numbers;
	boost = fit_boost(run->rows, &settings, group, false);
	MemoryContextSwitchTo(old);
	*result = copied_boost(&boost, run->rows, &settings, parallel_result(bytes_of(&boost, run->rows, &settings)));
	MemoryContextDelete(own);
}

static void
train_task(void *argument, int task)
{
	Run		   *run = argument;

	for (int g = run->first[task]; g < run->first[task + 1]; g++)
	{
		CHECK_FOR_INTERRUPTS();
		if (rows_of_group(run->rows, g) > 0 && !is_large(run->rows, g))
			train_small(run, g, &run->results[g - run->first[0]]);
	}
}

static void *
run_alloc(const CodedRows *rows, Size size)
{
	void	   *memory = rows->is_shared ? parallel_alloc(CurrentMemoryContext, size) :
		MemoryContextAllocHuge(CurrentMemoryContext, size);

	if (memory == NULL)
		store_no_memory("memory that workers share");
	memset(memory, 0, size);
	return memory;
}

/* Makes tasks of groups from `group` on; returns their number, and sets where each begins. */
static int
make_tasks(const CodedRows *rows, int group, int *first)
{
	int			tasks = 0;

	first[0] = group;
	while (tasks < TASKS_AT_ONCE && first[tasks] < rows->groups)
	{
		int64		sum = 0;

		for (; group < rows->groups && sum < LEAST_ROWS; group++)
			sum += is_large(rows, group) ? 0 : rows_of_group(rows, group);
		first[++tasks] = group;
	}
	return tasks;
}

static void
keep_boost(Store *store, Boosts *boosts, int group, const GroupBoost *boost)
{
	Size		bytes = bytes_of(boost, store->coded, &boosts->settings);

	boosts->groups[group] = copied_boost(boost, store->coded, &boosts->settings, MemoryContextAllocHuge(store->context, bytes));
}

/* Trains the small groups of a run from `group` on; returns the first group of the next run. */
static int
train_some(Store *store, Boosts *boosts, int group)
{
	const CodedRows *rows = store->coded;
	int			count = rows->classes + rows->features;
	Run		   *run = run_alloc(rows, offsetof(Run, numbers) + count * sizeof(double));
	int			tasks = make_tasks(rows, group, run->first);
	int			end = run->first[tasks];

	run->rows = rows;
	run->settings = boosts->settings;
	memcpy(run->numbers, boosts->settings.numbers, count * sizeof(double));
	run->results = run_alloc(rows, (end - group) * sizeof(GroupBoost));
	parallel_run(train_task, run, tasks,
				 (rows->first[end] - rows->first[group]) * (Size) rows->features * boosts->settings.rounds);
	for (int g = group; g < end; g++)
		if (run->results[g - group].rounds > 0)
			keep_boost(store, boosts, g, &run->results[g - group]);
	return end;
}

void
train_groups(Store *store, Boosts *boosts)
{
	const CodedRows *rows = store->coded;
	MemoryContext own = AllocSetContextCreate(CurrentMemoryContext, "madpy boosting of groups", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);

	for (int group = 0; group < rows->groups;)
	{
		group = train_some(store, boosts, group);
		MemoryContextReset(own);
	}
	for (int group = 0; group < rows->groups; group++)
	{
		GroupBoost	boost;

		if (!is_large(rows, group))
			continue;
		boost = fit_boost(rows, &boosts->settings, group, rows->is_shared);
		keep_boost(store, boosts, group, &boost);
		MemoryContextReset(own);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(own);
}
