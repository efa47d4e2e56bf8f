/*
 * store_fill.h: types and functions to fill a store from the rows of a query, for store_fill.c and store_rows.c.
 */
#ifndef MADPY_STORE_FILL_H
#define MADPY_STORE_FILL_H

#include "store.h"
#include "tcop/dest.h"
#include "utils/tuplestore.h"

typedef enum Kind
{
	FLOAT8, FLOAT4, INT2, INT4, INT8, BOOLEAN, NUMERIC, DATE, TIMESTAMP, TIME, INTERVAL, LEVELS, VECTOR, HASH
} Kind;

/* A column of the query, and its columns in the store. */
typedef struct Source
{
	Kind		kind;
	int			to;				/* first column in the store */
	int			width;			/* columns in the store; 0 for a vector before its first value, and for a hash that is only summed */
	Dict	   *levels;
} Source;

typedef struct Fill
{
	DestReceiver pub;
	Store	   *store;
	TupleDesc	desc;
	int			nsources;		/* columns of the query, without the grouping columns */
	int			ngroups;
	int			beside;			/* columns of the query that are not in the first file of rows; -1: the columns are in blocks */
	bool		apart;			/* whether a column says which rows go to a second pair of files: the last number, or the hash */
	bool		hashed;			/* whether the last of these columns is a hash of the row */
	double		share;			/* share of the rows in the second pair, which their hashes decide; 0: a column decides */
	uint64		seed;
	const int  *categories;		/* columns, counted from 1, whose values become codes whatever their type */
	int			ncategories;
	int			max_levels;		/* the most distinct values of a column that are numbered; 0: any number */
	Source	   *sources;
	Tuplestorestate *waiting;	/* rows that came before the length of every vector was known */
	bool		started;
	bool		over;			/* the rows do not fit into madpy.store_memory */
	int		   *codes;			/* group of each row */
	int64		codes_capacity;
	double	   *block;			/* the rows that the next write to the files takes; NULL if rows are buffered, or in blocks */
	double	   *row;			/* space for the values of the current row */
	Size		stride;			/* distance between two values in `row` */
	MemoryContext scratch;
} Fill;

/* Adds a row; returns false if the memory setting does not allow it. */
extern bool store_put_row(Fill *fill, const Datum *values, const bool *nulls);

/* Whether the length of every vector is known, this row included. */
extern bool store_widths_known(Fill *fill, const Datum *values, const bool *nulls);

/* Sets the shape of the store, once all widths are known, and adds the waiting rows; returns as store_put_row(). */
extern bool store_begin_rows(Fill *fill);

/* Writes the rows that are in fill->block to the files. */
extern void store_write_block(Fill *fill);

#endif
