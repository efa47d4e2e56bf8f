/*
 * projects.h: the models of projects, looked up with the rights of the current role.
 */
#ifndef MADPY_PROJECTS_H
#define MADPY_PROJECTS_H

#include "postgres.h"

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

/* Returns a copy of the model that a statement sees, a TOAST pointer where it is one; raises an error if there is none. */
extern struct varlena *look_up(const Subject *subject, const Seen *seen, MemoryContext context);

#endif
