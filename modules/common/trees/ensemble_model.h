/*
 * ensemble_model.h: models of many trees, read, scored and explained.
 *
 * Arrays of a model, by EnsembleArray of layout.h:
 *   shape    int32   those of model_row.h
 *   ends     int32
 *   texts    int32
 *   name ends, names  int32   names of the features, as texts and their ends
 *   facts    int32   numbers of EnsembleFact
 *   trees    int32   for each tree its root, then for each tree the output that the first number of a leaf is added to
 *   nodes    int32   a PackedNode for each node (ensemble.h)
 *   sets     int32   bits of the codes that go to the first child of a node
 *   maps     int32   for each category with more levels than MOST_CODES, the code of each level, a byte each, filled up to 4
 *   numbers  double  `width` numbers for each leaf
 *   covers   double  the weight of the rows in each node
 *   start    double  a divisor, then a starting value for each output
 *
 * An output is its starting value and the numbers of its leaves, added tree by tree, then divided.  A level that did not occur
 * in training goes the same way as NULL.
 */
#ifndef MADPY_ENSEMBLE_MODEL_H
#define MADPY_ENSEMBLE_MODEL_H

#include "engine/model_row.h"
#include "ensemble.h"
#include "layout.h"

typedef struct EnsembleModel
{
	ModelRow   *row;
	text	  **names;			/* names of the features */
	Ensemble	trees;
	EnsembleLink link;
	int			outputs;
	double		divisor;
	const double *start;
	const uint8 **code_of_level;	/* NULL for a feature whose levels are codes */
	double	   *x;				/* the features of a row, with codes */
	bool		has_nan;		/* one of them is NaN */
	double	   *sums;			/* the outputs of a row */
	double	   *shares;			/* the probabilities of classes */
} EnsembleModel;

/* Returns the model in an argument; `method` is the number of the method in config/Config.yml. */
extern EnsembleModel *ensemble_argument(FunctionCallInfo fcinfo, int arg, uint32 method);

/* Computes the outputs of the row in an argument. */
extern void ensemble_sums(EnsembleModel *model, FunctionCallInfo fcinfo, int arg);

/* Return the prediction of a regression, and the probabilities of classes, after ensemble_sums(). */
extern double ensemble_number(const EnsembleModel *model);
extern const double *ensemble_shares(EnsembleModel *model);

/* Sets the contribution of each feature to an output for the row of the last ensemble_sums(); returns what they are added to. */
extern double ensemble_explained(EnsembleModel *model, int output, double *contributions);

/*
 * ensemble_functions.c: what the functions of a method do, given the number of the method and the beginning of
 * its functions' names.  Their arguments are a model and the features of a row.
 */
extern Datum ensemble_predict(FunctionCallInfo fcinfo, uint32 method);
extern Datum ensemble_predict_number(FunctionCallInfo fcinfo, uint32 method, const char *prefix);
extern Datum ensemble_predict_prob(FunctionCallInfo fcinfo, uint32 method, const char *prefix);
extern Datum ensemble_explain(FunctionCallInfo fcinfo, uint32 method);

/* ensemble_tree.c: the same for a function of a model, the number of a tree, and a depth. */
extern Datum ensemble_tree(FunctionCallInfo fcinfo, uint32 method);

#endif
