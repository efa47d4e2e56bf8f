/*
 * parallel.h: runs a function for many tasks on all the cores that the server's settings allow.
 *
 * The tasks of a run are done by this backend and by workers, which are background workers of PostgreSQL that only compute:
 * they have no database, and take part in all runs until the memory below is freed.  The same tasks are done whatever the
 * number of workers, so that results have the same bits if every task writes to a place of its own, and the caller merges
 * the results in the order of the tasks.
 *
 *	double *sums = parallel_alloc(context, tasks * sizeof(double));
 *	Argument *argument = parallel_alloc(context, sizeof(Argument));
 *	... fill *argument: all pointers in it are to memory of parallel_alloc() ...
 *	parallel_run(work, argument, tasks, bytes);		-- calls work(argument, task) for each task from 0 on
 */
#ifndef MADPY_PARALLEL_H
#define MADPY_PARALLEL_H

#include "postgres.h"

#define MOST_WORKERS 63			/* limit of the workers of a session */

/* Does a task; what it allocates with palloc() is freed after it.  It may raise errors, and must check for interrupts. */
typedef void (*ParallelTask) (void *argument, int task);

/*
 * Returns memory that workers see at the same address, aligned to a page, with zeros in it.  It takes physical memory only
 * where it is written to.  It is freed with `context`, at the latest at the end of the (sub)transaction if that fails, or
 * by parallel_free().  NULL: this system has no such memory, and parallel_run() would not have a worker either.
 */
extern void *parallel_alloc(MemoryContext context, Size size);
extern void parallel_free(void *memory);

/* Frees the end of some memory, all but the first `size` bytes. */
extern void parallel_shrink(void *memory, Size size);

/* Writes to memory of parallel_alloc(), for the first time: much faster than memcpy(), which waits for a page at a time. */
extern void parallel_write(void *to, const void *from, Size size);

/* Maps memory of parallel_alloc() that has been written to in this process, before a loop reads it. */
extern void parallel_populate(const void *memory, Size size);

/* Tells whether memory is of parallel_alloc(). */
extern bool parallel_is_shared(const void *memory);

/* Returns how many workers a run over so many bytes may have; 0: parallel_run() does all tasks in this backend. */
extern int	parallel_workers(Size bytes);

/*
 * Calls work(argument, task) once for each task from 0 on; they begin in this order.  Workers take part if `argument` is
 * memory of parallel_alloc() and all tasks together read `bytes`, at least min_parallel_table_scan_size.  If tasks fail, the error is that of the first.
 * A run within a task has no workers.
 */
extern void parallel_run(ParallelTask work, void *argument, int tasks, Size bytes);

/*
 * Within a task, allocates memory for results.  The caller of parallel_run() can read them until the next run, and until its
 * current memory context is reset.
 */
extern void *parallel_result(Size size);

/* Returns the path of the library's file, by which another process can load it. */
extern const char *parallel_library(void);

/* Within a task of the leader, returns the memory context in which results can be allocated too; NULL in a worker. */
extern MemoryContext parallel_results(void);

/* Called when the library is loaded. */
extern void parallel_init(void);

#endif
