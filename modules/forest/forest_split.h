/*
 * forest_split.h: the best split of a node.
 */
#ifndef MADPY_FOREST_SPLIT_H
#define MADPY_FOREST_SPLIT_H

#include "forest_cells.h"

/* Sums over some rows.  Weights are those of rows times those of their classes. */
typedef struct Sums
{
	double		rows;			/* without the weights of classes */
	double		weight;
	double		target;			/* two classes: the weight of the second; a regression: the weighted target less a shift */
	double	   *classes;		/* more classes: the weight of each */
} Sums;

typedef struct Splitter
{
	const ForestSettings *settings;
	const CodedFeature *coding;
	int			features;
	Records    *records;
	bool		has_classes;	/* more than two classes */
	uint64		stream;			/* state of the random numbers */
	int		   *order;			/* all features, in an order that changes */
	Cells		cells;
	/* the node and its best split so far */
	Sums		node;
	int			largest;		/* the class with the largest weight */
	double		least;			/* a smaller gain is rounding */
	double		gain;			/* 0: no split yet */
	CodeSplit	split;
	Sums		first;			/* sums of the first child */
	Sums		second;
	/* the codes of a feature in the order in which they are cut, and their sums up to each */
	int			count;
	uint8		codes[ALL_CODES];
	double		rows[ALL_CODES];
	double		weight[ALL_CODES];
	double		target[ALL_CODES];
	double		gains[ALL_CODES];
	Sums		null;			/* sums of the rows with NULL */
	double	   *part;			/* more classes: sums of one side */
} Splitter;

extern void init_splitter(Splitter *splitter, const CodedRows *rows, const ForestSettings *settings, int group, Records *records);

/* Finds the best split of the records from `from` up to, without, `to`; returns false if there is none. */
extern bool find_split(Splitter *splitter, int64 from, int64 to);

/* Sets the sums of a node without a search for a split. */
extern void sum_records(Splitter *splitter, int64 from, int64 to);

/* forest_sums.c: sets sums to those of no rows, adds the rows of a code, and tells whether all rows are of one class. */
extern void clear_sums(const Splitter *splitter, Sums *sums);
extern void add_cell(const Splitter *splitter, Cells cells, int code, Sums *sums);
extern bool is_pure(const Splitter *splitter, const Sums *sums);

/*
 * forest_gains.c: computes the gain of a cut after each code from `first` up to, without, `end`; `null` are the rows with NULL,
 * if they are on the first side.
 */
extern void gains_of_cuts(Splitter *splitter, Cells cells, int first, int end, const Sums *null);

/* forest_cuts.c: keeps the best split of a feature, given its cells, if it is the best one of the node so far. */
extern void try_feature(Splitter *splitter, Cells cells, int feature);

#endif
