/*
 * store_scan.c: reads the rows of a query over one plain table a range of the table's pages at a time.
 *
 * Only a query that reads a table from its first page to its last is read so: then the rows of the ranges, one range after
 * the other, are those of the query in its own order.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/clauses.h"
#include "optimizer/planner.h"
#include "store_scan.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Returns the one table that a query reads, InvalidOid if there are more or it is not a plain one. */
static Oid
table_of(const Query *query)
{
	RangeTblEntry *entry = list_length(query->rtable) == 1 ? linitial(query->rtable) : NULL;

	if (entry == NULL || entry->rtekind != RTE_RELATION || query->hasTargetSRFs || query->hasSubLinks ||
		get_rel_persistence(entry->relid) == RELPERSISTENCE_TEMP)
		return InvalidOid;
	return entry->relid;
}

/*
 * Returns the plan of a query that can be read in ranges, NULL for another query.  The query must be safe in a parallel
 * worker and its plan a scan of a heap.  SPI_connect() has been called.
 */
PlannedStmt *
scan_plan(const char *statement)
{
	SPIPlanPtr	prepared = SPI_prepare(statement, 0, NULL);
	List	   *sources = prepared ? SPI_plan_get_plan_sources(prepared) : NIL;
	CachedPlanSource *source = list_length(sources) == 1 ? linitial(sources) : NULL;
	Query	   *query = source && list_length(source->query_list) == 1 ? linitial(source->query_list) : NULL;
	PlannedStmt *plan;
	Relation	table;
	bool		is_heap;

	if (query == NULL || query->commandType != CMD_SELECT || !OidIsValid(table_of(query)) ||
		max_parallel_hazard(query) != PROPARALLEL_SAFE)
		return NULL;
	query = copyObject(query);	/* the planner changes it */
	plan = planner(query, statement, 0, NULL);
	if (!IsA(plan->planTree, SeqScan) || list_length(plan->rtable) != 1 || plan->subplans != NIL)
		return NULL;
	table = table_open(table_of(query), AccessShareLock);
	is_heap = table->rd_tableam == GetHeapamTableAmRoutine();
	table_close(table, NoLock);
	plan->jitFlags = 0;			/* each process would compile for a part of the rows */
	return is_heap ? plan : NULL;
}

/* Returns the table of a plan. */
Oid
scan_table(const PlannedStmt *plan)
{
	return linitial_node(RangeTblEntry, plan->rtable)->relid;
}

/* Starts a scan under the active snapshot. */
RangeScan *
scan_begin(PlannedStmt *plan, const char *statement)
{
	RangeScan  *scan = palloc0(sizeof(RangeScan));

	scan->query = CreateQueryDesc(plan, statement, GetActiveSnapshot(), InvalidSnapshot, None_Receiver, NULL, NULL, 0);
	ExecutorStart(scan->query, 0);
	scan->node = castNode(SeqScanState, scan->query->planstate);
	scan->node->ss.ss_currentScanDesc = table_beginscan_strat(scan->node->ss.ss_currentRelation,
															  scan->query->estate->es_snapshot, 0, NULL, true, false);
	return scan;
}

/* Makes the pages from `first` on the next ones that the scan reads. */
void
scan_range(RangeScan *scan, BlockNumber first, BlockNumber pages)
{
	ExecReScan(scan->query->planstate);
	heap_setscanlimits(scan->node->ss.ss_currentScanDesc, first, pages);
}

/* Returns the next row of the range, NULL at its end. */
TupleTableSlot *
scan_next(RangeScan *scan)
{
	EState	   *estate = scan->query->estate;
	MemoryContext old = MemoryContextSwitchTo(estate->es_query_cxt);
	TupleTableSlot *slot;

	ResetPerTupleExprContext(estate);
	slot = ExecProcNode(scan->query->planstate);
	MemoryContextSwitchTo(old);
	return TupIsNull(slot) ? NULL : slot;
}

void
scan_end(RangeScan *scan)
{
	ExecutorFinish(scan->query);
	ExecutorEnd(scan->query);
	FreeQueryDesc(scan->query);
}
