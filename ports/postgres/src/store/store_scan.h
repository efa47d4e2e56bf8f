/*
 * store_scan.h: rows of a query over a plain table, a range of pages at a time.
 */
#ifndef MADPY_STORE_SCAN_H
#define MADPY_STORE_SCAN_H

#include "executor/execdesc.h"
#include "nodes/execnodes.h"

typedef struct RangeScan
{
	QueryDesc  *query;
	SeqScanState *node;
} RangeScan;

extern PlannedStmt *scan_plan(const char *statement);
extern Oid	scan_table(const PlannedStmt *plan);
extern RangeScan *scan_begin(PlannedStmt *plan, const char *statement);
extern void scan_range(RangeScan *scan, BlockNumber first, BlockNumber pages);
extern TupleTableSlot *scan_next(RangeScan *scan);
extern void scan_end(RangeScan *scan);

#endif
