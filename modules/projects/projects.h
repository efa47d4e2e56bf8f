/*
 * projects.h: the models of projects, looked up with the rights of the current role.
 */
#ifndef MADPY_PROJECTS_H
#define MADPY_PROJECTS_H

#include "postgres.h"

/*
 * What tells apart the states that statements of a session see.  Two snapshots that have all of it in common are of the
 * same state.  Of the transactions below xmax, those in progress only become fewer: another number is another set.  The
 * changes of the session's own transaction have its number and a command; those that were rolled back in part belonged to
 * a subtransaction, whose number does not come again.
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
