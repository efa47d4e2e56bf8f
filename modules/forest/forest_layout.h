/*
 * forest_layout.h: names for numbers that forest_train and its C functions exchange.
 */
#ifndef MADPY_FOREST_LAYOUT_H
#define MADPY_FOREST_LAYOUT_H

/* Number of the method in the header of packed models (config/Config.yml). */
#define MODEL_FOREST 4

/* The settings of a forest, doubles; after them the weight of each class. */
typedef enum ForestSetting
{
	SETTING_TREES,
	SETTING_MAX_DEPTH,
	SETTING_MIN_SPLIT,			/* rows that a node needs to be split */
	SETTING_MIN_BUCKET,			/* rows that a leaf has to have */
	SETTING_NUM_FEATURES,		/* features of which a node takes the best split */
	SETTING_SAMPLE_RATIO,
	SETTING_REPLACEMENT,		/* 1: rows are drawn with replacement */
	SETTING_RANDOM,				/* 1: a feature's split is drawn, 0: its best one is taken */
	SETTING_ENTROPY,			/* 1: classes are split by entropy, 0: by Gini's index */
	SETTING_OOB,				/* 1: rows that a tree was not grown from are predicted */
	SETTING_BALANCED,			/* 1: classes weigh the same in sum, instead of the weights that are given */
	SETTING_PERMUTATION,		/* 1: importance by permutation is computed from them */
	SETTING_SEED,
	SETTING_FIELDS
} ForestSetting;

#endif
