/* savepoints.h: a cancel waits while Citus sends the savepoints of a run. */
#ifndef MADPY_SAVEPOINTS_H
#define MADPY_SAVEPOINTS_H

extern void savepoints_init(void);

#endif
