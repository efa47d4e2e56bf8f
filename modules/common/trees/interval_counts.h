/*
 * interval_counts.h: counts rows in parts of bins.
 */
#ifndef MADPY_TREES_INTERVAL_COUNTS_H
#define MADPY_TREES_INTERVAL_COUNTS_H

#include "chunk.h"
#include "engine/kernel.h"
#include "plan.h"

extern void start_intervals(double *cells, int64 count, int stats);
extern void merge_intervals(double *into, const double *from, int64 count, int stats);
extern void count_placed(const Plan *plan, const RowBlock *block, double *cells);
extern void count_intervals(const Plan *plan, const RowBlock *block, int first, const Chunk *chunk, double *cells);

#endif
