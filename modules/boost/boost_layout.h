/*
 * boost_layout.h: names for numbers that boost_train and its C functions exchange.
 */
#ifndef MADPY_BOOST_LAYOUT_H
#define MADPY_BOOST_LAYOUT_H

/* Number of the method in the header of packed models (config/Config.yml). */
#define MODEL_BOOST 5

/* The losses that are minimised. */
typedef enum BoostObjective
{
	OBJECTIVE_SQUARED,
	OBJECTIVE_ABSOLUTE,
	OBJECTIVE_QUANTILE,
	OBJECTIVE_HUBER,
	OBJECTIVE_LOGISTIC,
	OBJECTIVE_MULTICLASS,
	OBJECTIVE_POISSON,
	OBJECTIVE_GAMMA,
	OBJECTIVE_TWEEDIE,
	OBJECTIVE_COUNT
} BoostObjective;

/* The settings of a training, doubles; after them the weight of each class, then for each feature -1, 0 or 1: is monotone. */
typedef enum BoostSetting
{
	BOOST_OBJECTIVE,
	BOOST_ALPHA,				/* the quantile, the width of Huber's loss, or the power of Tweedie's variance */
	BOOST_ROUNDS,
	BOOST_LEARNING_RATE,
	BOOST_MAX_LEAVES,
	BOOST_MAX_DEPTH,
	BOOST_MIN_CHILD,			/* rows that a leaf has to have */
	BOOST_L1,
	BOOST_L2,
	BOOST_SUBSAMPLE,			/* rows drawn for a round, as a share */
	BOOST_NUM_FEATURES,			/* features drawn for a tree */
	BOOST_VALIDATION,			/* rows that are held out, as a share */
	BOOST_MARKED,				/* 1: the last feature is a category, whose second level marks the rows that are held out */
	BOOST_PATIENCE,				/* rounds without a smaller loss of the held-out rows that end a training; 0: none do */
	BOOST_BALANCED,				/* 1: classes weigh the same in sum, instead of the weights that are given */
	BOOST_SEED,
	BOOST_FIELDS
} BoostSetting;

#endif
