/*
 * projects.h: the models of projects, looked up with the rights of the current role.
 */
#ifndef MADPY_PROJECTS_H
#define MADPY_PROJECTS_H

#include "postgres.h"

#include "fmgr.h"

/*
 * State of the database that a statement sees.  Snapshots of a session that are equal in all of these see the same.
 * Transactions below xmax that are in progress only become fewer, so that their number stands for the set.  Changes of
 * the session's own transaction are known by its number and the command; if a part of them is rolled back, its
 * subtransaction is over, and no later one has its number.
 */
typedef struct Seen
{
	TransactionId xmin;
	TransactionId xmax;
	TransactionId own;
	uint32		count;			/* transactions in progress */
	int32		subcount;		/* their subtransactions; on a standby all of them */
	CommandId	command;
	SubTransactionId part;
	Oid			role;
} Seen;

/* The project or the model that a prediction asks for. */
typedef struct Subject
{
	Oid			schema;			/* the one that projects are in */
	text	   *name;			/* the name of the project, NULL: the model is given by its number */
	int64		number;			/* the number of the model */
} Subject;

extern void set_seen(Seen *seen);

/*
 * Returns a copy of the model that a statement sees, a TOAST pointer where it is one; raises an error if there is none.  If
 * there may be a table of the name, the result is NULL where there is no such project.
 */
extern struct varlena *look_up(const Subject *subject, const Seen *seen, bool may_be_table, MemoryContext context);

typedef struct TableModels TableModels;

/* projects_tables.c: reads the models of a table; the result lies in a memory context of its own, below `parent`. */
extern TableModels *table_models(const Subject *subject, MemoryContext parent);

/* projects_tables.c: frees them. */
extern void table_models_free(TableModels *tables);

/* projects_tables.c: returns the model for the group of the row in argument 1, NULL if there is none. */
extern struct varlena *table_model(TableModels *tables, FunctionCallInfo fcinfo);

#endif
