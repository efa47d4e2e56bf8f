/*
 * savepoints.c: a cancel waits while Citus sends the savepoints of a run.
 *
 * PL/Python runs each statement in a subtransaction.  In a transaction over several servers Citus sends SAVEPOINT to all
 * of them where one begins and RELEASE where it ends, waits for the answers, and raises a cancel that comes meanwhile.
 * PL/Python expects no error there: it is thrown across Python's own frames, and the interpreter is broken, which ends the
 * server.  So the signals of cancels and timeouts are blocked there, and one that came before is put aside.  Callbacks are
 * called from the newest to the oldest, and this library is loaded after Citus: its callback is called before that of Citus.
 * The signals are let in where the next statement looks its first name up, before it can wait for a lock, or where the
 * resources of an ended subtransaction are released.
 *
 * Subtransactions inside a statement, such as those of PL/pgSQL, are left alone: an error there is caught as any other.
 *
 * The order to end the session is not thrown as an error: it waits only where a subtransaction is undone.  So a session can
 * be ended even where cancels wait.
 *
 * Without Citus a session has none of this: callbacks and hooks are set by the first run that finds Citus.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "parser/analyze.h"
#include "utils/guc.h"
#include "utils/resowner.h"

#define SETTING_OF_CITUS "citus.shard_count"

static int	guarded_level = 0;	/* nesting level of the subtransaction that a run is in; 0 if there is no run */
static int	statement_level = 0;	/* nesting level of a statement of the run that is running; 0 between statements */
static bool is_ending = false;	/* whether the subtransaction of the run is ending */
static bool is_held = false;
static sigset_t mask_before;
static bool cancel_came = false;
static bool end_came = false;
static ExecutorStart_hook_type next_executor_start;
static post_parse_analyze_hook_type next_post_parse_analyze;
static object_access_hook_type next_object_access;

/* Blocks the signals; where a subtransaction is undone, also after they were blocked for another reason. */
static void
hold(bool is_abort)
{
	sigset_t	signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGALRM);
	if (is_abort)
		sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, is_held ? NULL : &mask_before);
	is_held = true;
	cancel_came = cancel_came || QueryCancelPending;
	QueryCancelPending = false;
	if (is_abort)
	{
		end_came = end_came || ProcDiePending;
		ProcDiePending = false;
	}
}

static void
let_in(void)
{
	if (!is_held)
		return;
	is_held = false;
	if (cancel_came)
		QueryCancelPending = true;
	if (end_came)
		ProcDiePending = true;
	if (cancel_came || end_came)
		InterruptPending = true;
	cancel_came = end_came = false;
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* Called where a statement certainly runs, and Citus is done with the subtransaction that was made for it. */
static void
at_statement(void)
{
	int			level = GetCurrentTransactionNestLevel();

	let_in();
	if (guarded_level > 0 && statement_level == 0 && level > guarded_level)
		statement_level = level;
}

static void
at_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (guarded_level == 0 || (statement_level > 0 && level > statement_level))
		return;
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		CHECK_FOR_INTERRUPTS();
	else if (event != SUBXACT_EVENT_START_SUB)
		is_ending = is_ending || level <= guarded_level;
	statement_level = 0;
	hold(event == SUBXACT_EVENT_ABORT_SUB);
}

static void
at_release(ResourceReleasePhase phase, bool is_commit, bool is_top, void *arg)
{
	if (phase != RESOURCE_RELEASE_AFTER_LOCKS)
		return;
	if (!is_held)
		return;
	let_in();
	if (is_ending)
		guarded_level = 0;
	is_ending = false;
}

static void
at_transaction(XactEvent event, void *arg)
{
	let_in();
	guarded_level = 0;
	statement_level = 0;
	is_ending = false;
}

static void
at_executor_start(QueryDesc *query, int flags)
{
	at_statement();
	if (next_executor_start)
		next_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
}

static void
at_post_parse_analyze(ParseState *state, Query *query, JumbleState *jumble)
{
	at_statement();
	if (next_post_parse_analyze)
		next_post_parse_analyze(state, query, jumble);
}

static void
at_object_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *arg)
{
	if (access == OAT_NAMESPACE_SEARCH)
		at_statement();
	if (next_object_access)
		next_object_access(access, class_id, object_id, sub_id, arg);
}

static void
set_hooks(void)
{
	static bool is_set = false;

	if (is_set)
		return;
	is_set = true;
	RegisterSubXactCallback(at_subtransaction, NULL);
	RegisterXactCallback(at_transaction, NULL);
	RegisterResourceReleaseCallback(at_release, NULL);
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = at_executor_start;
	next_post_parse_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = at_post_parse_analyze;
	next_object_access = object_access_hook;
	object_access_hook = at_object_access;
}

/*
 * savepoints_guard(guarded): called in the first statement of a run, and with false in the last one, after whose own
 * subtransaction the guard ends; returns whether there is one.  On error it ends with the subtransaction, or the
 * transaction, that called the run.  A run inside a statement of another one is guarded with it.
 */
PG_FUNCTION_INFO_V1(savepoints_guard);
Datum
savepoints_guard(PG_FUNCTION_ARGS)
{
	int			level = GetCurrentTransactionNestLevel() - 1;

	if (!PG_GETARG_BOOL(0))
		is_ending = is_ending || (guarded_level > 0 && level == guarded_level);
	else if (guarded_level > 0)
		statement_level = 0;
	else if (level > 0 && GetConfigOption(SETTING_OF_CITUS, true, false) != NULL)
	{
		set_hooks();
		guarded_level = level;
	}
	PG_RETURN_BOOL(guarded_level > 0);
}
