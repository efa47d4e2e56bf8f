/*
 * sketch_frequent.c: finds the most frequent values with a limited number of counters (see sketch.h).
 */
#include "postgres.h"

#include "sketch.h"

#define ST_SORT sort_counts
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("this sketch of frequent values is damaged")));
}

Size
frequent_bytes(uint32 capacity)
{
	return offsetof(Frequent, counters) + (Size) capacity * sizeof(Counter);
}

Size
texts_bytes(uint32 capacity, uint32 space)
{
	return offsetof(Texts, refs) + (Size) capacity * sizeof(TextRef) + space;
}

static char *
text_data(const Texts *texts)
{
	return (char *) (texts->refs + texts->capacity);
}

bool
frequent_is_valid(const Frequent *frequent, Size bytes)
{
	return bytes >= offsetof(Frequent, counters) &&
		frequent->capacity >= FREQUENT_MIN_CAPACITY && frequent->capacity <= FREQUENT_MAX_CAPACITY &&
		(frequent->capacity & (frequent->capacity - 1)) == 0 &&
		frequent->count <= FREQUENT_FULL(frequent->capacity) &&
		bytes == frequent_bytes(frequent->capacity);
}

bool
texts_is_valid(const Texts *texts, const Frequent *frequent, Size bytes)
{
	return bytes >= offsetof(Texts, refs) && texts->capacity == frequent->capacity &&
		texts->space % 8 == 0 && texts->space <= FREQUENT_MAX_SPACE && texts->used <= texts->space &&
		bytes == texts_bytes(texts->capacity, texts->space);
}

/* Returns the capacity of a table for `count` counters, or the largest capacity. */
uint32
frequent_capacity_for(uint64 count)
{
	uint32		capacity = FREQUENT_MIN_CAPACITY;

	while (FREQUENT_FULL(capacity) < count && capacity < FREQUENT_MAX_CAPACITY)
		capacity *= 2;
	return capacity;
}

/* Returns the counter of a key, or the free counter for it. */
static inline Counter *
find(Frequent *frequent, uint64 key, uint64 hash)
{
	uint32		mask = frequent->capacity - 1;
	uint32		at = (uint32) hash & mask;

	for (uint32 tried = 0; tried <= mask; tried++, at = (at + 1) & mask)
		if (frequent->counters[at].count == 0 || frequent->counters[at].key == key)
			return &frequent->counters[at];
	damaged();
	return NULL;
}

/* Returns the hash that gives the first counter to compare; the key of a text is already a hash. */
static inline uint64
hash_of(uint64 key, const Texts *texts)
{
	return texts ? key : mix64(key);
}

static void
put_text(const Frequent *frequent, Texts *texts, const Counter *counter, const char *text, uint32 length)
{
	TextRef    *ref = &texts->refs[counter - frequent->counters];

	if (length > texts->space - texts->used)
		damaged();
	*ref = (TextRef) {texts->used, length};
	memcpy(text_data(texts) + texts->used, text, length);
	texts->used += length;
}

const char *
frequent_text(const Frequent *frequent, const Texts *texts, const Counter *counter, uint32 *length)
{
	TextRef		ref = texts->refs[counter - frequent->counters];

	if (ref.length > FREQUENT_MAX_TEXT || ref.at > texts->used || ref.length > texts->used - ref.at)
		damaged();
	*length = ref.length;
	return text_data(texts) + ref.at;
}

/* Returns the median of the counts. */
static int64
median_count(const Frequent *frequent)
{
	int64		counts[FREQUENT_MAX_CAPACITY];
	int			n = 0;
	int			ones = 0;

	for (uint32 i = 0; i < frequent->capacity; i++)
		if (frequent->counters[i].count != 0)
		{
			counts[n++] = frequent->counters[i].count;
			ones += frequent->counters[i].count == 1;
		}
	if (n == 0)					/* `count` is wrong: there are no counters */
		damaged();
	if (ones > n / 2)			/* nearly all values are distinct */
		return 1;
	sort_counts(counts, n);
	return counts[n / 2];
}

/* Subtracts the median from all counters, and builds the table again with those that are still positive. */
static void
lower(Frequent *frequent, Texts *texts)
{
	Size		bytes = frequent_bytes(frequent->capacity);
	Frequent   *old = memcpy(palloc(bytes), frequent, bytes);
	Texts	   *old_texts = NULL;
	int64		by = median_count(frequent);

	if (texts)
	{
		bytes = texts_bytes(texts->capacity, texts->space);
		old_texts = memcpy(palloc(bytes), texts, bytes);
		texts->used = 0;
	}
	memset(frequent->counters, 0, frequent->capacity * sizeof(Counter));
	frequent->count = 0;
	frequent->lowered += by;
	for (uint32 i = 0; i < old->capacity; i++)
	{
		Counter    *counter = &old->counters[i];
		Counter    *to;

		if (counter->count <= by)
			continue;
		to = find(frequent, counter->key, hash_of(counter->key, texts));
		*to = (Counter) {counter->key, counter->count - by};
		frequent->count++;
		if (texts)
		{
			uint32		length;
			const char *text = frequent_text(old, old_texts, counter, &length);

			put_text(frequent, texts, to, text, length);
		}
	}
	pfree(old);
	if (old_texts)
		pfree(old_texts);
}

/* Adds `count` occurrences of a number; `hash` is mix64(key). */
static void
frequent_add(Frequent *frequent, uint64 key, uint64 hash, int64 count)
{
	Counter    *counter = find(frequent, key, hash);

	if (counter->count == 0)
	{
		if (frequent->count >= FREQUENT_FULL(frequent->capacity))
		{
			lower(frequent, NULL);
			counter = find(frequent, key, hash);
		}
		counter->key = key;
		frequent->count++;
	}
	counter->count += count;
}

/* Adds an occurrence of each number.  All counters are prefetched first, as in hll_add_block(). */
void
frequent_add_block(Frequent *frequent, const uint64 *keys, const uint64 *hashes, int count)
{
	uint32		mask = frequent->capacity - 1;

	for (int i = 0; i < count; i++)
		__builtin_prefetch(&frequent->counters[(uint32) hashes[i] & mask], 1);
	for (int i = 0; i < count; i++)
		frequent_add(frequent, keys[i], hashes[i], 1);
}

/* Adds an occurrence of a text if there is a counter for it, else returns false. */
bool
frequent_count(Frequent *frequent, uint64 hash)
{
	Counter    *counter = find(frequent, hash, hash);

	if (counter->count == 0)
		return false;
	counter->count++;
	return true;
}

/* Adds `count` occurrences of a text; there must be space for the text. */
void
frequent_add_text(Frequent *frequent, Texts *texts, uint64 hash, int64 count, const char *text, uint32 length)
{
	Counter    *counter = find(frequent, hash, hash);

	if (counter->count == 0)
	{
		if (frequent->count >= FREQUENT_FULL(frequent->capacity))
		{
			lower(frequent, texts);
			counter = find(frequent, hash, hash);
		}
		counter->key = hash;
		frequent->count++;
		put_text(frequent, texts, counter, text, length);
	}
	counter->count += count;
}

/* Adds the counts of another sketch. */
void
frequent_add_all(Frequent *frequent, Texts *texts, const Frequent *from, const Texts *from_texts)
{
	frequent->lowered += from->lowered;
	for (uint32 i = 0; i < from->capacity; i++)
	{
		const Counter *counter = &from->counters[i];

		if (counter->count == 0)
			continue;
		if (texts)
		{
			uint32		length;
			const char *text = frequent_text(from, from_texts, counter, &length);

			frequent_add_text(frequent, texts, counter->key, counter->count, text, length);
		}
		else
			frequent_add(frequent, counter->key, mix64(counter->key), counter->count);
	}
}
