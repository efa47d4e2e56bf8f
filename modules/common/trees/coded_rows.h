/*
 * coded_rows.h: the rows of a store as codes of one byte, for trainers that read them many times.
 *
 * A feature's code is the bin of a number or the level of a category; NULL has the code after the last one.  A row's codes lie
 * side by side.  Rows without a target, or with a weight that is not above 0, are left out.
 *
 * Within a group, rows are sorted by a hash of their values: a row has the same number whatever the order in which the store
 * was filled, and rows of neighbouring numbers have nothing in common.  What is drawn for a row, and the order of sums, may
 * depend on its number.
 */
#ifndef MADPY_CODED_ROWS_H
#define MADPY_CODED_ROWS_H

#include "store/store.h"

/* Codes of a feature, without that of NULL. */
#define MOST_CODES 255

typedef struct CodedFeature
{
	int			codes;			/* number of codes, which is the code of NULL */
	int			levels;			/* number of levels of a category, 0 for a number */
	const double *edges;		/* for a number: bin b has values above edges[b - 1] and up to edges[b], b from 0 to codes - 1 */
	const uint8 *code_of_level; /* NULL: the level itself; else levels share codes, and those without rows have that of NULL */
} CodedFeature;

typedef struct CodedRows
{
	bool		is_shared;		/* all of it but codes of levels is memory that workers share (parallel.h) */
	int			features;
	int			classes;		/* 0 for a regression */
	int			groups;
	int			coded_groups;	/* groups from the first on that are coded */
	int64	   *first;			/* groups + 1: the first row of each group */
	CodedFeature *coding;		/* one for each group and feature */
	uint8	   *codes;			/* one for each row and feature */
	double	   *target;
	double	   *weight;			/* NULL if the store has no weights */
} CodedRows;

static inline const uint8 *
codes_of_row(const CodedRows *rows, int64 row)
{
	return rows->codes + row * rows->features;
}

static inline const CodedFeature *
coding_of_group(const CodedRows *rows, int group)
{
	return rows->coding + (Size) group * rows->features;
}

/* Allocates memory that lives as long as the store, and that workers share if they share its coded rows. */
extern void *coded_alloc(const Store *store, Size size);

/* Returns the store of this number; raises an error unless all of its groups are coded. */
extern Store *store_with_codes(int number);

#endif
