/*
 * task.c: does the tasks of a run, in the leader as in workers, and notes which was the first to fail.
 */
#include "postgres.h"

#include "engine/bounds.h"
#include "miscadmin.h"
#include "team.h"
#include "utils/memutils.h"

/* A member's results are freed before the next run if they take more than this. */
#define KEPT_RESULTS ((Size) 16 * 1024 * 1024)

int			task_process = 0;

static MemoryContext results;	/* for the results of the leader */
static Size result_bytes = 0;	/* those of a member */

/* Begins a run in this process: results of the last one are not needed any more. */
void
tasks_begin(MemoryContext context)
{
	results = context;
	if (task_process > 0 && result_bytes > KEPT_RESULTS)
		team_free_results(task_process - 1, result_bytes);
	result_bytes = 0;
}

MemoryContext
parallel_results(void)
{
	return task_process == 0 ? results : NULL;
}

void *
parallel_result(Size size)
{
	Size		at = result_bytes;

	if (task_process == 0)
		return MemoryContextAllocHuge(results, size);
	if (size > RESULT_BYTES - at)
		palloc_limited(size, RESULT_BYTES - at, "all results of a worker together");
	result_bytes += MAXALIGN(size);
	return team_results(task_process - 1) + at;
}

/* Does a task, in a memory context that is reset after it. */
void
task_do(ParallelTask work, void *argument, int task)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "madpy task", ALLOCSET_DEFAULT_SIZES);

	MemoryContextSwitchTo(context);
	work(argument, task);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* Returns the next task of the team's run, -1 if there is none to begin. */
int
team_next_task(int tasks)
{
	uint32		task = pg_atomic_fetch_add_u32(&team->next, 1);

	return task < tasks && task < pg_atomic_read_u32(&team->stop) ? task : -1;
}

static void
copy_text(char *to, const char *from)
{
	strlcpy(to, from ? from : "", LONGEST_TEXT);
}

/* Notes the error of a task, unless an earlier task has failed; later tasks need not begin. */
void
team_note_error(int task, const ErrorData *error)
{
	SpinLockAcquire(&team->lock);
	if (task < pg_atomic_read_u32(&team->stop))
	{
		pg_atomic_write_u32(&team->stop, task);
		team->error.sqlstate = error->sqlerrcode;
		copy_text(team->error.message, error->message);
		copy_text(team->error.detail, error->detail);
		copy_text(team->error.hint, error->hint);
	}
	SpinLockRelease(&team->lock);
}
