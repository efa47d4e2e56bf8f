/*
 * snapshot.h: snapshots for the statements of drivers.
 */
#ifndef MADPY_SNAPSHOT_H
#define MADPY_SNAPSHOT_H

extern void snapshot_init(void);

#endif
