/*
 * store_fill.h: a store that is being filled from the rows of a query, for store_fill.c and store_rows.c.
 */
#ifndef MADPY_STORE_FILL_H
#define MADPY_STORE_FILL_H

#include "store.h"
#include "tcop/dest.h"
#include "utils/tuplestore.h"

typedef enum Kind
{
	FLOAT8, FLOAT4, INT2, INT4, INT8, BOOLEAN, NUMERIC, DATE, TIMESTAMP, LEVELS, VECTOR
} Kind;

/* One column of the query: where its values go. */
typedef struct Source
{
	Kind		kind;
	int			to;				/* first column in the store */
	int			width;			/* columns there; of a vector 0 until one was seen */
	Dict	   *levels;
} Source;

typedef struct Fill
{
	DestReceiver pub;
	Store	   *store;
	TupleDesc	desc;
	int			nsources;		/* columns of the query that are no grouping columns */
	int			ngroups;
	const int  *categories;		/* columns, counted from 1, whose values are numbered whatever their type */
	int			ncategories;
	int			max_levels;		/* the most distinct values of a column that are numbered; 0: any number */
	Source	   *sources;
	Tuplestorestate *waiting;	/* rows before the first one that told the length of every vector */
	bool		started;
	bool		over;			/* the memory setting was reached */
	int		   *codes;			/* group of every row */
	int64		codes_capacity;
	double	   *row;			/* where the values of the row being filled go */
	Size		stride;			/* from one value of it to the next */
	MemoryContext scratch;
} Fill;

/* One row; false: there is no memory left for it. */
extern bool store_put_row(Fill *fill, const Datum *values, const bool *nulls);

/* Whether the length of every vector is known, this row included. */
extern bool store_widths_known(Fill *fill, const Datum *values, const bool *nulls);

/* All widths are known: lay the store out and put the rows in that waited. */
extern bool store_begin_rows(Fill *fill);

#endif
