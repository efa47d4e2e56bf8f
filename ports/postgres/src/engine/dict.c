/*
 * dict.c: a hash table from keys to codes.  Keys are equal if their types and collations say so.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "dict.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#define FIRST_CAPACITY 64			/* keys */
#define FEW 4					/* first capacity of dictionaries of which each group has its own */

typedef struct KeyColumn
{
	Oid			type;
	Oid			collation;
	bool		byval;
	int16		length;
	FmgrInfo	hash;
	FmgrInfo	equal;
} KeyColumn;

/* A text of at most 16 bytes as two integers: its first and its last bytes, which overlap in a shorter text. */
typedef struct Words
{
	uint64		first;
	uint64		last;
	uint64		size;			/* length in bytes; a longer text has its length here, and words of 0 */
} Words;

#define LONGEST_IN_WORDS (2 * sizeof(uint64))

/* How keys are compared: a single value by its Datum or by its bytes, other keys by the functions of their types. */
typedef enum Compare
{
	BY_FUNCTIONS, BY_VALUE, BY_BYTES
} Compare;

struct Dict
{
	MemoryContext context;
	MemoryContext scratch;		/* memory that hash and equality functions leave behind; NULL before the first call */
	int			first;			/* first column of the keys in a tuple */
	int			n;				/* columns of a key */
	KeyColumn  *columns;
	Compare		compare;
	int			count;
	int			capacity;		/* in keys */
	Datum	   *values;			/* capacity x n */
	bool	   *nulls;
	uint32	   *hashes;
	Words	   *words;			/* words of each key if compared BY_BYTES, else NULL */
	int			null_code;		/* code of the key NULL if keys are single values; -1 before NULL occurs */
	int		   *slots;			/* hash table of 2 x capacity slots, a power of two: code + 1, or 0 if empty */
};

static Compare
compare_of(const KeyColumn *columns, int n)
{
	if (n != 1)
		return BY_FUNCTIONS;
	switch (columns->type)
	{
		case BOOLOID:
		case CHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case OIDOID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return columns->byval ? BY_VALUE : BY_FUNCTIONS;
		case TEXTOID:
		case VARCHAROID:
			return OidIsValid(columns->collation) && get_collation_isdeterministic(columns->collation)
				? BY_BYTES : BY_FUNCTIONS;
	}
	return type_is_enum(columns->type) ? BY_VALUE : BY_FUNCTIONS;	/* an enum's values are OIDs */
}

static void
dict_resize(Dict *dict, int capacity)
{
	Size		n = (Size) capacity * Max(dict->n, 1);

	if (dict->capacity == 0)
	{
		dict->values = MemoryContextAllocHuge(dict->context, n * sizeof(Datum));
		dict->nulls = MemoryContextAllocHuge(dict->context, n * sizeof(bool));
		dict->hashes = MemoryContextAllocHuge(dict->context, capacity * sizeof(uint32));
		if (dict->compare == BY_BYTES)
			dict->words = MemoryContextAllocHuge(dict->context, capacity * sizeof(Words));
	}
	else
	{
		dict->values = repalloc_huge(dict->values, n * sizeof(Datum));
		dict->nulls = repalloc_huge(dict->nulls, n * sizeof(bool));
		dict->hashes = repalloc_huge(dict->hashes, capacity * sizeof(uint32));
		if (dict->words)
			dict->words = repalloc_huge(dict->words, capacity * sizeof(Words));
		pfree(dict->slots);
	}
	dict->capacity = capacity;
	dict->slots = MemoryContextAllocHuge(dict->context, 2 * (Size) capacity * sizeof(int));
	memset(dict->slots, 0, 2 * (Size) capacity * sizeof(int));
	for (int code = 0; code < dict->count; code++)
	{
		uint32		last = 2 * (uint32) capacity - 1;
		uint32		slot = dict->hashes[code] & last;

		CHECK_FOR_INTERRUPTS();
		while (dict->slots[slot])
			slot = (slot + 1) & last;
		dict->slots[slot] = code + 1;
	}
}

Dict *
dict_new(TupleDesc desc, int first, int n)
{
	Dict	   *dict = palloc0(sizeof(Dict));

	dict->context = CurrentMemoryContext;
	dict->first = first;
	dict->n = n;
	dict->columns = palloc0(Max(n, 1) * sizeof(KeyColumn));
	for (int c = 0; c < n; c++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, first + c);
		KeyColumn  *column = &dict->columns[c];
		TypeCacheEntry *type = lookup_type_cache(attribute->atttypid,
												 TYPECACHE_HASH_PROC_FINFO | TYPECACHE_EQ_OPR_FINFO);

		if (!OidIsValid(type->hash_proc) || !OidIsValid(type->eq_opr))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s cannot be grouped by hashing", format_type_be(attribute->atttypid))));
		column->type = attribute->atttypid;
		column->collation = attribute->attcollation;
		column->byval = attribute->attbyval;
		column->length = attribute->attlen;
		fmgr_info_copy(&column->hash, &type->hash_proc_finfo, CurrentMemoryContext);
		fmgr_info_copy(&column->equal, &type->eq_opr_finfo, CurrentMemoryContext);
	}
	dict->compare = compare_of(dict->columns, n);
	dict->null_code = -1;
	dict_resize(dict, FIRST_CAPACITY);
	return dict;
}

Dict *
dict_of_type(Oid type)
{
	Dict	   *dict = palloc0(sizeof(Dict));

	Assert(type == TEXTOID || type == INT8OID || type == BOOLOID);
	dict->context = CurrentMemoryContext;
	dict->n = 1;
	dict->columns = palloc0(sizeof(KeyColumn));
	dict->columns->type = type;
	dict->columns->byval = type != TEXTOID;
	dict->columns->length = type == TEXTOID ? -1 : type == BOOLOID ? sizeof(bool) : sizeof(int64);
	dict->compare = type == TEXTOID ? BY_BYTES : BY_VALUE;
	dict->null_code = -1;
	dict_resize(dict, FEW);
	return dict;
}

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

static int
key_add(Dict *dict, uint32 hash, uint32 slot, const Datum *values, const bool *nulls)
{
	int			code = dict->count;
	MemoryContext old = MemoryContextSwitchTo(dict->context);

	for (int c = 0; c < dict->n; c++)
	{
		KeyColumn  *column = &dict->columns[c];
		Size		at = (Size) code * dict->n + c;
		Datum		value = values[c];

		dict->nulls[at] = nulls[c];
		if (nulls[c] && dict->words)
			dict->words[code] = (Words) {0};
		if (!nulls[c] && column->length == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		else if (!nulls[c])
			value = datumCopy(value, column->byval, column->length);
		dict->values[at] = nulls[c] ? (Datum) 0 : value;
	}
	MemoryContextSwitchTo(old);
	if (nulls[0] && dict->n == 1)
		dict->null_code = code;
	dict->hashes[code] = hash;
	dict->slots[slot] = code + 1;
	dict->count++;
	if (dict->count == dict->capacity)
	{
		if (dict->capacity > 500 * 1000 * 1000)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("there are too many distinct values")));
		dict_resize(dict, 2 * dict->capacity);
	}
	return code;
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
	return add ? key_add(dict, hash, slot, values, nulls) : -1;
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
	if (size >= sizeof(uint32))	/* one path for 7 and 8 bytes: a branch between them would often be mispredicted */
		return (Words) {load_32(bytes), load_32(bytes + size - sizeof(uint32)), size};
	for (Size i = 0; i < size; i++)
		first = first << 8 | (uint8) bytes[i];
	return (Words) {first, 0, size};
}

/* Hash of a text.  A short text, as most categories are, is hashed by its words, which is faster. */
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

/* As code_by_value(), for a text. */
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
	return key_add(dict, hash, slot, values, nulls);
}

static int
code_by_functions(Dict *dict, const Datum *values, const bool *nulls)
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
	return key_add(dict, hash, slot, values, nulls);
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
		: code_by_functions(dict, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(dict->scratch);
	return code;
}

int
dict_find(Dict *dict, Datum value)
{
	static const bool not_null = false;

	return (dict->compare == BY_VALUE ? code_by_value : code_by_bytes) (dict, &value, &not_null, false);
}

int
dict_count(const Dict *dict)
{
	return dict->count;
}

int
dict_columns(const Dict *dict)
{
	return dict->n;
}

Oid
dict_type(const Dict *dict, int column)
{
	return dict->columns[column].type;
}

Datum
dict_value(const Dict *dict, int code, int column, bool *isnull)
{
	Size		at = (Size) code * dict->n + column;

	*isnull = dict->nulls[at];
	return dict->values[at];
}
