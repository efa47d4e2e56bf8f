/*
 * forest.h: random forests, grown from coded rows.
 *
 * A tree depends on the rows, the settings and its number only, so that trees can be grown in any order and in any process.
 */
#ifndef MADPY_FOREST_H
#define MADPY_FOREST_H

#include "common/trees/grown_tree.h"
#include "forest_layout.h"

typedef struct ForestSettings
{
	int			trees;
	int			max_depth;
	double		min_split;
	double		min_bucket;
	int			num_features;
	double		sample_ratio;
	bool		replacement;
	bool		random;
	bool		entropy;
	bool		oob;
	bool		permutation;
	bool		balanced;
	uint64		seed;
	const double *class_weights;
} ForestSettings;

/* A grown tree, and what is known of it. */
typedef struct ForestTree
{
	GrownTree  *tree;
	double		rows;			/* sum of the weights of the rows drawn */
	bool		has_all;		/* grown from all rows, since none was drawn */
	double	   *gains;			/* for each feature: the decrease of impurity by its splits */
	double		oob_rows;		/* rows that were not drawn: the sum of their weights, and their loss */
	double		oob_loss;
	double	   *permuted;		/* for each feature: the increase of oob_loss if it is permuted; NULL if not computed */
} ForestTree;

/* The forest of a group. */
typedef struct GroupForest
{
	ForestTree *trees;			/* memory that workers share if the rows are */
	double		rows;			/* sum of the weights of the rows */
	double		mean;			/* mean of the target */
	double	   *class_rows;		/* sum of the weights of each class */
	double		oob_rows;		/* rows that some tree was not grown from: the sum of their weights */
	double		oob_loss;		/* wrong classes, or squared errors, of the mean of these trees */
	double		target_loss;	/* regression: squared differences of their targets from the mean */
	double	   *importance;		/* importance of each feature by impurity */
	double	   *permutation;	/* importance of each feature by permutation; NULL if not computed */
} GroupForest;

/* The forests of a store. */
typedef struct Forests
{
	ForestSettings settings;
	int			grown;			/* trees of each group */
	GroupForest *groups;
	double	   *class_weights;	/* one for each group and class; memory that workers share if the rows are */
} Forests;

static inline ForestSettings
settings_of_group(const Forests *forests, int classes, int group)
{
	ForestSettings settings = forests->settings;

	settings.class_weights = forests->class_weights + (Size) group * classes;
	return settings;
}

static inline bool
group_is_empty(const CodedRows *rows, int group)
{
	return rows->first[group] == rows->first[group + 1];
}

/* forest_train.c: returns the forests of a store; raises an error if there are none. */
extern Forests *forests_of(const Store *store);

/* forest_draw.c: sets counts[i] to how often tree `tree` takes row first + i of its group. */
extern void draw_rows(const ForestSettings *settings, int tree, int64 first, int rows, uint8 *counts);

/* forest_draw.c: lists the rows that were drawn, or those that were not, and returns their number; `list` has space for all. */
extern int	list_drawn(const uint8 *counts, int rows, bool drawn, int *list);

/* forest_grow.c */
extern ForestTree grow_tree(const CodedRows *rows, const ForestSettings *settings, int group, int tree);

/* forest_run.c: grows trees `from` up to, without, `to` of all groups that have rows, on all cores. */
extern void grow_trees(Store *store, Forests *forests, int from, int to);

/* Sums over rows that trees were not grown from. */
typedef struct OobSums
{
	double		rows;			/* weights of the rows that there are such trees for */
	double		loss;			/* loss of the means of their predictions */
	double		target_loss;
	double		numbers[FLEXIBLE_ARRAY_MEMBER]; /* for each tree: weights of rows, loss, and for each feature the loss if it is permuted, less that */
} OobSums;

static inline int
oob_numbers_of_tree(const CodedRows *rows, const ForestSettings *settings)
{
	return 2 + (settings->permutation ? rows->features : 0);
}

/* forest_oob.c: predicts the rows from `from` up to, without, `to` of a group by the trees that were not grown from them. */
extern void predict_out_of_bag(const CodedRows *rows, const ForestSettings *settings, int group, const ForestTree *trees,
							   double mean, int64 from, int64 to, OobSums *sums);

/* forest_oob_run.c: sums up such predictions of all rows, on all cores. */
extern void sum_out_of_bag(Store *store, Forests *forests);

/* The next random number of a stream, whose state is any number. */
static inline uint64
next_random(uint64 *state)
{
	uint64		hash = *state += UINT64CONST(0x9E3779B97F4A7C15);

	hash = (hash ^ (hash >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	hash = (hash ^ (hash >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return hash ^ (hash >> 31);
}

/* A random number from 0 to below - 1; the bias is below 2^-32. */
static inline uint32
random_below(uint64 *state, uint32 below)
{
	return ((next_random(state) >> 32) * below) >> 32;
}

/* Returns the beginning of a stream for a tree; `what` tells streams of one tree apart. */
static inline uint64
stream_of_tree(const ForestSettings *settings, int tree, uint32 what)
{
	uint64		state = settings->seed;

	next_random(&state);
	state ^= ((uint64) what << 32) + tree;
	return next_random(&state);
}

#endif
