/*
 * store_parallel.h: fills a store by a parallel scan.
 */
#ifndef MADPY_STORE_PARALLEL_H
#define MADPY_STORE_PARALLEL_H

#include "access/parallel.h"
#include "store_fill.h"

extern bool store_fill_in_parallel(Fill *fill, const char *statement);
extern PGDLLEXPORT void store_fill_worker(dsm_segment *segment, shm_toc *toc);

#endif
