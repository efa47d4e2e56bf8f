/*
 * bins.h: converts values to codes: a number to its bin, a level to its index.
 *
 * NULL has the code after the last bin or level.  Bin b has the values above edge b - 1 and up to edge b.
 */
#ifndef MADPY_TREES_BINS_H
#define MADPY_TREES_BINS_H

#include "postgres.h"

/* Rows of a chunk, so few that the codes of a dozen features stay in the first-level cache. */
#define TREE_CHUNK 512

extern int	padded_edges(int edges);
extern double *edges_filled_up(const double *edges, int count);
extern void code_numbers(const double *restrict values, int rows, const double *restrict edges, int padded,
						 int null_code, int *restrict codes);
extern void code_levels(const double *restrict values, int rows, int null_code, int *restrict codes);
extern void known_codes(const uint16 *restrict stored, int rows, int null_code, int *restrict codes);

#endif
