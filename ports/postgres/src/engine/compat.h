/*
 * compat.h: hides the differences between PostgreSQL 15, 16, 17 and 18.  No other source tests the version.
 *
 * The Makefile includes this file before every source, so that a file written for one version compiles for the others too.
 */
#ifndef MADPY_COMPAT_H
#define MADPY_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "madpy needs PostgreSQL 15 or later"
#endif

/* Version 16 moved VARSIZE and similar macros into a header of their own. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* Since version 16 a parameter says whether the other table may lack some of the columns. */
#if PG_VERSION_NUM >= 160000
#define attrmap_by_name(in, out) build_attrmap_by_name(in, out, false)
#else
#define attrmap_by_name(in, out) build_attrmap_by_name(in, out)
#endif

/* Version 18 has pg_noreturn before a declaration; up to 17 pg_attribute_noreturn() stood after it. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

#endif
