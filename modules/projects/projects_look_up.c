/*
 * projects_look_up.c: finds the model that a project has deployed.
 *
 * A model is found by a query, as the statement's snapshot and the current role see it.  The session keeps the last
 * answers: a statement of the same role that sees the same state takes one of them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "projects.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#define MOST_ANSWERS 8
#define MOST_COMPARED 255		/* bytes of a name that others are compared with */

typedef struct Answer
{
	Seen		seen;
	Subject		subject;
	struct varlena *model;		/* NULL: there is no answer */
} Answer;

static SPIPlanPtr plans[2];		/* look-ups by name and by number, in the schema below */
static NameData plans_schema;
static Answer answers[MOST_ANSWERS];
static int	next_answer = 0;	/* the one to be replaced */

void
set_seen(Seen *seen)
{
	Snapshot	snapshot = GetActiveSnapshot();

	memset(seen, 0, sizeof(Seen));	/* padding takes part in the comparison */
	seen->xmin = snapshot->xmin;
	seen->xmax = snapshot->xmax;
	seen->own = GetTopTransactionIdIfAny();
	seen->count = snapshot->xcnt;
	seen->subcount = snapshot->subxcnt;
	seen->command = snapshot->curcid;
	seen->part = GetCurrentSubTransactionId();
	seen->role = GetUserId();
}

static bool
is_same(const Subject *a, const Subject *b)
{
	if (a->schema != b->schema || a->number != b->number || (a->name == NULL) != (b->name == NULL))
		return false;
	return a->name == NULL ||
		(VARSIZE(a->name) == VARSIZE(b->name) && memcmp(a->name, b->name, VARSIZE(a->name)) == 0);
}

static void *
copied(const void *value, Size size, MemoryContext context)
{
	return memcpy(MemoryContextAlloc(context, size), value, size);
}

static const Answer *
find_answer(const Subject *subject, const Seen *seen)
{
	for (int i = 0; i < MOST_ANSWERS; i++)
		if (answers[i].model && memcmp(&answers[i].seen, seen, sizeof(Seen)) == 0 && is_same(&answers[i].subject, subject))
			return &answers[i];
	return NULL;
}

static void
keep_answer(const Subject *subject, const Seen *seen, const struct varlena *model)
{
	Answer	   *answer = &answers[next_answer];

	next_answer = (next_answer + 1) % MOST_ANSWERS;
	if (answer->model)
		pfree(answer->model);
	answer->model = NULL;
	if (answer->subject.name)
		pfree(answer->subject.name);
	answer->subject = *subject;
	answer->subject.name = NULL;
	if (subject->name)
		answer->subject.name = copied(subject->name, VARSIZE(subject->name), TopMemoryContext);
	answer->seen = *seen;
	answer->model = copied(model, VARSIZE_ANY(model), TopMemoryContext);
}

/* Returns the plan of the look-up in a schema, which the session keeps. */
static SPIPlanPtr
look_up_plan(const char *schema, bool is_number)
{
	if (strcmp(NameStr(plans_schema), schema) != 0)
	{
		for (int i = 0; i < lengthof(plans); i++)
		{
			if (plans[i] != NULL)
				SPI_freeplan(plans[i]);
			plans[i] = NULL;
		}
		namestrcpy(&plans_schema, schema);
	}
	if (plans[is_number] == NULL)
	{
		const char *name = quote_identifier(schema);
		Oid			type = is_number ? INT8OID : TEXTOID;
		char	   *sql = psprintf(is_number ?
								   "SELECT id, model FROM %s.models WHERE id OPERATOR(pg_catalog.=) $1" :
								   "SELECT deployed_model, model FROM %s.__deployed "
								   "WHERE name OPERATOR(pg_catalog.=) $1", name);
		SPIPlanPtr	plan = SPI_prepare(sql, 1, &type);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "a look-up cannot be prepared: %s", SPI_result_code_string(SPI_result));
		plans[is_number] = plan;
	}
	return plans[is_number];
}

/* Returns the visible project whose name is most like one that there is not; NULL if none is like it. */
static char *
similar_project(const Subject *subject)
{
	const char *name = text_to_cstring(subject->name);
	int			length = strlen(name);
	int			most = length / 4 + 1;	/* characters that may differ */
	char	   *similar = NULL;

	if (length > MOST_COMPARED ||
		SPI_execute(psprintf("SELECT name FROM %s.projects WHERE pg_catalog.octet_length(name) OPERATOR(pg_catalog.<=) %d",
							 quote_identifier(get_namespace_name(subject->schema)), MOST_COMPARED),
					true, 1000) != SPI_OK_SELECT)
		return NULL;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char	   *other = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		int			distance = varstr_levenshtein_less_equal(name, length, other, strlen(other), 1, 1, 1, most, true);

		if (distance <= most)
		{
			similar = other;
			most = distance - 1;
		}
		if (most < 0)
			break;
	}
	return similar;
}

static void
no_model(const Subject *subject, bool is_found)
{
	char	   *similar;

	if (subject->name == NULL && is_found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the training of model " INT64_FORMAT " failed", subject->number),
				 errhint("Choose another one from the view trained_models.")));
	if (subject->name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model " INT64_FORMAT " does not exist", subject->number),
				 errhint("Choose one from the view trained_models.")));
	if (is_found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no model of project \"%s\" is deployed", text_to_cstring(subject->name)),
				 errhint("Call deploy(project, 'best_score').")));
	similar = similar_project(subject);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("project \"%s\" does not exist", text_to_cstring(subject->name)),
			 similar ? errhint("Did you mean \"%s\"?", similar) :
			 errhint("Choose one from the view projects, or train it.")));
}

/* Asks the database; the result is in the context, as SPI's own goes with its end. */
static struct varlena *
ask(const Subject *subject, bool may_be_table, MemoryContext context)
{
	Datum		key = subject->name ? PointerGetDatum(subject->name) : Int64GetDatum(subject->number);
	struct varlena *model = NULL;
	bool		is_null = true;
	bool		is_found;

	AcceptInvalidationMessages();	/* a transaction that holds its locks hears of no role that was revoked */
	SPI_connect();
	if (SPI_execute_plan(look_up_plan(get_namespace_name(subject->schema), subject->name == NULL), &key, NULL, true, 1) !=
		SPI_OK_SELECT)
		elog(ERROR, "a look-up failed");
	is_found = SPI_processed > 0;
	if (is_found)
		model = (struct varlena *) DatumGetPointer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null));
	if (is_null && (is_found || subject->name == NULL || !may_be_table))
		no_model(subject, is_found);
	model = is_null ? NULL : copied(model, VARSIZE_ANY(model), context);
	SPI_finish();
	return model;
}

struct varlena *
look_up(const Subject *subject, const Seen *seen, bool may_be_table, MemoryContext context)
{
	/* a statement with the snapshot of its transaction may have lost a right since then */
	const Answer *answer = IsolationUsesXactSnapshot() ? NULL : find_answer(subject, seen);
	struct varlena *model;

	if (answer)
		return copied(answer->model, VARSIZE_ANY(answer->model), context);
	model = ask(subject, may_be_table, context);
	if (model && !IsolationUsesXactSnapshot())
		keep_answer(subject, seen, model);
	return model;
}
