/*
 * compat.h: what differs between the versions of PostgreSQL, 15 to 18.  No other source asks for the version.
 *
 * The Makefile includes it in front of every source: a file written on one version compiles on the others too.
 */
#ifndef MADPY_COMPAT_H
#define MADPY_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "madpy needs PostgreSQL 15 or later"
#endif

/* 16 moved VARSIZE and its like into a header of their own. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16 can map tables that lack some of the columns. */
#if PG_VERSION_NUM >= 160000
#define attrmap_by_name(in, out) build_attrmap_by_name(in, out, false)
#else
#define attrmap_by_name(in, out) build_attrmap_by_name(in, out)
#endif

/* 18 puts this in front of a declaration; until 17 pg_attribute_noreturn() was put behind it. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#endif
