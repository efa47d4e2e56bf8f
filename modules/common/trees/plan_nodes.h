/*
 * plan_nodes.h: the tree of a plan.
 */
#ifndef MADPY_TREES_PLAN_NODES_H
#define MADPY_TREES_PLAN_NODES_H

#include "plan.h"

extern void read_nodes(Plan *plan, int at, int nparams, const double *params);

#endif
