/*
 * layout.h: names for the positions of numbers in the parameters, outcomes and models of trees.
 *
 * layout.py has the same names for Python; tests/test_layouts.py compares the two files.
 */
#ifndef MADPY_TREES_LAYOUT_H
#define MADPY_TREES_LAYOUT_H

/* The beginning of the parameters of a kernel that counts rows (plan.h). */
typedef enum Header
{
	HEADER_CODED,				/* 1: the columns are codes */
	HEADER_CLASSES,				/* number of classes; 0 for a regression */
	HEADER_SLOTS,				/* number of nodes whose rows are counted */
	HEADER_NODES,
	HEADER_FEATURES,
	HEADER_COUNTING,
	HEADER_FOLDS,				/* 0: all rows count */
	HEADER_FOLD,
	HEADER_HELD_OUT,			/* 0: the rows outside the fold count, 1: those in it */
	HEADER_SEED,				/* seed of the folds */
	HEADER_ENTROPY,				/* 1: classes are split by entropy, 0: by Gini's index */
	HEADER_MIN_BUCKET,			/* fewest rows on a side of a split */
	HEADER_FIELDS
} Header;

/* The ways in which a pass counts rows, and their outcomes. */
typedef enum Counting
{
	COUNTING_SLOTS,				/* counts for each slot */
	COUNTING_CODES,				/* for each slot and code of each feature; outcome: the best splits between bins */
	COUNTING_AND_BOUND,			/* also, in the outcome: the bins within which there may be a better split */
	COUNTING_INTERVALS			/* for parts of such bins; outcome: the best splits within them */
} Counting;

/* A node in the parameters. */
typedef enum NodeField
{
	NODE_FEATURE,				/* -1: a leaf */
	NODE_LEFT,					/* numbers of the children */
	NODE_RIGHT,
	NODE_SPLIT,					/* last bin that goes left; for a category: position of its levels in the parameters;
								 * within a bin: -1 - position of the bin and the value */
	NODE_NULL_RIGHT,
	NODE_SLOT,					/* -1 if its rows are not counted */
	NODE_SHIFT,					/* regression: subtracted from the target before it is summed */
	NODE_FIELDS
} NodeField;

/* The end of the parameters of COUNTING_AND_BOUND and COUNTING_INTERVALS. */
typedef enum TailField
{
	TAIL_UNIT,					/* the smallest weight of a row: 1 without weights */
	TAIL_MOVES_AT,				/* position of the moves: see plan.h */
	TAIL_MOVES,					/* number of moves */
	TAIL_LIST_AT,				/* position of the marks or intervals */
	TAIL_INTERVALS,				/* number of intervals */
	TAIL_FIELDS
} TailField;

/* A cell of a regression, and the counts of a node.  In a classification these are the rows of each class. */
typedef enum StatField
{
	STAT_ROWS,
	STAT_SUM,					/* sum of the target less a shift */
	STAT_SQUARES,				/* sum of squares of the same */
	STAT_FIELDS,
	STAT_MEAN = STAT_SUM,		/* in a node of a tree: the mean, around which the squares are taken */
} StatField;

/* An interval in the parameters: these numbers, then three cells of counts: to the left of it, of NULL, of the node. */
typedef enum IntervalField
{
	INTERVAL_SLOT,
	INTERVAL_FEATURE,
	INTERVAL_BIN,
	INTERVAL_LOW,				/* its smallest value */
	INTERVAL_HIGH,				/* its largest value */
	INTERVAL_FROM,				/* beginning of the first part */
	INTERVAL_TO,				/* end of the last part */
	INTERVAL_LINEAR,			/* 1: parts are equal in the feature's unit */
	INTERVAL_PARTS,
	INTERVAL_BEST,				/* the best gain known for the node */
	INTERVAL_FIELDS
} IntervalField;

/* The best split of a slot in an outcome: these numbers, then counts of the node and of the left side. */
typedef enum SplitField
{
	SPLIT_GAIN,					/* decrease of the sum of losses; 0 if there is no split */
	SPLIT_FEATURE,
	SPLIT_LAST_LEFT,			/* the last bin that goes left */
	SPLIT_NULL_RIGHT,			/* 1: NULL goes right */
	SPLIT_NULL_ROWS,
	SPLIT_FIELDS
} SplitField;

/* A bin that an outcome lists: these numbers, then counts to the left of it and of NULL. */
typedef enum BinField
{
	BIN_SLOT,
	BIN_FEATURE,
	BIN_NUMBER,
	BIN_ROWS,
	BIN_MOST,					/* upper bound for the gain of a split within it */
	BIN_FIELDS
} BinField;

/* The best split within an interval in an outcome: these numbers, then counts of the left side. */
typedef enum FoundField
{
	FOUND_GAIN,					/* 0 if there is no split */
	FOUND_THRESHOLD,			/* the largest value that goes left */
	FOUND_NULL_RIGHT,			/* 1: NULL goes right */
	FOUND_SMALLEST,				/* smallest and largest value of a row */
	FOUND_LARGEST,
	FOUND_FIELDS
} FoundField;

/* A part of an interval that an outcome lists: these numbers, then counts to the left of it. */
typedef enum PartField
{
	PART_INTERVAL,
	PART_SMALLEST,				/* smallest and largest value of a row */
	PART_LARGEST,
	PART_NUM_ROWS,
	PART_MOST,					/* upper bound for the gain of a split within it */
	PART_FIELDS
} PartField;

/* The beginning of the state of a kernel that samples rows; the first two are its parameters. */
typedef enum SampleField
{
	SAMPLE_KEEP,				/* size of the sample, in entries */
	SAMPLE_SEED,
	SAMPLE_COUNT,				/* number of entries */
	SAMPLE_LIMIT,				/* rows with a larger hash are not in the sample */
	SAMPLE_FIELDS
} SampleField;

/* An entry of a sample: these numbers, then the values of the row.  An outcome has no hashes. */
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

/* Arrays of a model of many trees (ensemble_model.h). */
typedef enum EnsembleArray
{
	ENSEMBLE_SHAPE,
	ENSEMBLE_ENDS,
	ENSEMBLE_TEXTS,
	ENSEMBLE_NAME_ENDS,
	ENSEMBLE_NAMES,
	ENSEMBLE_FACTS,
	ENSEMBLE_TREES,
	ENSEMBLE_NODES,
	ENSEMBLE_SETS,
	ENSEMBLE_MAPS,
	ENSEMBLE_NUMBERS,
	ENSEMBLE_COVERS,
	ENSEMBLE_START,
	ENSEMBLE_FIELDS
} EnsembleArray;

/* The functions that make predictions of the sums of leaves. */
typedef enum EnsembleLink
{
	LINK_NUMBER,				/* one output, the prediction */
	LINK_EXP,					/* one output, the logarithm of the prediction */
	LINK_SHARE,					/* one output, the probability of the second of two classes */
	LINK_SHARES,				/* an output for each class, its probability */
	LINK_LOGIT,					/* one output, the logit of the second of two classes */
	LINK_SOFTMAX,				/* an output for each class, of which the softmax function makes probabilities */
	LINK_COUNT
} EnsembleLink;

/* ENSEMBLE_FACTS of a model. */
typedef enum EnsembleFact
{
	FACT_LINK,
	FACT_TREES,
	FACT_WIDTH,					/* numbers of a leaf */
	FACT_FIELDS
} EnsembleFact;

/* A node of a model. */
typedef enum StepField
{
	STEP_FEATURE,				/* -1: a leaf */
	STEP_LEFT,					/* number of the left child; the right child is the next node */
	STEP_NULL_RIGHT,			/* 1: NULL goes right */
	STEP_LEVELS,				/* for a category: position of its levels */
	STEP_FIELDS
} StepField;

#endif
