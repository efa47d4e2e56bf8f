/*
 * state.h: the rows that wait in a state, for state.c and aggregate.c.
 */
#ifndef MADPY_STATE_H
#define MADPY_STATE_H

#include "kernel.h"

/* Space for waiting rows of a new state. */
#define FIRST_TAIL_ROWS 4

/* The rows that wait: the end of the state, which state_check() knows to be where the body ends. */
static inline double *
state_tail(State *state)
{
	return (double *) ((char *) state + VARSIZE(state)) - (Size) state->tail_capacity * state->ncols;
}

/* Give the kernel `rows` rows that lie one behind the other. */
extern void state_add(const Kernel *kernel, State *state, const double *tail, int rows);

/* Returns the state with more space for waiting rows: zeros, since an aggregate without a final function returns it. */
extern State *state_grown(const Kernel *kernel, const State *state);

#endif
