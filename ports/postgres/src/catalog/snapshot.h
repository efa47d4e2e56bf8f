/*
 * snapshot.h: the snapshots that drivers keep.
 */
#ifndef MADPY_SNAPSHOT_H
#define MADPY_SNAPSHOT_H

extern void snapshot_init(void);

#endif
