/*
 * state.h: functions for the tail of a state, the rows not yet added to its body; for state.c and aggregate.c.
 */
#ifndef MADPY_STATE_H
#define MADPY_STATE_H

#include "kernel.h"

/* Rows that fit into the tail of a new state. */
#define FIRST_TAIL_ROWS 4

/* Returns the tail, which is the end of the state; state_check() has checked that the body ends before it. */
static inline double *
state_tail(State *state)
{
	return (double *) ((char *) state + VARSIZE(state)) - (Size) state->tail_capacity * state->ncols;
}

/* Adds the first `rows` rows of a tail to the state. */
extern void state_add(const Kernel *kernel, State *state, const double *tail, int rows);

/* Returns a copy with a larger tail.  The new space is zeroed, as an aggregate without a final function returns it. */
extern State *state_grown(const Kernel *kernel, const State *state);

#endif
