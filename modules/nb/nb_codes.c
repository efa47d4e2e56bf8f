/*
 * nb_codes.c: values numbered as they come, in a hash table that grows.
 *
 * Written down they are int32 count, int32 length of each, and the values one behind the other.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "nb_codes.h"
#include "utils/memutils.h"

#define FIRST_ROOM 4

/* The slot of a value, or the empty one that it would have. */
static int *
codes_find(const Codes *codes, uint32 hash, const char *bytes, int length)
{
	int		   *end = codes->slots + 2 * codes->capacity;
	int		   *slot = codes->slots + (hash & (2 * (uint32) codes->capacity - 1));

	for (; *slot; slot = slot + 1 == end ? codes->slots : slot + 1)
	{
		const Value *value = &codes->values[*slot - 1];

		if (value->hash == hash && value->length == length && memcmp(value->bytes, bytes, length) == 0)
			break;
	}
	return slot;
}

static void
codes_room(Codes *codes, int capacity)
{
	codes->capacity = capacity;
	codes->values = codes->values ? repalloc(codes->values, capacity * sizeof(Value)) : palloc(capacity * sizeof(Value));
	if (codes->slots)
		pfree(codes->slots);
	codes->slots = palloc0(2 * (Size) capacity * sizeof(int));
	for (int c = 0; c < codes->count; c++)
		*codes_find(codes, codes->values[c].hash, codes->values[c].bytes, codes->values[c].length) = c + 1;
}

Codes *
codes_new(void)
{
	Codes	   *codes = palloc0(sizeof(Codes));

	codes_room(codes, FIRST_ROOM);
	return codes;
}

int
codes_code(Codes *codes, MemoryContext context, const char *bytes, int length)
{
	uint32		hash = hash_bytes((const unsigned char *) bytes, length);
	int		   *slot = codes_find(codes, hash, bytes, length);
	MemoryContext old;

	if (*slot)
		return *slot - 1;
	old = MemoryContextSwitchTo(context);
	codes->values[codes->count] = (Value) {hash, length, memcpy(palloc(length), bytes, length)};
	*slot = ++codes->count;
	if (codes->count == codes->capacity)
		codes_room(codes, 2 * codes->capacity);
	MemoryContextSwitchTo(old);
	return codes->count - 1;
}

int *
codes_merge(Codes *into, const Codes *from, MemoryContext context)
{
	int		   *map = palloc(Max(from->count, 1) * sizeof(int));

	for (int c = 0; c < from->count; c++)
		map[c] = codes_code(into, context, from->values[c].bytes, from->values[c].length);
	return map;
}

void
codes_append(StringInfo to, const Codes *codes)
{
	appendBinaryStringInfo(to, (const char *) &codes->count, sizeof(int));
	for (int c = 0; c < codes->count; c++)
		appendBinaryStringInfo(to, (const char *) &codes->values[c].length, sizeof(int));
	for (int c = 0; c < codes->count; c++)
		appendBinaryStringInfo(to, codes->values[c].bytes, codes->values[c].length);
}

const char *
codes_take(const char **at, const char *end, Size size)
{
	const char *part = *at;

	if (size > end - part)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("a state of nb_count is too short")));
	*at += size;
	return part;
}

Codes *
codes_read(const char **at, const char *end)
{
	Codes	   *codes = codes_new();
	int			count;
	const char *lengths;

	memcpy(&count, codes_take(at, end, sizeof(int)), sizeof(int));
	lengths = codes_take(at, end, (Size) (uint32) count * sizeof(int));
	for (int c = 0; c < count; c++)
	{
		int			length;

		memcpy(&length, lengths + c * sizeof(int), sizeof(int));
		codes_code(codes, CurrentMemoryContext, codes_take(at, end, (uint32) length), length);
	}
	return codes;
}
