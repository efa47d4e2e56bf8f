/*
 * chunk.h: some rows of a pass: their codes, their nodes, and the slots in which they are counted.
 */
#ifndef MADPY_TREES_CHUNK_H
#define MADPY_TREES_CHUNK_H

#include "bins.h"
#include "engine/kernel.h"
#include "plan.h"

typedef struct Chunk
{
	int			rows;
	int		   *codes;			/* TREE_CHUNK codes for each feature */
	int			node[TREE_CHUNK];
	int			kept;			/* number of rows that are counted; the next arrays have an element for each */
	int			row[TREE_CHUNK];	/* their positions in the chunk */
	int			slot[TREE_CHUNK];
	int			class[TREE_CHUNK];
	double		target[TREE_CHUNK];
	double		weight[TREE_CHUNK];	/* set only if the plan has weights */
} Chunk;

extern void take_rows(const Plan *plan, const RowBlock *block, int first, Chunk *chunk);

static inline uint64
mixed(uint64 hash)
{
	hash ^= hash >> 33;
	hash *= UINT64CONST(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64CONST(0xc4ceb9fe1a85ec53);
	return hash ^ (hash >> 33);
}

#endif
