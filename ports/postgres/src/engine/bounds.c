/*
 * bounds.c: checks of calls, sizes and alignment that several files share.
 */
#include "bounds.h"

#include "pieces.h"
#include "utils/memutils.h"

void
aggregate_only(FunctionCallInfo fcinfo, const char *what, MemoryContext *context)
{
	if (!AggCheckCallContext(fcinfo, context))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s called outside an aggregate", what)));
}

void *
palloc_limited(int64 bytes, int64 most, const char *what)
{
	if (bytes < 0 || bytes > Min(most, (int64) MaxAllocSize))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s would be too large", what),
				 errdetail("It would take %lld bytes, the most is %lld.", (long long) bytes,
						   (long long) Min(most, (int64) MaxAllocSize))));
	return alloc_zeros(bytes);
}

bytea *
aligned_bytes(bytea *value)
{
	Size		size = VARSIZE(value);

	if ((uintptr_t) value == MAXALIGN((uintptr_t) value))
		return value;
	return copy_pieces(palloc(size), value, size);
}
