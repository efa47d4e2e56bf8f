/*
 * sk_neighbors.h: what nearest neighbours are near by, and how they are averaged.
 */
#ifndef MADPY_SK_NEIGHBORS_H
#define MADPY_SK_NEIGHBORS_H

#include "sk.h"

#define METRIC_EUCLIDEAN 0
#define METRIC_MANHATTAN 1
#define METRIC_CHEBYSHEV 2
#define METRIC_MINKOWSKI 3

#define WEIGHTS_UNIFORM 0
#define WEIGHTS_DISTANCE 1

#endif
