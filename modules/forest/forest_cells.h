/*
 * forest_cells.h: the rows of a node as records, and their sums by feature and code.
 *
 * A record is a row that a tree is grown from: what is summed, then the codes of its features.
 */
#ifndef MADPY_FOREST_CELLS_H
#define MADPY_FOREST_CELLS_H

#include "forest.h"

/* Features whose cells are summed at once. */
#define FEATURES_AT_ONCE 4

/* Codes of a feature, with that of NULL. */
#define ALL_CODES (MOST_CODES + 1)

/* The contents of records, which cells sum. */
typedef enum Payload
{
	PAYLOAD_PAIR,				/* two classes: rows, and those of the second class */
	PAYLOAD_CLASS,				/* rows of each class */
	PAYLOAD_NUMBER,				/* sum of weights, and of the weighted target */
	PAYLOAD_WEIGHT				/* sum of the weights of each class */
} Payload;

/* The payloads of records. */
typedef struct PairRecord
{
	uint16		rows;
	uint16		second;			/* equal to `rows` if the row is of the second class, else 0 */
} PairRecord;

typedef struct ClassRecord
{
	uint16		rows;
	uint16		class;
} ClassRecord;

typedef struct NumberRecord
{
	double		target;			/* less a shift, times the weight */
	float		weight;
} NumberRecord;

typedef struct WeightRecord
{
	float		weight;
	uint32		class;
} WeightRecord;

/* The records of a tree. */
typedef struct Records
{
	Payload		payload;
	int			classes;
	int			offset;			/* offset of the codes in a record */
	Size		stride;
	double		shift;			/* regression: subtracted from targets */
	uint8	   *data;
	uint8	   *moved;			/* space for records that move behind others */
	int64		count;
} Records;

typedef struct NumberCell
{
	double		weight;
	double		target;
} NumberCell;

/* The cells of some features, all zeros between two uses. */
typedef union Cells
{
	void	   *data;
	uint64	   *pairs;			/* rows << 32 | rows of the second class */
	uint32	   *rows;			/* one for each code and class */
	NumberCell *numbers;
	double	   *weights;		/* one for each code and class */
} Cells;

extern void init_records(Records *records, const CodedRows *rows, const ForestSettings *settings, int group);
extern Size cell_bytes(const Records *records);

/* Takes the rows that a tree is grown from, all of them if none is drawn; sets these facts of the tree. */
extern void fill_records(Records *records, const CodedRows *rows, const ForestSettings *settings, int group, int tree,
						 ForestTree *facts);

/* Adds the records from `from` up to, without, `to` to the cells of `count` features. */
extern void sum_cells(const Records *records, int64 from, int64 to, const int *features, int count, Cells cells);

/* Lists the codes that records have of a feature, but NULL, in order; returns their number. */
extern int	codes_there(const Records *records, int64 from, int64 to, int feature, int codes, Cells cells, uint8 *list);

/* Puts records whose code is marked before the others, without changing the order on both sides; returns where these begin. */
extern int64 part_records(Records *records, int64 from, int64 to, int feature, const bool *goes_first);

/* Returns the cells of the next feature. */
static inline Cells
next_cells(const Records *records, Cells cells)
{
	return (Cells) {.data = (char *) cells.data + cell_bytes(records)};
}

#endif
