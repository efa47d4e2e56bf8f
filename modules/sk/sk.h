/*
 * sk.h: models that scikit-learn has fitted, and C scores.  worker/model.py writes their arrays; docs/model-format.md.
 */
#ifndef MADPY_SK_H
#define MADPY_SK_H

#include <math.h>

#include "engine/model_row.h"

/* The number of these models in the header of a model (config/Config.yml). */
#define MODEL_SK 3

/* Arrays of every such model. */
enum
{
	SK_FORM,					/* int32: kind, task, columns, outputs, whether columns may be missing */
	SK_SHAPE,					/* int32: the number of classes; for each input 0, or its levels (model_row.h) */
	SK_ENDS,					/* int32: where texts of classes and levels end */
	SK_TEXTS,					/* int32 */
	SK_NAME_ENDS,				/* int32: where names of inputs end */
	SK_NAMES,					/* int32 */
	SK_INPUTS,					/* int32: for each input encoding, flags, width, offset in SK_VALUES */
	SK_NUMBERS,					/* double: for each input fill, center, scale */
	SK_VALUES,					/* double: of target encoding, for each input a row per level and one for others */
	SK_OWN						/* the first array of the kind */
};

#define FORM_INTS 5
#define INPUT_INTS 4
#define INPUT_DOUBLES 3

/* Whether a row whose columns are missing has a prediction. */
#define MISSING_NOT 0			/* no: NULL, NaN and infinite numbers are missing */
#define MISSING_NAN 1			/* yes, they are NaN */
#define MISSING_NAN_ONLY 2		/* yes, and infinite numbers are values as others are */

/* Tasks. */
#define TASK_REGRESSION 1
#define TASK_CLASSIFICATION 2
#define TASK_CLUSTERING 3
#define TASK_DECOMPOSITION 4

/* How an input becomes columns. */
#define ENCODE_NUMBER 0			/* (x - center) / scale */
#define ENCODE_ONE_HOT 1		/* a column of 0 and 1 for each level */
#define ENCODE_ORDINAL 2		/* the code of the level, -1 for another value */
#define ENCODE_TARGET 3			/* the row of SK_VALUES for the level; one that begins with NaN is a missing value */

#define FLAG_IMPUTE 1			/* fill takes the place of NULL */
#define FLAG_INDICATOR 2		/* a further column: 1 for NULL, else 0 */

/* Functions that make classes of the sums of a linear model. */
#define LINK_IDENTITY 0
#define LINK_MARGIN 1			/* the class by the sign, or the largest value; no probabilities */
#define LINK_LOGIT 2			/* two classes */
#define LINK_SOFTMAX 3
#define LINK_ONE_AGAINST_REST 4	/* logits of each class, divided by their sum */
#define LINK_MODIFIED_HUBER 5

/* Functions of the sums of a layer. */
#define ACTIVATION_IDENTITY 0
#define ACTIVATION_LOGISTIC 1
#define ACTIVATION_TANH 2
#define ACTIVATION_RELU 3
#define ACTIVATION_EXP 4
#define ACTIVATION_SOFTMAX 5

/* Kinds of models. */
#define KIND_LINEAR 1
#define KIND_GAUSSIAN 2
#define KIND_NETWORK 3
#define KIND_CENTERS 4
#define KIND_KNOWN 5
#define KIND_FACTORS 6
#define KIND_TREES 7
#define KIND_KERNEL 8
#define KIND_SVM 9
#define KIND_LAPLACE 10
#define KIND_NEIGHBORS 11
#define KIND_BAYES 12

/* The cluster of a row that a clustering says nothing of: NULL. */
#define SK_UNKNOWN PG_INT32_MIN

typedef enum SkWanted
{
	WANT_PREDICTION,			/* the number of a class or cluster, or `values` */
	WANT_PROBABILITIES,			/* `probabilities` */
	WANT_DECISIONS				/* `values`, `decisions` of them */
} SkWanted;

struct SkKind;

/* A checked model, and memory for what is computed of one row. */
typedef struct Sk
{
	const Model *model;
	ModelRow   *row;
	int			task;
	int			inputs;
	int			columns;		/* columns of the prepared row */
	int			outputs;
	int			classes;		/* 0: none */
	bool		takes_nan;
	bool		takes_infinity; /* an infinite number is a value as others are */
	bool		is_plain;		/* the columns are the inputs, numbers that are not changed */
	const int32 *encodings;		/* INPUT_INTS for each input */
	const double *numbers;		/* INPUT_DOUBLES for each input */
	const double *table;		/* SK_VALUES */
	int		   *first;			/* column of each input, and one more: their number */
	text	  **names;			/* names of the inputs */
	const struct SkKind *kind;
	void	   *own;			/* the kind's, from its check */
	int			decisions;		/* decision values that a class has; 0: none */
	bool		has_probabilities;
	bool		is_explained;	/* the kind's explain() fits the model */
	double	   *raw;			/* inputs */
	bool	   *is_missing;		/* for each input, memory for a check of names */
	double	   *x;				/* columns */
	double	   *values;			/* outputs or decisions, whichever are more */
	double	   *probabilities;	/* classes */
	struct Scored *scored;		/* the row that sk_score.c scored last */
	double	   *class_numbers;	/* sk_score.c: labels as numbers, NULL before they are asked for */
	void	   *plan;			/* how arguments are read, known to sk_arguments.c */
} Sk;

/* A way to predict. */
typedef struct SkKind
{
	int			number;

	/* Checks the arrays from SK_OWN on and sets own, decisions and has_probabilities; see model_damaged(). */
	void		(*check) (Sk *sk);

	/* Computes what is wanted of the columns x; returns the number of the class or cluster, if there is one. */
	int			(*score) (Sk *sk, const double *x, SkWanted wanted);

	/*
	 * Sets the contribution of each input to one output or decision value of the columns x, and returns what they are added
	 * to.  Called where is_explained is set.
	 */
	double		(*explain) (Sk *sk, const double *x, int output, double *contributions);
} SkKind;

extern const SkKind sk_linear;
extern const SkKind sk_gaussian;
extern const SkKind sk_network;
extern const SkKind sk_centers;
extern const SkKind sk_known;
extern const SkKind sk_factors;
extern const SkKind sk_trees;
extern const SkKind sk_kernel;
extern const SkKind sk_svm;
extern const SkKind sk_laplace;
extern const SkKind sk_neighbors;
extern const SkKind sk_bayes;

/* Tells whether a number of a row is missing. */
static inline bool
sk_is_missing(const Sk *sk, double x)
{
	return sk->takes_infinity ? isnan(x) : !isfinite(x);
}

/* sk_arguments.c: sets sk->raw to the inputs of a row, NaN for NULL; returns false if the whole row is NULL. */
extern bool sk_read(Sk *sk, FunctionCallInfo fcinfo, int first);
extern void sk_plan(Sk *sk);

/* sk_names.c: raise an error for features that are too few or too many, and for inputs that have no value. */
pg_noreturn extern void sk_wrong_count(const Sk *sk, int given);
extern void sk_check_missing(const Sk *sk, const bool *is_missing, const char *one, const char *several);

/* sk_row.c: returns the columns of the arguments from `first` on, NULL if one that is needed is NULL. */
extern const double *sk_columns(Sk *sk, FunctionCallInfo fcinfo, int first);
extern void sk_check_row(Sk *sk);

/* sk_predict.c: returns the model in argument 0; raises an error for a function that does not fit a model. */
extern Sk  *sk_model(FunctionCallInfo fcinfo);
pg_noreturn extern void sk_wrong_task(const char *has, const char *function);

/* sk_predict.c: returns the numbers of all targets, or all components; `others` are functions for other models. */
extern Datum sk_all(FunctionCallInfo fcinfo, const char *others);

/* sk_links.c: what a classifier makes of decision values. */
extern int	sk_largest(const double *values, int count);
extern double sk_sigmoid(double x);
extern void sk_softmax(double *values, int count);

/* sk_sum.c: the sum of values, in the order in which numpy adds a row of an array. */
extern double sk_sum(const double *values, int count);

#endif
