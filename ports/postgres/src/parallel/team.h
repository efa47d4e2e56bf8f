/*
 * team.h: what this backend and its workers share: the memory of parallel.h, at whose beginning a Team lies.
 *
 * The memory is one memory file, which takes space only where it is written to.  All processes map it at one address.  It
 * has the Team, then space for the results of each process, then what parallel_alloc() gives out.  It is made by the first
 * parallel_alloc() and removed when the last piece is freed; workers end at that time, or when they had nothing to do.
 */
#ifndef MADPY_TEAM_H
#define MADPY_TEAM_H

#include "parallel.h"
#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/spin.h"

#define TEAM_BYTES ((Size) 1 << 20)
#define RESULT_BYTES ((Size) 1 << 30)	/* of each process; a value of SQL has no more */
#define MEMORY_BYTES ((Size) 1 << 40)

#define LONGEST_TEXT 1024		/* bytes of the texts of an error */

/* Where a new worker finds the memory of its team: it comes to the worker in bgw_extra. */
typedef struct TeamPlace
{
	pid_t		leader;
	int			fd;				/* open in the leader */
	uint64		inode;			/* of the memory file, since another process may get the leader's number */
	char	   *address;
	int			slot;
	uint32		generation;
} TeamPlace;

typedef enum Presence
{
	ABSENT, STARTING, PRESENT, GONE
} Presence;

typedef struct Member
{
	Presence	presence;
	pid_t		pid;
	Latch	   *latch;
	bool		busy;			/* takes part in the current run */
} Member;

typedef struct TeamError
{

	int			sqlstate;
	char		message[LONGEST_TEXT];
	char		detail[LONGEST_TEXT];
	char		hint[LONGEST_TEXT];
} TeamError;

typedef struct Team
{
	slock_t		lock;			/* for all but the atomic variables */
	Latch	   *latch;			/* the leader's */
	uint32		generation;		/* workers of an older one end */
	uint64		library;		/* inode of the leader's library: workers of another one end */
	uint64		run;			/* number of the current run */
	bool		is_open;		/* whether workers can still join the run */
	int			wanted;			/* members that may join it: those with a lower number */
	int			busy;			/* members that take part in it */
	ptrdiff_t	work;			/* the function, as its distance from parallel_run() */
	void	   *argument;
	int			tasks;
	pg_atomic_uint32 next;		/* the task that begins next */
	pg_atomic_uint32 by_workers;	/* tasks that workers have done */
	pg_atomic_uint32 stop;		/* tasks after this one need not begin, since this one has failed */
	TeamError	error;			/* of the first task that failed */
	Member		members[MOST_WORKERS];
} Team;

/* memory.c */
extern Team *team;				/* NULL: there is no memory */
extern TeamPlace team_place(int slot);
extern bool team_attach(const TeamPlace *place);
extern char *team_results(int slot);
extern void team_free_results(int slot, Size size);

/* task.c */
extern int	task_process;		/* number of this process among those of a run: 0 for the leader, else that of the member, from 1 on */
extern void tasks_begin(MemoryContext results);
extern void task_do(ParallelTask work, void *argument, int task);
extern int	team_next_task(int tasks);
extern void team_note_error(int task, const ErrorData *error);

/* run.c */
extern void team_end(void);

/* worker.c */
extern PGDLLEXPORT void parallel_worker_main(Datum argument);

#endif
