/*
 * splits.h: the best splits of a pass, between bins and within them.
 */
#ifndef MADPY_TREES_SPLITS_H
#define MADPY_TREES_SPLITS_H

#include "engine/kernel.h"
#include "plan.h"

/* splits.c */
extern State *split_outcome(const Plan *plan, const State *state);

/* interval_splits.c */
extern State *interval_outcome(const Plan *plan, const State *state);

#endif
