/*
 * layout.h: the numbers of parameters, outcomes and models of trees, by name.
 *
 * layout.py has the same names for Python, which tests/test_layouts.py compares with these.
 */
#ifndef MADPY_TREES_LAYOUT_H
#define MADPY_TREES_LAYOUT_H

/* The beginning of the parameters of a kernel that counts rows (plan.h). */
typedef enum Header
{
	HEADER_CODED,				/* 1: the columns are codes */
	HEADER_CLASSES,				/* 0: regression */
	HEADER_SLOTS,				/* nodes whose rows are counted */
	HEADER_NODES,
	HEADER_FEATURES,
	HEADER_COUNTING,
	HEADER_FOLDS,				/* 0: all rows count */
	HEADER_FOLD,
	HEADER_HELD_OUT,			/* 0: the rows outside the fold count, 1: those in it */
	HEADER_SEED,				/* of the folds */
	HEADER_ENTROPY,				/* 1: classes are split by entropy, 0: by Gini's index */
	HEADER_MIN_BUCKET,			/* rows that a side of a split must have */
	HEADER_FIELDS
} Header;

/* The ways in which a pass counts rows, and their outcomes. */
typedef enum Counting
{
	COUNTING_SLOTS,				/* by slot */
	COUNTING_CODES,				/* by slot and code of each feature: the best splits between bins */
	COUNTING_AND_BOUND,			/* and the bins within which there may be a better one */
	COUNTING_INTERVALS			/* by parts of such bins: the best splits within them */
} Counting;

/* A node among parameters. */
typedef enum NodeField
{
	NODE_FEATURE,				/* -1: a leaf */
	NODE_LEFT,					/* children */
	NODE_RIGHT,
	NODE_SPLIT,					/* last bin that goes left; of categories: where their levels are, among the numbers;
								 * within a bin: -1 - where it and the value are */
	NODE_NULL_RIGHT,
	NODE_SLOT,					/* -1: its rows are not counted */
	NODE_SHIFT,					/* regression: is taken off the target before it is summed */
	NODE_FIELDS
} NodeField;

/* The end of the parameters of COUNTING_AND_BOUND and COUNTING_INTERVALS. */
typedef enum TailField
{
	TAIL_UNIT,					/* the least that a row counts: 1 without weights */
	TAIL_MOVES_AT,				/* where the moves begin */
	TAIL_MOVES,					/* how many there are */
	TAIL_LIST_AT,				/* where marks or intervals begin */
	TAIL_INTERVALS,				/* how many there are */
	TAIL_FIELDS
} TailField;

/* A cell of a regression, and the counts of its nodes; of a classification they are the rows of each class. */
typedef enum StatField
{
	STAT_ROWS,
	STAT_SUM,					/* of the target less a shift */
	STAT_SQUARES,				/* of the same */
	STAT_FIELDS,
	STAT_MEAN = STAT_SUM,		/* in a node that is kept: the squares are around it */
} StatField;

/* An interval among parameters: these, then counts, of stats numbers each: to the left of it, of NULL, of the node. */
typedef enum IntervalField
{
	INTERVAL_SLOT,
	INTERVAL_FEATURE,
	INTERVAL_BIN,
	INTERVAL_LOW,				/* its values are from here */
	INTERVAL_HIGH,				/* to here */
	INTERVAL_FROM,				/* where parts begin */
	INTERVAL_TO,				/* and end */
	INTERVAL_LINEAR,			/* 1: parts are equal in the feature's unit */
	INTERVAL_PARTS,
	INTERVAL_BEST,				/* the best gain that is known for the node */
	INTERVAL_FIELDS
} IntervalField;

/* The best split of a slot in an outcome: these, then counts of the node and of the left side. */
typedef enum SplitField
{
	SPLIT_GAIN,					/* what the sum of losses falls by; 0: there is no split */
	SPLIT_FEATURE,
	SPLIT_LAST_LEFT,			/* bin */
	SPLIT_NULL_RIGHT,			/* 1: NULL goes right */
	SPLIT_NULL_ROWS,
	SPLIT_FIELDS
} SplitField;

/* A bin that an outcome lists: these, then counts to the left of it and of NULL. */
typedef enum BinField
{
	BIN_SLOT,
	BIN_FEATURE,
	BIN_NUMBER,
	BIN_ROWS,
	BIN_MOST,					/* that a split within it can gain */
	BIN_FIELDS
} BinField;

/* The best split within an interval in an outcome: these, then counts of the left side. */
typedef enum FoundField
{
	FOUND_GAIN,					/* 0: there is no split */
	FOUND_THRESHOLD,			/* the largest value that goes left */
	FOUND_NULL_RIGHT,			/* 1: NULL goes right */
	FOUND_SMALLEST,				/* values that there are */
	FOUND_LARGEST,
	FOUND_FIELDS
} FoundField;

/* A part of an interval that an outcome lists: these, then counts to the left of it. */
typedef enum PartField
{
	PART_INTERVAL,
	PART_SMALLEST,				/* its values */
	PART_LARGEST,
	PART_ROWS,
	PART_MOST,					/* that a split within it can gain */
	PART_FIELDS
} PartField;

/* The beginning of the state of a kernel that samples rows; the first two are its parameters. */
typedef enum SampleField
{
	SAMPLE_KEEP,				/* entries, at most */
	SAMPLE_SEED,
	SAMPLE_COUNT,				/* entries that there are */
	SAMPLE_LIMIT,				/* the hash above which none is taken */
	SAMPLE_FIELDS
} SampleField;

/* An entry of it: these, then the values of the row; an outcome has all but the hash. */
typedef enum EntryField
{
	ENTRY_HASH,
	ENTRY_COUNT,
	ENTRY_FIELDS
} EntryField;

/* Arrays of a model (score.c). */
typedef enum ModelArray
{
	MODEL_SHAPE,
	MODEL_STEPS,
	MODEL_THRESHOLDS,
	MODEL_LEVELS,
	MODEL_VALUES,
	MODEL_ENDS,
	MODEL_TEXTS,
	MODEL_FIELDS
} ModelArray;

/* A node of a model. */
typedef enum StepField
{
	STEP_FEATURE,				/* -1: a leaf */
	STEP_LEFT,					/* the left child; the right one is behind it */
	STEP_NULL_RIGHT,			/* 1: NULL goes right */
	STEP_LEVELS,				/* of a split of levels: where they begin */
	STEP_FIELDS
} StepField;

#endif
