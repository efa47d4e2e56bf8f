/*
 * client.c: a look at what has come for the session, its client's end included.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "portability/instr_time.h"

#define LOOK_EVERY_MS 1000.0

/* The server's own, from libpq/libpq.h: that header includes Kerberos's, which the server's packages do not bring. */
extern bool pq_check_connection(void);

/* Tells whether the connection to the client was looked at so long ago that it is time for it. */
static bool
time_to_look(void)
{
	static instr_time last;
	instr_time	now,
				since;

	INSTR_TIME_SET_CURRENT(now);
	since = now;
	INSTR_TIME_SUBTRACT(since, last);
	if (INSTR_TIME_GET_MILLISEC(since) < LOOK_EVERY_MS)
		return false;
	last = now;
	return true;
}

/*
 * check_client(): raises an interrupt that has come, and ends the session if its client has gone, as the server itself
 * does where client_connection_check_interval is set: a fit of hours has nobody to return to then.
 */
PG_FUNCTION_INFO_V1(check_client);
Datum
check_client(PG_FUNCTION_ARGS)
{
	CHECK_FOR_INTERRUPTS();
	if (MyProcPort != NULL && time_to_look() && !pq_check_connection())
	{
		ClientConnectionLost = true;
		InterruptPending = true;
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_VOID();
}
