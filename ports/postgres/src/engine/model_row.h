/*
 * model_row.h: the features of one row as the model that scores it knows them.
 *
 * Three arrays of a model say what they are:
 *   shape  int32   the number of classes; for each feature 0, or the number of its levels
 *   ends   int32   where the texts of the classes, then of the levels, end, in bytes
 *   texts  int32   the texts, in UTF-8
 */
#ifndef MADPY_MODEL_ROW_H
#define MADPY_MODEL_ROW_H

#include "model.h"

/* The levels of one feature, by their bytes. */
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
	bool		all_numbers;	/* none of the features has levels */
	const int32 *levels;		/* of each feature, 0: numeric */
	text	  **labels;			/* of the classes, in the encoding of the database */
	const int32 *ends;
	const char *texts;
	Word	  **words;			/* of each feature, sorted; NULL until a text is looked up */
	double	   *x;				/* scratch, for the features */
	MemoryContext context;
} ModelRow;

/* Checks the three arrays, whose numbers these are, and prepares a row; for a check of model_argument(). */
extern ModelRow *model_row(const Model *model, int shape, int ends, int texts);

/*
 * The features in argument `arg`: double precision[] of numbers and codes, or text[] of numbers and levels.  One that is
 * NULL, or a text that is no level, is NaN.
 */
extern const double *row_argument(ModelRow *row, FunctionCallInfo fcinfo, int arg);

/* Returns the code of a feature's level, given its bytes; NaN if there is no such level. */
extern double row_code(ModelRow *row, int feature, const char *bytes, int length);

/* Returns a text of a model, which is in UTF-8, in the encoding of the database. */
extern text *row_text(const char *bytes, int length);

/* Returns a copy of a class's label. */
extern text *row_label(const ModelRow *row, int number);

/* Tells whether a number is the code of one of the levels, from 0. */
static inline bool
is_code(double value, int levels)
{
	return value >= 0 && value < levels && value == (int) value;
}

#endif
