/*
 * dtree_model.h: packed trees, which common/trees/score.c scores.
 */
#ifndef MADPY_DTREE_MODEL_H
#define MADPY_DTREE_MODEL_H

/* Number of the method in the header of packed models (config/Config.yml). */
#define MODEL_TREE 1

#endif
