/*
 * team.c: the team of this process, and its end.
 */
#include "postgres.h"

#include "team.h"

Team	   *team = NULL;
BackgroundWorkerHandle *team_handles[MOST_WORKERS];

/* Ends all members: those that are idle at once, others when they look. */
void
team_end(void)
{
	SpinLockAcquire(&team->lock);
	team->generation++;
	team->is_open = false;
	SpinLockRelease(&team->lock);
	for (int slot = 0; slot < MOST_WORKERS; slot++)
	{
		Member	   *member = &team->members[slot];

		if (member->presence == PRESENT)
			SetLatch(member->latch);
		member->presence = ABSENT;
		if (team_handles[slot])
			pfree(team_handles[slot]);
		team_handles[slot] = NULL;
	}
}
