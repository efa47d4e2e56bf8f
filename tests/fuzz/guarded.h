/*
 * guarded.h: memory of the library in which every access out of bounds is seen, for `make check-memory`.
 *
 * Included in front of every source file.  PostgreSQL takes small allocations out of larger blocks, and a checker sees
 * only the ends of blocks.  Here each allocation of the library, and a copy of each value that it is given, is a block
 * of its own (PostgreSQL makes one for more than 8 kB), whose unused rest must not be touched.
 */
#ifndef MADPY_GUARDED_H
#define MADPY_GUARDED_H

#include "postgres.h"
#include "fmgr.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define GUARD(start, size) ASAN_POISON_MEMORY_REGION(start, size)
#define OPEN(start, size) ASAN_UNPOISON_MEMORY_REGION(start, size)
#define FILL(start, size) memset(start, 0xCB, size) /* findings.py looks for these bytes in results */
#else
#include <valgrind/memcheck.h>
#define GUARD(start, size) ((void) VALGRIND_MAKE_MEM_NOACCESS(start, size))
#define OPEN(start, size) ((void) VALGRIND_MAKE_MEM_DEFINED(start, size))
#define FILL(start, size) ((void) VALGRIND_MAKE_MEM_UNDEFINED(start, size))
#endif

#define OWN_BLOCK ((Size) 8200)
#define FILLED ((Size) 65536)	/* of an allocation, so that large ones take no longer than they need */
#define COPIED ((Size) 1048576) /* values up to this size are copied */

static inline Size
guarded_size(Size size)
{
	return Max(size, MAXALIGN(Max(size, OWN_BLOCK)));	/* the outer Max where MAXALIGN overflows */
}

static inline void *
guarded(MemoryContext context, Size size, int flags)
{
	Size		whole = guarded_size(size);
	char	   *start = MemoryContextAllocExtended(context, whole, flags);

	if (start == NULL)
		return NULL;
	if (!(flags & MCXT_ALLOC_ZERO))
		FILL(start, Min(size, FILLED));
	GUARD(start + size, whole - size);
	return start;
}

static inline void *
guarded_again(void *old, Size size, bool huge)
{
	Size		whole = guarded_size(size);
	char	   *start = huge ? repalloc_huge(old, whole) : repalloc(old, whole);

	OPEN(start, size);			/* of a block that stays where it is, what the old size left over */
	GUARD(start + size, whole - size);
	return start;
}

/* A copy of a value that ends where the value ends, `shift` bytes off the alignment of memory. */
static inline struct varlena *
guarded_value(struct varlena *value, int shift)
{
	Size		size = VARSIZE_ANY(value);

	if (size > COPIED)
		return value;
	return memcpy((char *) guarded(CurrentMemoryContext, size + shift, 0) + shift, value, size);
}

/* A bytea may lie at any multiple of 4: every second copy does not lie at a multiple of 8. */
static inline struct varlena *
guarded_bytea(struct varlena *value)
{
	static int	count = 0;

	return guarded_value(value, ++count % 2 * 4);
}

static inline struct varlena *
guarded_packed(struct varlena *value)
{
	return VARATT_IS_1B(value) ? guarded_value(value, 1) : guarded_bytea(value);
}

#define palloc(size) guarded(CurrentMemoryContext, size, 0)
#define palloc0(size) guarded(CurrentMemoryContext, size, MCXT_ALLOC_ZERO)
#define palloc_extended(size, flags) guarded(CurrentMemoryContext, size, flags)
#define MemoryContextAlloc(context, size) guarded(context, size, 0)
#define MemoryContextAllocZero(context, size) guarded(context, size, MCXT_ALLOC_ZERO)
#define MemoryContextAllocHuge(context, size) guarded(context, size, MCXT_ALLOC_HUGE)
#define repalloc(old, size) guarded_again(old, size, false)
#define repalloc_huge(old, size) guarded_again(old, size, true)
#define pg_detoast_datum(value) guarded_value((pg_detoast_datum) (value), 0)
#define pg_detoast_datum_packed(value) guarded_packed((pg_detoast_datum_packed) (value))

#undef DatumGetByteaP
#define DatumGetByteaP(value) \
	((bytea *) guarded_bytea((pg_detoast_datum) ((struct varlena *) DatumGetPointer(value))))

#endif
