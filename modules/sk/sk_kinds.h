/*
 * sk_kinds.h: the headers of all kinds of models, for the programs that write them.
 */
#ifndef MADPY_SK_KINDS_H
#define MADPY_SK_KINDS_H

#include "sk_kernel.h"
#include "sk_neighbors.h"
#include "sk_trees.h"

#endif
