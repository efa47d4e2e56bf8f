/*
 * tree_kernel.h: defines the kernels of a method that grows trees: one that counts rows, and one that samples rows.
 *
 * Columns of a block: the features, the target, and in kernels with weights the weight.
 */
#ifndef MADPY_TREES_TREE_KERNEL_H
#define MADPY_TREES_TREE_KERNEL_H

#include "engine/kernel.h"

/* histograms.c */
extern int64 tree_size(int ncols, int nparams, const double *params);
extern int64 weighted_tree_size(int ncols, int nparams, const double *params);
extern void tree_start(State *state, const double *params);
extern void tree_add(State *state, const RowBlock *block);
extern void tree_merge(State *into, const State *from);
extern State *tree_outcome(const State *state);

/* sample.c */
extern int64 sample_size(int ncols, int nparams, const double *params);
extern int64 weighted_sample_size(int ncols, int nparams, const double *params);
extern void sample_start(State *state, const double *params);
extern void sample_check(const State *state);
extern void sample_add(State *state, const RowBlock *block);
extern void sample_merge(State *into, const State *from);
extern State *sample_outcome(const State *state);

/* Defines a kernel that counts rows: its name and number, its number of columns after the features, and its size. */
#define TREE_KERNEL(x, number, columns, size) \
static const Kernel x##_kernel = { \
	.name = #x, .id = number, .scalars = columns, .has_params = true, .takes_nulls = true, .sized_by_params = size, \
	.start = tree_start, .add = tree_add, .merge = tree_merge, .outcome = tree_outcome \
}

/* Defines a kernel that samples rows, in the same way. */
#define SAMPLE_KERNEL(x, number, columns, size) \
static const Kernel x##_kernel = { \
	.name = #x, .id = number, .scalars = columns, .has_params = true, .takes_nulls = true, .sized_by_params = size, \
	.start = sample_start, .check = sample_check, .add = sample_add, .merge = sample_merge, \
	.outcome = sample_outcome \
}

#endif
