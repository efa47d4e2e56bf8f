/*
 * dtree_model.h: packed trees, which common/trees/score.c scores.
 */
#ifndef MADPY_DTREE_MODEL_H
#define MADPY_DTREE_MODEL_H

/* The number of packed trees in the header of a model (config/Config.yml). */
#define MODEL_TREE 1

#endif
