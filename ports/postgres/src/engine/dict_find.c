/*
 * dict_find.c: the code of a key: by its bytes where they say whether keys are equal, else by the functions of its types.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "dict_keys.h"
#include "utils/memutils.h"

static uint32
key_hash(Dict *dict, const Datum *values, const bool *nulls)
{
	uint32		hash = 0;

	for (int c = 0; c < dict->n; c++)
	{
		KeyColumn  *column = &dict->columns[c];
		uint32		one = 0;

		if (!nulls[c])
			one = DatumGetUInt32(FunctionCall1Coll(&column->hash, column->collation, values[c]));
		hash = hash_combine(hash, one);
	}
	return murmurhash32(hash);
}

static bool
key_equal(Dict *dict, int code, const Datum *values, const bool *nulls)
{
	for (int c = 0; c < dict->n; c++)
	{
		KeyColumn  *column = &dict->columns[c];
		Size		at = (Size) code * dict->n + c;

		if (dict->nulls[at] != nulls[c])
			return false;
		if (!nulls[c] &&
			!DatumGetBool(FunctionCall2Coll(&column->equal, column->collation, dict->values[at], values[c])))
			return false;
	}
	return true;
}

/* Returns the bits of a value that is compared by value; the bits of a Datum beyond the type's length are undefined. */
static inline uint64
value_bits(const KeyColumn *column, Datum value)
{
	switch (column->length)
	{
		case 1:
			return (uint8) value;
		case 2:
			return (uint16) value;
		case 4:
			return (uint32) value;
	}
	return value;
}

static inline bool
same_bytes(Datum stored, const struct varlena *value)
{
	const struct varlena *other = (const struct varlena *) DatumGetPointer(stored);
	Size		size = VARSIZE_ANY_EXHDR(value);

	return VARSIZE_ANY_EXHDR(other) == size && memcmp(VARDATA_ANY(other), VARDATA_ANY(value), size) == 0;
}

/* Returns the code of a key of one value that is not NULL.  A new key gets the next code if `add`, else -1. */
static int
code_by_value(Dict *dict, const Datum *values, const bool *nulls, bool add)
{
	uint64		bits = value_bits(dict->columns, values[0]);
	uint32		hash = (uint32) ((bits * UINT64CONST(0x9E3779B97F4A7C15)) >> 32);
	uint32		last = 2 * (uint32) dict->capacity - 1;
	uint32		slot;

	for (slot = hash & last; dict->slots[slot]; slot = (slot + 1) & last)
	{
		int			candidate = dict->slots[slot] - 1;

		if (value_bits(dict->columns, dict->values[candidate]) == bits && candidate != dict->null_code)
			return candidate;
	}
	return add ? dict_add(dict, hash, slot, values, nulls) : -1;
}

/* Whether a value has to be brought into memory before its bytes can be compared. */
static inline bool
is_elsewhere(Datum value)
{
	const void *given = DatumGetPointer(value);

	return VARATT_IS_EXTERNAL(given) || VARATT_IS_COMPRESSED(given);
}

static inline uint64
load_64(const char *bytes)
{
	uint64		word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static inline uint64
load_32(const char *bytes)
{
	uint32		word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

static inline Words
words_of(const char *bytes, Size size)
{
	uint64		first = 0;

	if (size > LONGEST_IN_WORDS)
		return (Words) {0, 0, size};
	if (size > sizeof(uint64))
		return (Words) {load_64(bytes), load_64(bytes + size - sizeof(uint64)), size};
	if (size >= sizeof(uint32))	/* texts of 7 and of 8 bytes take one path, because a branch between them is predicted badly */
		return (Words) {load_32(bytes), load_32(bytes + size - sizeof(uint32)), size};
	for (Size i = 0; i < size; i++)
		first = first << 8 | (uint8) bytes[i];
	return (Words) {first, 0, size};
}

/* A hash of a text: of a short one, as most categories are, of its words. */
static inline uint32
hash_text(const Words *words, const char *bytes)
{
	uint64		first = (words->first ^ words->size) * UINT64CONST(0x9E3779B97F4A7C15);
	uint64		last = (words->last ^ (first >> 29)) * UINT64CONST(0xBF58476D1CE4E5B9);

	if (words->size > LONGEST_IN_WORDS)
		return hash_bytes((const unsigned char *) bytes, words->size);
	return (uint32) ((first ^ last) >> 32);
}

static inline bool
same_words(const Words *a, const Words *b)
{
	return a->first == b->first && a->last == b->last && a->size == b->size;
}

static int
code_by_bytes(Dict *dict, const Datum *values, const bool *nulls, bool add)
{
	const struct varlena *value = is_elsewhere(values[0]) ? PG_DETOAST_DATUM_PACKED(values[0])
		: (const struct varlena *) DatumGetPointer(values[0]);
	Words		words = words_of(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	uint32		hash = hash_text(&words, VARDATA_ANY(value));
	uint32		last = 2 * (uint32) dict->capacity - 1;
	uint32		slot;

	for (slot = hash & last; dict->slots[slot]; slot = (slot + 1) & last)
	{
		int			candidate = dict->slots[slot] - 1;

		if (same_words(&dict->words[candidate], &words) && candidate != dict->null_code &&
			(words.size <= LONGEST_IN_WORDS || same_bytes(dict->values[candidate], value)))
			return candidate;
	}
	if (!add)
		return -1;
	dict->words[dict->count] = words;
	return dict_add(dict, hash, slot, values, nulls);
}

static int
code_by_functions(Dict *dict, const Datum *values, const bool *nulls, bool add)
{
	uint32		hash = key_hash(dict, values, nulls);
	uint32		last = 2 * (uint32) dict->capacity - 1;
	uint32		slot;

	for (slot = hash & last; dict->slots[slot]; slot = (slot + 1) & last)
	{
		int			candidate = dict->slots[slot] - 1;

		if (dict->hashes[candidate] == hash && key_equal(dict, candidate, values, nulls))
			return candidate;
	}
	return add ? dict_add(dict, hash, slot, values, nulls) : -1;
}

int
dict_code(Dict *dict, const Datum *values, const bool *nulls)
{
	MemoryContext old;
	int			code;

	values += dict->first;
	nulls += dict->first;
	if (dict->compare == BY_VALUE && !nulls[0])
		return code_by_value(dict, values, nulls, true);
	if (dict->compare == BY_BYTES && !nulls[0] && !is_elsewhere(values[0]))
		return code_by_bytes(dict, values, nulls, true);
	if (dict->scratch == NULL)
		dict->scratch = AllocSetContextCreate(dict->context, "madpy dictionary scratch", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(dict->scratch);
	code = dict->compare == BY_BYTES && !nulls[0] ? code_by_bytes(dict, values, nulls, true)
		: code_by_functions(dict, values, nulls, true);
	MemoryContextSwitchTo(old);
	MemoryContextReset(dict->scratch);
	return code;
}

int
dict_find(Dict *dict, Datum value)
{
	static const bool not_null = false;

	switch (dict->compare)
	{
		case BY_VALUE:
			return code_by_value(dict, &value, &not_null, false);
		case BY_BYTES:
			return code_by_bytes(dict, &value, &not_null, false);
		default:
			return code_by_functions(dict, &value, &not_null, false);
	}
}
