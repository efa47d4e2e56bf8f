/*
 * sample.c: the kernel of trees that samples the distinct rows with the smallest hashes, and counts how often each occurs.
 *
 * The sample depends only on the values of rows, not on their order or on how they were distributed among workers.  If there
 * are few distinct rows, the sample has all of them.
 *
 * Parameters: the size of the sample, and a seed.  Body: the numbers of SampleField, then space for twice as many entries as
 * the sample has, each with a hash, a count, and the values of the row.  Until compact() is called, a body may have more
 * entries than the sample, and several entries for equal rows.
 */
#include "tree_kernel.h"

#include <limits.h>
#include <math.h>

#include "chunk.h"
#include "engine/pieces.h"
#include "layout.h"
#include "miscadmin.h"
#include "parameters.h"

#define MOST_KEPT 1000000

static inline uint64
bits_of(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline double
as_double(uint64 bits)
{
	double		value;

	memcpy(&value, &bits, sizeof(bits));
	return value;
}

static int
kept(const double *params, int nparams)
{
	if (nparams != 2)
		whole_parameter(nparams, 2, 2);
	return whole_parameter(params[SAMPLE_KEEP], 1, MOST_KEPT);
}

int64
sample_size(int ncols, int nparams, const double *params)
{
	return SAMPLE_FIELDS + 2 * (int64) kept(params, nparams) * (ncols + ENTRY_FIELDS);
}

int64
weighted_sample_size(int ncols, int nparams, const double *params)
{
	return sample_size(ncols - 1, nparams, params);
}

/* Returns the number of columns that a row of the sample has: features and target, without a weight. */
static int
values_of(const State *state)
{
	return state->ncols - kernel_by_id(state->kernel)->scalars + 1;
}

static double *
entries_of(const State *state)
{
	return (double *) state->body + SAMPLE_FIELDS;
}

void
sample_start(State *state, const double *params)
{
	memcpy(state->body, params, 2 * sizeof(double));
	state->body[SAMPLE_LIMIT] = as_double(PG_UINT64_MAX);
}

void
sample_check(const State *state)
{
	whole_parameter(state->body[SAMPLE_SEED], 0, INT_MAX);
}

typedef struct Entry
{
	uint64		hash;
	int			place;
} Entry;

static int
compare_entries(const void *a, const void *b)
{
	uint64		x = ((const Entry *) a)->hash;
	uint64		y = ((const Entry *) b)->hash;

	CHECK_FOR_INTERRUPTS();
	return x < y ? -1 : x > y;
}

/* Merges the entries of equal rows, and keeps those with the smallest hashes. */
static void
compact(State *state)
{
	int			keep = kept(state->body, 2);
	int			count = whole_parameter(state->body[SAMPLE_COUNT], 0, 2 * keep);
	Size		width = values_of(state) + ENTRY_FIELDS;
	double	   *entries = entries_of(state);
	double	   *old = palloc(Max(count, 1) * width * sizeof(double));
	Entry	   *order = palloc(Max(count, 1) * sizeof(Entry));
	int			n = 0;

	copy_pieces(old, entries, count * width * sizeof(double));
	for (int i = 0; i < count; i++)
		order[i] = (Entry) {bits_of(old[i * width + ENTRY_HASH]), i};
	qsort(order, count, sizeof(Entry), compare_entries);
	for (int i = 0; i < count; i++)
	{
		const double *entry = old + order[i].place * width;

		CHECK_FOR_INTERRUPTS();
		if (n > 0 && bits_of(entries[(n - 1) * width + ENTRY_HASH]) == order[i].hash)
			entries[(n - 1) * width + ENTRY_COUNT] += entry[ENTRY_COUNT];
		else if (n == keep)
			break;
		else
			memcpy(entries + n++ * width, entry, width * sizeof(double));
	}
	state->body[SAMPLE_COUNT] = n;
	if (n == keep)
		state->body[SAMPLE_LIMIT] = entries[(n - 1) * width + ENTRY_HASH];
	pfree(old);
	pfree(order);
}

/* Returns a pointer to a new entry, after compact() if the body is full. */
static double *
new_entry(State *state)
{
	int			keep = kept(state->body, 2);

	if (whole_parameter(state->body[SAMPLE_COUNT], 0, 2 * keep) == 2 * keep)
		compact(state);
	return entries_of(state) + (Size) state->body[SAMPLE_COUNT]++ * (values_of(state) + ENTRY_FIELDS);
}

static void
hash_column(const double *restrict values, int rows, uint64 *restrict hash)
{
	for (int r = 0; r < rows; r++)
		hash[r] = (hash[r] ^ (hash[r] >> 29) ^ bits_of(values[r])) * UINT64CONST(0x9E3779B97F4A7C15);
}

/* Adds rows; `weights` is NULL if each row counts once. */
static void
add_rows(State *state, const RowBlock *block, const double *weights)
{
	int			ncols = values_of(state);
	const double *target = block->columns[ncols - 1];
	uint64		hash[TREE_CHUNK];

	for (int first = 0; first < block->rows; first += TREE_CHUNK)
	{
		int			rows = Min(TREE_CHUNK, block->rows - first);

		CHECK_FOR_INTERRUPTS();
		for (int r = 0; r < rows; r++)
			hash[r] = (uint64) state->body[SAMPLE_SEED];
		for (int c = 0; c < ncols; c++)
			hash_column(block->columns[c] + first, rows, hash);
		for (int r = 0; r < rows; r++)
		{
			uint64		last = mixed(hash[r]);
			double	   *entry;

			if (!isfinite(target[first + r]))
				not_finite(ncols - 1, ncols, target[first + r]);
			if (last > bits_of(state->body[SAMPLE_LIMIT]))
				continue;
			entry = new_entry(state);
			entry[ENTRY_HASH] = as_double(last);
			entry[ENTRY_COUNT] = weights ? weights[first + r] : 1;
			for (int c = 0; c < ncols; c++)
				entry[ENTRY_FIELDS + c] = block->columns[c][first + r];
		}
	}
}

void
sample_add(State *state, const RowBlock *block)
{
	int			ncols = values_of(state);
	bool		weighted = ncols < state->ncols;
	RowBlock	counted = weighted ? positive_frequencies(block, state->ncols) : *block;

	if (counted.rows > 0)
		add_rows(state, &counted, weighted ? counted.columns[ncols] : NULL);
	state->rows_used += counted.rows;
	state->rows_skipped += block->rows - counted.rows;
}

void
sample_merge(State *into, const State *from)
{
	int			ncols = values_of(into);
	int			count = whole_parameter(from->body[SAMPLE_COUNT], 0, 2 * kept(from->body, 2));

	if (memcmp(into->body, from->body, 2 * sizeof(double)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("samples of different sizes or seeds cannot be merged")));
	if (bits_of(from->body[SAMPLE_LIMIT]) < bits_of(into->body[SAMPLE_LIMIT]))
		into->body[SAMPLE_LIMIT] = from->body[SAMPLE_LIMIT];
	for (int i = 0; i < count; i++)
	{
		const double *entry = entries_of(from) + (Size) i * (ncols + ENTRY_FIELDS);

		CHECK_FOR_INTERRUPTS();
		if (bits_of(entry[ENTRY_HASH]) <= bits_of(into->body[SAMPLE_LIMIT]))
			memcpy(new_entry(into), entry, (ncols + ENTRY_FIELDS) * sizeof(double));
	}
}

/* Returns the outcome: the number of rows in the sample, then the count and the values of each. */
State *
sample_outcome(const State *state)
{
	State	   *whole = copy_pieces(palloc(VARSIZE(state)), state, VARSIZE(state));
	int			ncols = values_of(state);
	State	   *outcome;
	int			count;

	compact(whole);
	count = whole->body[SAMPLE_COUNT];
	outcome = state_outcome(state, 1 + (int64) count * (1 + ncols));
	outcome->body[0] = count;
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(outcome->body + 1 + (Size) i * (1 + ncols), entries_of(whole) + (Size) i * (ncols + ENTRY_FIELDS) + ENTRY_COUNT,
			   (1 + ncols) * sizeof(double));
	}
	pfree(whole);
	return outcome;
}
