/*
 * boost_sums.c: sums of packed gradients over some rows.
 */
#include "boost.h"

#include "miscadmin.h"
#include "numeric/dd.h"

#define FEATURES_AT_ONCE 6

/* Adds rows to the cells of `count` features; a loop for each count is compiled. */
static pg_attribute_always_inline void
add_features(const Fit *fit, const uint32 *rows, int number, const int *features, int count, Packed *sums)
{
	const uint8 *codes = fit->codes;
	const Packed *packed = fit->packed;
	Size		stride = fit->stride;
	Packed	   *cells[FEATURES_AT_ONCE];
	int			at[FEATURES_AT_ONCE];

	for (int f = 0; f < count; f++)
	{
		at[f] = features[f];
		cells[f] = sums + fit->offset[features[f]];
	}
	for (int i = 0; i < number; i++)
	{
		const uint8 *row = codes + rows[i] * stride;
		Packed		value = packed[rows[i]];
		uint32		ahead = row_ahead(rows, i, number);

		__builtin_prefetch(codes + ahead * stride);
		__builtin_prefetch(packed + ahead);

		for (int f = 0; f < count; f++)
			cells[f][row[at[f]]] += value;
	}
}

static void
add_some_features(const Fit *fit, const uint32 *rows, int number, const int *features, int count, Packed *sums)
{
	switch (count)
	{
		case 1:
			add_features(fit, rows, number, features, 1, sums);
			break;
		case 2:
			add_features(fit, rows, number, features, 2, sums);
			break;
		case 3:
			add_features(fit, rows, number, features, 3, sums);
			break;
		case 4:
			add_features(fit, rows, number, features, 4, sums);
			break;
		case 5:
			add_features(fit, rows, number, features, 5, sums);
			break;
		default:
			add_features(fit, rows, number, features, FEATURES_AT_ONCE, sums);
	}
}

/* Adds the sums of at most ROWS_OF_SUM rows to wider ones, and clears them. */
DD_CLONES static void
widen(Packed *restrict sums, int cells, int64 *restrict slope, int64 *restrict curve, int32 *restrict number)
{
	for (int c = 0; c < cells; c++)
	{
		slope[c] += (int32) (sums[c] >> 32) >> 4;
		curve[c] += (sums[c] >> 12) & 0xffffff;
		number[c] += sums[c] & 0xfff;
	}
	memset(sums, 0, cells * sizeof(Packed));
}

void
add_sums(const Fit *fit, const uint32 *rows, int count, Packed *sums, int64 *slope, int64 *curve, int32 *number)
{
	int			used = fit->used_count;
	int			parts = (used + FEATURES_AT_ONCE - 1) / FEATURES_AT_ONCE;

	for (int done = 0; done < count; done += ROWS_OF_SUM)
	{
		int			some = Min(ROWS_OF_SUM, count - done);

		CHECK_FOR_INTERRUPTS();
		for (int p = 0; p < parts; p++)
		{
			int			first = (int64) used * p / parts;

			add_some_features(fit, rows + done, some, fit->used + first, (int64) used * (p + 1) / parts - first, sums);
		}
		widen(sums, fit->cells, slope, curve, number);
	}
}
