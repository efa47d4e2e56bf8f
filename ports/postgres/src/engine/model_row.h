/*
 * model_row.h: the features of one row, checked and encoded for a model.
 *
 * Three arrays of a model describe its classes and features:
 *   shape  int32   the number of classes; for each feature 0, or the number of its levels
 *   ends   int32   byte at which each text ends: first the texts of the classes, then those of the levels
 *   texts  int32   the texts, in UTF-8
 */
#ifndef MADPY_MODEL_ROW_H
#define MADPY_MODEL_ROW_H

#include "model.h"

/* One level of a feature. */
typedef struct Word
{
	const char *text;
	int			length;
	int			code;
} Word;

typedef struct ModelRow
{
	int			classes;
	int			features;
	bool		all_numbers;	/* no feature has levels */
	const int32 *levels;		/* number of levels of each feature; 0 for a number */
	text	  **labels;			/* names of the classes, in the encoding of the database */
	const int32 *ends;
	const char *texts;
	Word	  **words;			/* sorted levels of each feature; NULL before its first lookup */
	double	   *x;				/* features of the current row */
	MemoryContext context;
} ModelRow;

/* Checks the three arrays, given by their numbers, and prepares a row; for the `check` of model_argument(). */
extern ModelRow *model_row(const Model *model, int shape, int ends, int texts);

/*
 * Returns the features in argument `arg`: double precision[] of numbers and codes, or text[] of numbers and levels.  A
 * feature that is NULL, or a text that is not a level, is NaN.
 */
extern const double *row_argument(ModelRow *row, FunctionCallInfo fcinfo, int arg);

/* Returns the code of a feature's level, given its bytes; NaN if there is no such level. */
extern double row_code(ModelRow *row, int feature, const char *bytes, int length);

/* Returns a level of a feature by its number. */
extern text *row_level(const ModelRow *row, int feature, int level);

/* Returns a text of a model, which is in UTF-8, in the encoding of the database. */
extern text *row_text(const char *bytes, int length);

/* Returns a copy of a class's label. */
extern text *row_label(const ModelRow *row, int number);

/* Tells whether a number is a valid code: an integer from 0 to levels - 1. */
static inline bool
is_code(double value, int levels)
{
	return value >= 0 && value < levels && value == (int) value;
}

#endif
