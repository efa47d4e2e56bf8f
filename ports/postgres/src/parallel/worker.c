/*
 * worker.c: a background worker, which does tasks of the runs of one backend.
 *
 * It ends when the backend's memory is freed, when it has had nothing to do for a while, and after a task that failed.
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "team.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#define SPINS 2000				/* looks for the next run before the worker sleeps */
#define LONGEST_IDLE 1000		/* milliseconds after which it ends */

static TeamPlace place;
static uint64 last_run = 0;
static volatile int task = -1;	/* the current one */

static Member *
me(void)
{
	return &team->members[place.slot];
}

/* Tells the leader that this worker takes no part in the run any more; call it with the lock. */
static void
leave_run(void)
{
	if (!me()->busy)
		return;
	me()->busy = false;
	if (--team->busy == 0)
		SetLatch(team->latch);
}

/* The end of this worker: callback of before_shmem_exit().  If an administrator ended it within a task, the run fails. */
static void
worker_ends(int code, Datum argument)
{
	ErrorData	error = {.sqlerrcode = ERRCODE_ADMIN_SHUTDOWN, .message = "a worker of this call was terminated"};

	if (task >= 0)
		team_note_error(task, &error);
	SpinLockAcquire(&team->lock);
	leave_run();
	if (team->generation == place.generation)
		me()->presence = GONE;
	SpinLockRelease(&team->lock);
}

/* Enters the team, unless it has ended. */
static bool
enter(void)
{
	bool		is_in_time;

	SpinLockAcquire(&team->lock);
	is_in_time = team->generation == place.generation;
	if (is_in_time)
	{
		me()->pid = MyProcPid;
		me()->latch = MyLatch;
		me()->presence = PRESENT;
	}
	SpinLockRelease(&team->lock);
	return is_in_time;
}

/* Joins the current run if it is open; sets `has_ended` if there will be no more. */
static bool
join_run(bool *has_ended)
{
	bool		joins;

	SpinLockAcquire(&team->lock);
	*has_ended = team->generation != place.generation;
	joins = !*has_ended && team->is_open && team->run != last_run && place.slot < team->wanted;
	if (joins)
	{
		last_run = team->run;
		me()->busy = true;
		team->busy++;
	}
	SpinLockRelease(&team->lock);
	return joins;
}

/* Waits for a run and joins it; returns false if this worker has to end. */
static bool
wait_for_run(void)
{
	bool		has_ended;

	for (int i = 0; i < SPINS; i++)
	{
		if (join_run(&has_ended))
			return true;
		pg_spin_delay();
	}
	for (;;)
	{
		int			events;

		if (join_run(&has_ended))
			return true;
		if (has_ended || QueryCancelPending)
			return false;
		CHECK_FOR_INTERRUPTS();
		events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LONGEST_IDLE, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		if (events & WL_TIMEOUT)
			return join_run(&has_ended);
	}
}

/* Does tasks until none is left; returns false after an error, which the leader gets. */
static bool
do_tasks(void)
{
	MemoryContext caller = CurrentMemoryContext;
	ParallelTask work = (ParallelTask) ((char *) parallel_run + team->work);
	void	   *argument = team->argument;
	int			tasks = team->tasks;
	volatile bool done = true;

	tasks_begin(NULL);
	PG_TRY();
	{
		while ((task = team_next_task(tasks)) >= 0)
		{
			CHECK_FOR_INTERRUPTS();
			task_do(work, argument, task);
			pg_atomic_fetch_add_u32(&team->by_workers, 1);
		}
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		team_note_error(task, CopyErrorData());
		FlushErrorState();
		done = false;
	}
	PG_END_TRY();
	task = -1;
	return done;
}

void
parallel_worker_main(Datum argument)
{
	bool		goes_on = true;

	memcpy(&place, MyBgworkerEntry->bgw_extra, sizeof place);
	pqsignal(SIGTERM, die);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGFPE, FloatExceptionHandler);
	BackgroundWorkerUnblockSignals();
	CurrentMemoryContext = AllocSetContextCreate(TopMemoryContext, "madpy worker", ALLOCSET_DEFAULT_SIZES);
	if (!team_attach(&place))
		proc_exit(0);
	task_process = place.slot + 1;
	before_shmem_exit(worker_ends, 0);
	if (!enter())
		proc_exit(0);
	while (goes_on && wait_for_run())
	{
		goes_on = do_tasks();
		SpinLockAcquire(&team->lock);
		leave_run();
		SpinLockRelease(&team->lock);
	}
	proc_exit(0);
}
