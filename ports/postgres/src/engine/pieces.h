/*
 * pieces.h: copies memory or fills it with zeros piece by piece, and checks for interrupts between the pieces.
 *
 * A value may take a gigabyte, and only to allocate its pages takes a few tenths of a second.
 */
#ifndef MADPY_PIECES_H
#define MADPY_PIECES_H

#include "postgres.h"
#include "miscadmin.h"

#define PIECE ((Size) 16 * 1024 * 1024)

/* Copies bytes like memcpy(). */
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

/* Allocates zeroed memory like palloc0(). */
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
