/*
 * bins.h: codes of values: the bin of a number, the index of a level.
 *
 * The code after the last one is NULL.  Bin b holds the values above edge b - 1 and up to edge b.
 */
#ifndef MADPY_TREES_BINS_H
#define MADPY_TREES_BINS_H

#include "postgres.h"

/* Rows worked on at once: the codes of a dozen features stay in the first-level cache. */
#define TREE_CHUNK 512

extern int	padded_edges(int edges);
extern double *edges_filled_up(const double *edges, int count);
extern void code_numbers(const double *restrict values, int rows, const double *restrict edges, int padded,
						 int null_code, int *restrict codes);
extern void code_levels(const double *restrict values, int rows, int null_code, int *restrict codes);
extern void known_codes(const uint16 *restrict stored, int rows, int null_code, int *restrict codes);

#endif
