/*
 * pieces.h: memory that is copied or filled with zeros piece by piece, with a look for interrupts between.
 *
 * A state may have a gigabyte: its pages alone take a few tenths of a second.
 */
#ifndef MADPY_PIECES_H
#define MADPY_PIECES_H

#include "postgres.h"
#include "miscadmin.h"

#define PIECE ((Size) 16 * 1024 * 1024)

/* Copies bytes as memcpy does. */
static inline void *
copy_pieces(void *to, const void *from, Size size)
{
	for (Size done = 0; done < size; done += PIECE)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy((char *) to + done, (const char *) from + done, Min(PIECE, size - done));
	}
	return to;
}

/* Allocates zeroed memory as palloc0 does. */
static inline void *
alloc_zeros(Size size)
{
	char	   *zeros = palloc(size);

	for (Size done = 0; done < size; done += PIECE)
	{
		CHECK_FOR_INTERRUPTS();
		memset(zeros + done, 0, Min(PIECE, size - done));
	}
	return zeros;
}

#endif
