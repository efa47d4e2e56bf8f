/*
 * snapshot.c: runs all statements of a call of a driver under one snapshot.
 *
 * In READ COMMITTED a VOLATILE function takes a new snapshot for each of its statements, so that two passes over a table
 * could see different rows.  Therefore a driver takes a snapshot at its start and runs its statements under it.  They also
 * see changes of the transaction itself.  A snapshot belongs to the transaction, and is freed at its end, also after an
 * error.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "snapshot.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

typedef struct Kept
{
	int			id;
	SubTransactionId since;
	Snapshot	snapshot;		/* registered with the transaction */
} Kept;

#define MOST_KEPT 100			/* a driver takes one, and each driver that it calls takes one more */

static List *kept = NIL;		/* in TopTransactionContext */
static int	last_id = 0;

static void
forget(Kept *one)
{
	kept = list_delete_ptr(kept, one);
	UnregisterSnapshotFromOwner(one->snapshot, TopTransactionResourceOwner);
	pfree(one);
}

/* Forgets the snapshots of a subtransaction and of later ones, which have higher numbers. */
static void
forget_since(SubTransactionId first)
{
	for (int n = list_length(kept); n-- > 0;)
	{
		Kept	   *one = list_nth(kept, n);

		if (one->since >= first)
			forget(one);
	}
}

/* Releases all snapshots before a commit, where PostgreSQL would warn; after an error PostgreSQL releases them itself. */
static void
transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE || event == XACT_EVENT_PARALLEL_PRE_COMMIT)
		forget_since(TopSubTransactionId);
	else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		kept = NIL;
}

static void
subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget_since(mine);
}

void
snapshot_init(void)
{
	RegisterXactCallback(transaction_end, NULL);
	RegisterSubXactCallback(subtransaction_end, NULL);
}

static Kept *
find(int id)
{
	ListCell   *cell;

	foreach(cell, kept)
		if (((Kept *) lfirst(cell))->id == id)
			return lfirst(cell);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no snapshot %d in this transaction", id)));
}

/* snapshot_take(): registers the snapshot of the calling statement and returns its number. */
PG_FUNCTION_INFO_V1(snapshot_take);
Datum
snapshot_take(PG_FUNCTION_ARGS)
{
	MemoryContext old;
	Kept	   *one;

	if (list_length(kept) >= MOST_KEPT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a transaction cannot keep more than %d snapshots", MOST_KEPT)));
	old = MemoryContextSwitchTo(TopTransactionContext);
	one = palloc0(sizeof(Kept));
	one->id = ++last_id;
	one->since = GetCurrentSubTransactionId();
	kept = lappend(kept, one);
	one->snapshot = RegisterSnapshotOnOwner(GetActiveSnapshot(), TopTransactionResourceOwner);
	MemoryContextSwitchTo(old);
	PG_RETURN_INT32(one->id);
}

/* snapshot_free(snapshot) */
PG_FUNCTION_INFO_V1(snapshot_free);
Datum
snapshot_free(PG_FUNCTION_ARGS)
{
	forget(find(PG_GETARG_INT32(0)));
	PG_RETURN_VOID();
}

/*
 * Runs a statement under a snapshot, which its parallel workers use too.  Returns its rows in `context`, where they outlive
 * the connection to SPI; NULL if the statement returns no rows.
 */
static SPITupleTable *
run_under(Snapshot snapshot, const char *statement, ArrayType *parameters, MemoryContext context, uint64 *count)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;
	Oid		   *types;
	char	   *spi_nulls;
	SPIPlanPtr	plan;
	int			result;

	deconstruct_array(parameters, BYTEAOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	types = palloc(n * sizeof(Oid));
	spi_nulls = palloc(n + 1);
	for (int i = 0; i < n; i++)
	{
		types[i] = BYTEAOID;
		spi_nulls[i] = nulls[i] ? 'n' : ' ';
	}
	SPI_connect();
	plan = SPI_prepare_cursor(statement, n, types, CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor: %s", SPI_result_code_string(SPI_result));
	result = SPI_execute_snapshot(plan, values, spi_nulls, snapshot, InvalidSnapshot, false, true, 0);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the statement cannot be run under a snapshot: %s", SPI_result_code_string(result))));
	*count = SPI_tuptable ? SPI_processed : 0;
	if (SPI_tuptable)
	{
		MemoryContextSetParent(SPI_tuptable->tuptabcxt, context);
		BlessTupleDesc(SPI_tuptable->tupdesc);
	}
	return SPI_tuptable;		/* SPI_finish() does not free it: `context` owns it now */
}

/* Converts a row to a record in place: a state in it may be large, and is not copied. */
static Datum
record(HeapTuple tuple, TupleDesc desc)
{
	if (HeapTupleHasExternal(tuple))
		return heap_copy_tuple_as_datum(tuple, desc);
	HeapTupleHeaderSetDatumLength(tuple->t_data, tuple->t_len);
	HeapTupleHeaderSetTypeId(tuple->t_data, desc->tdtypeid);
	HeapTupleHeaderSetTypMod(tuple->t_data, desc->tdtypmod);
	return HeapTupleHeaderGetDatum(tuple->t_data);
}

/*
 * snapshot_execute(snapshot, statement, parameters): runs any statement under a snapshot and returns its rows, each as one
 * record, so that a call in a target list needs no column definition list.  The snapshot gets the current command id, so
 * that the statement sees what the transaction did before.
 */
PG_FUNCTION_INFO_V1(snapshot_execute);
Datum
snapshot_execute(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	SPITupleTable *rows;
	uint64		n;
	Datum		row;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;
		Kept	   *one = find(PG_GETARG_INT32(0));

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->user_fctx = run_under(one->snapshot, text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_ARRAYTYPE_P(2),
									call->multi_call_memory_ctx, &call->max_calls);
		SPI_finish();
		MemoryContextSwitchTo(old);
	}
	call = SRF_PERCALL_SETUP();
	rows = call->user_fctx;
	n = call->call_cntr;
	if (n > 0)
		heap_freetuple(rows->vals[n - 1]);
	if (n >= call->max_calls)
		SRF_RETURN_DONE(call);
	row = record(rows->vals[n], rows->tupdesc);
	SRF_RETURN_NEXT(call, row);
}
