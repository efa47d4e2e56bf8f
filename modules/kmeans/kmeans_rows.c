/*
 * kmeans_rows.c: a list of the distinct rows with the largest keys, in the body of a kernel.
 */
#include "postgres.h"

#include "kmeans.h"
#include "miscadmin.h"

/* Returns the list of rows in `body`, after checks for memory safety: any user may have written it. */
Kept
kept_in(double *body, int capacity, int d)
{
	Kept		kept = {
		.capacity = capacity,
		.d = d,
		.count = body,
		.order = body + kept_array(KEPT_ORDER, capacity),
		.key = body + kept_array(KEPT_KEY, capacity),
		.times = body + kept_array(KEPT_TIMES, capacity),
		.rows = body + kept_array(KEPT_ROWS, capacity),
	};
	bool		whole = *kept.count >= 0 && *kept.count <= capacity;

	for (int i = 0; whole && i < (int) *kept.count; i++)
		whole = kept.order[i] >= 0 && kept.order[i] < capacity;
	if (!whole)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("this state is damaged")));
	return kept;
}

static int
kept_slot(const Kept *kept, int place)
{
	return (int) kept->order[place];
}

/* Returns the smallest key with which a row may get into the list. */
double
kept_bound(const Kept *kept)
{
	int			count = (int) *kept->count;

	return count < kept->capacity || count == 0 ? -INFINITY : kept->key[kept_slot(kept, count - 1)];
}

/* Compares a row with the one in a slot: returns 1 if it comes first, -1 if the other does, 0 if they are equal. */
static int
compare_rows(const Kept *kept, double key, const double *row, int slot)
{
	const double *other = kept->rows + (Size) slot * kept->d;

	if (key != kept->key[slot])
		return key > kept->key[slot] ? 1 : -1;
	for (int j = 0; j < kept->d; j++)
		if (row[j] != other[j])
			return row[j] > other[j] ? 1 : -1;
	return 0;
}

void
kept_insert(Kept *kept, double key, double times, const double *row)
{
	int			count = (int) *kept->count;
	int			low = 0;
	int			high = count;
	int			slot = count;

	CHECK_FOR_INTERRUPTS();
	while (low < high)
	{
		int			middle = (low + high) / 2;
		int			order = compare_rows(kept, key, row, kept_slot(kept, middle));

		if (order == 0)
		{
			kept->times[kept_slot(kept, middle)] += times;
			return;
		}
		if (order > 0)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == kept->capacity)
		return;
	if (count == kept->capacity)
		slot = kept_slot(kept, --count);
	memmove(kept->order + low + 1, kept->order + low, (count - low) * sizeof(double));
	kept->order[low] = slot;
	kept->key[slot] = key;
	kept->times[slot] = times;
	memcpy(kept->rows + (Size) slot * kept->d, row, kept->d * sizeof(double));
	*kept->count = count + 1;
}

void
kept_merge(Kept *into, const Kept *from)
{
	for (int i = 0; i < (int) *from->count; i++)
	{
		int			slot = kept_slot(from, i);

		kept_insert(into, from->key[slot], from->times[slot], from->rows + (Size) slot * from->d);
	}
}

/* Computes a number between 0 and 1 for each row of a chunk, from its values and the seed only. */
void
row_uniforms(const double *const *columns, int d, double seed, double *uniforms)
{
	uint64		hash[KMEANS_CHUNK];
	uint64		bits;

	memcpy(&bits, &seed, sizeof(bits));
	for (int r = 0; r < KMEANS_CHUNK; r++)
		hash[r] = bits;
	for (int j = 0; j < d; j++)
		for (int r = 0; r < KMEANS_CHUNK; r++)
		{
			double		x = columns[j][r] + 0.0;	/* makes -0 a 0 */
			uint64		h;

			memcpy(&bits, &x, sizeof(bits));
			h = (hash[r] ^ bits) * UINT64CONST(0x9E3779B97F4A7C15);
			hash[r] = h ^ (h >> 32);
		}
	for (int r = 0; r < KMEANS_CHUNK; r++)
	{
		uint64		h = hash[r];

		/* the finalizer of MurmurHash3 */
		h = (h ^ (h >> 33)) * UINT64CONST(0xFF51AFD7ED558CCD);
		h = (h ^ (h >> 33)) * UINT64CONST(0xC4CEB9FE1A85EC53);
		h ^= h >> 33;
		uniforms[r] = ((double) (h >> 11) + 0.5) / 9007199254740992.0;
	}
}
