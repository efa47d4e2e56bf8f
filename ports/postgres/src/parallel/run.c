/*
 * run.c: the leader's side of a run: starts workers, does tasks itself, and waits for the tasks of the workers.
 *
 * A worker takes part from the moment it is there: nobody waits for one to start.  So a run without a free worker, or on a
 * server that does not start one, is a run of this backend alone.
 */
#include "postgres.h"

#include <limits.h>
#include <signal.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/paths.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "team.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#define MOST_FAILURES 3			/* of workers to start, after which this session tries no more */
#define SPINS 2000				/* looks for the end of a run before the leader sleeps, some tens of microseconds */
#define LONGEST_SLEEP 1000		/* milliseconds between two looks */

static BackgroundWorkerHandle *handles[MOST_WORKERS];
static int	failures = 0;
static bool is_running = false; /* a run is on: those that its tasks begin are not shared */

int
parallel_workers(Size bytes)
{
	if (is_running || task_process > 0 || IsInParallelMode() || failures >= MOST_FAILURES)
		return 0;
	if (bytes / BLCKSZ < min_parallel_table_scan_size)
		return 0;
	return Min(max_parallel_workers_per_gather, MOST_WORKERS);
}

/* Ends all members: those that are idle at once, others when they look. */
void
team_end(void)
{
	SpinLockAcquire(&team->lock);
	team->generation++;
	team->is_open = false;
	SpinLockRelease(&team->lock);
	for (int slot = 0; slot < MOST_WORKERS; slot++)
	{
		Member	   *member = &team->members[slot];

		if (member->presence == PRESENT)
			SetLatch(member->latch);
		member->presence = ABSENT;
		if (handles[slot])
			pfree(handles[slot]);
		handles[slot] = NULL;
	}
}

/* Cancels the tasks of members that are busy. */
static void
cancel_members(void)
{
	for (int slot = 0; slot < MOST_WORKERS; slot++)
		if (team->members[slot].busy)
			kill(team->members[slot].pid, SIGINT);
}

/* The end of the leader: callback of before_shmem_exit(). */
static void
leader_ends(int code, Datum argument)
{
	if (team == NULL)
		return;
	cancel_members();
	team_end();
}

/* Asks the postmaster for a worker; it refuses if max_parallel_workers or max_worker_processes are reached. */
static bool
start_member(int slot)
{
	BackgroundWorker worker = {.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_CLASS_PARALLEL,
	.bgw_start_time = BgWorkerStart_ConsistentState, .bgw_restart_time = BGW_NEVER_RESTART};
	TeamPlace	place = team_place(slot);
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	bool		started;

	snprintf(worker.bgw_name, sizeof worker.bgw_name, "madpy worker of process %d", MyProcPid);
	strlcpy(worker.bgw_type, "madpy worker", sizeof worker.bgw_type);
	strlcpy(worker.bgw_function_name, "parallel_worker_main", sizeof worker.bgw_function_name);
	strlcpy(worker.bgw_library_name, strlen(parallel_library()) < sizeof worker.bgw_library_name ? parallel_library() : "madpy",
			sizeof worker.bgw_library_name);
	StaticAssertStmt(sizeof place <= BGW_EXTRALEN, "the place of a team does not fit");
	memcpy(worker.bgw_extra, &place, sizeof place);
	team->members[slot].presence = STARTING;
	started = RegisterDynamicBackgroundWorker(&worker, &handles[slot]);
	if (!started)
		team->members[slot].presence = ABSENT;
	MemoryContextSwitchTo(old);
	return started;
}

/* Wakes the members that are there, and starts others. */
static void
call_members(int wanted)
{
	for (int slot = 0; slot < wanted; slot++)
	{
		Member	   *member = &team->members[slot];
		pid_t		pid;

		if (member->presence == STARTING && GetBackgroundWorkerPid(handles[slot], &pid) == BGWH_STOPPED)
		{
			failures++;
			member->presence = GONE;
		}
		if (member->presence == GONE)
		{
			pfree(handles[slot]);
			handles[slot] = NULL;
			member->presence = ABSENT;
		}
		if (member->presence == PRESENT)
			SetLatch(member->latch);
		else if (member->presence == ABSENT && (failures >= MOST_FAILURES || !start_member(slot)))
			return;
	}
}

static void
open_run(ParallelTask work, void *argument, int tasks, int wanted)
{
	SpinLockAcquire(&team->lock);
	team->run++;
	team->is_open = true;
	team->wanted = wanted;
	team->work = (char *) work - (char *) parallel_run;
	team->argument = argument;
	team->tasks = tasks;
	pg_atomic_write_u32(&team->next, 0);
	pg_atomic_write_u32(&team->by_workers, 0);
	pg_atomic_write_u32(&team->stop, INT_MAX);
	SpinLockRelease(&team->lock);
}

static bool
is_busy(void)
{
	bool		busy;

	SpinLockAcquire(&team->lock);
	team->is_open = false;
	busy = team->busy > 0;
	SpinLockRelease(&team->lock);
	return busy;
}

/* Waits until no member is busy; without `may_fail` nothing interrupts it. */
static void
wait_for_members(bool may_fail)
{
	for (int i = 0; i < SPINS; i++)
	{
		if (!is_busy())
			return;
		pg_spin_delay();
	}
	while (is_busy())
	{
		WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LONGEST_SLEEP, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		if (may_fail)
			CHECK_FOR_INTERRUPTS();
	}
}

/* Does tasks until none is left.  An error of one of them, unless it is a cancel, waits for those of earlier tasks. */
static void
do_tasks(ParallelTask work, void *argument, int tasks)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile int task;

	PG_TRY();
	{
		while ((task = team_next_task(tasks)) >= 0)
		{
			CHECK_FOR_INTERRUPTS();
			task_do(work, argument, task);
		}
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
		FlushErrorState();
		team_note_error(task, error);
	}
	PG_END_TRY();
}

/* Raises the error of a task. */
static void
raise_error(void)
{
	TeamError	error = team->error;

	ereport(ERROR,
			(errcode(error.sqlstate),
			 errmsg_internal("%s", error.message),
			 error.detail[0] ? errdetail_internal("%s", error.detail) : 0,
			 error.hint[0] ? errhint("%s", error.hint) : 0));
}

static void
run_together(ParallelTask work, void *argument, int tasks, int wanted)
{
	static bool is_registered = false;

	if (!is_registered)
		before_shmem_exit(leader_ends, 0);
	is_registered = true;
	team->latch = MyLatch;
	open_run(work, argument, tasks, wanted);
	PG_TRY();
	{
		call_members(wanted);
		do_tasks(work, argument, tasks);
		wait_for_members(true);
		if (pg_atomic_read_u32(&team->stop) < INT_MAX)
			raise_error();
		elog(DEBUG1, "workers did %u of %d tasks", pg_atomic_read_u32(&team->by_workers), tasks);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		pg_atomic_write_u32(&team->stop, 0);
		cancel_members();
		wait_for_members(false);
		team_end();
		RESUME_INTERRUPTS();
		PG_RE_THROW();
	}
	PG_END_TRY();
}

void
parallel_run(ParallelTask work, void *argument, int tasks, Size bytes)
{
	int			wanted = parallel_is_shared(argument) ? Min(parallel_workers(bytes), tasks - 1) : 0;
	bool		was_running = is_running;

	if (!was_running)
		tasks_begin(CurrentMemoryContext);
	is_running = true;
	PG_TRY();
	{
		if (wanted > 0)
			run_together(work, argument, tasks, wanted);
		else
			for (int task = 0; task < tasks; task++)
			{
				CHECK_FOR_INTERRUPTS();
				task_do(work, argument, task);
			}
	}
	PG_FINALLY();
	{
		is_running = was_running;
	}
	PG_END_TRY();
}
