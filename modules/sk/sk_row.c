/*
 * sk_row.c: the inputs of a row as the columns that a model was fitted on.
 *
 * The inputs are numbers and codes of levels.  worker/preparation.py's transform is applied to them, the same operations
 * in the same order.
 */
#include "postgres.h"

#include <math.h>

#include "sk.h"

/* Appends the columns of input `i`; returns false if the value is missing and nothing takes its place. */
static bool
add_columns(const Sk *sk, int i, double **columns)
{
	const int32 *encoding = sk->encodings + i * INPUT_INTS;
	const double *numbers = sk->numbers + i * INPUT_DOUBLES;
	int			levels = sk->row->levels[i];
	double	   *x = *columns;
	bool		is_missing = sk_is_missing(sk, sk->raw[i]);
	double		value = !is_missing ? sk->raw[i] : (encoding[1] & FLAG_IMPUTE) ? numbers[0] : NAN;

	if (isnan(value) && !(sk->takes_nan && encoding[0] <= ENCODE_ORDINAL && encoding[0] != ENCODE_ONE_HOT))
		return false;
	switch (encoding[0])
	{
		case ENCODE_ONE_HOT:
			for (int level = 0; level < levels; level++)
				*x++ = value == level;
			break;
		case ENCODE_TARGET:
			{
				int			level = value >= 0 && value < levels ? (int) value : levels;
				const double *numbers_of_level = sk->table + encoding[3] + (Size) level * encoding[2];

				if (isnan(numbers_of_level[0]))
					return false;
				memcpy(x, numbers_of_level, encoding[2] * sizeof(double));
				x += encoding[2];
			}
			break;
		case ENCODE_ORDINAL:
			*x++ = value;
			break;
		default:
			*x++ = (value - numbers[1]) / numbers[2];
	}
	if (encoding[1] & FLAG_INDICATOR)
		*x++ = is_missing;
	*columns = x;
	return true;
}

/* The columns of a row of numbers that are not changed: the inputs. */
static const double *
as_they_are(const Sk *sk)
{
	for (int i = 0; i < sk->inputs; i++)
		if (sk_is_missing(sk, sk->raw[i]))
		{
			if (!sk->takes_nan)
				return NULL;
			sk->raw[i] = NAN;
		}
	return sk->raw;
}

const double *
sk_columns(Sk *sk, FunctionCallInfo fcinfo, int first)
{
	double	   *columns = sk->x;

	if (!sk_read(sk, fcinfo, first))
		return NULL;
	if (sk->is_plain)
		return as_they_are(sk);
	for (int i = 0; i < sk->inputs; i++)
		if (!add_columns(sk, i, &columns))
			return NULL;
	return sk->x;
}

/* Tells whether an input is a number that becomes a column as it is. */
static bool
is_plain(const int32 *encoding, const double *numbers)
{
	return encoding[0] == ENCODE_NUMBER && encoding[1] == 0 && numbers[1] == 0 && numbers[2] == 1;
}

void
sk_check_row(Sk *sk)
{
	int64		columns = 0;

	sk->encodings = model_integers(sk->model, SK_INPUTS, (int64) sk->inputs * INPUT_INTS);
	sk->numbers = model_doubles(sk->model, SK_NUMBERS, (int64) sk->inputs * INPUT_DOUBLES);
	sk->table = model_doubles(sk->model, SK_VALUES, -1);
	sk->first = palloc((sk->inputs + 1) * sizeof(int));
	sk->is_plain = true;
	for (int i = 0; i < sk->inputs; i++)
	{
		const int32 *encoding = sk->encodings + i * INPUT_INTS;
		int64		levels = sk->row->levels[i];
		int64		width = encoding[2];
		int64		cells = (levels + 1) * width;

		if (encoding[0] < ENCODE_NUMBER || encoding[0] > ENCODE_TARGET || encoding[1] < 0 || encoding[1] > 3)
			model_damaged("an input is encoded in no known way");
		if ((encoding[0] == ENCODE_NUMBER) != (levels == 0))
			model_damaged("an input is encoded as another kind of value");
		if (encoding[0] == ENCODE_TARGET &&
			(width < 1 || encoding[3] < 0 || encoding[3] + cells > sk->model->arrays[SK_VALUES].count))
			model_damaged("an encoding has too few values");
		sk->first[i] = Min(columns, sk->columns);
		columns += encoding[0] == ENCODE_ONE_HOT ? levels : encoding[0] == ENCODE_TARGET ? width : 1;
		columns += (encoding[1] & FLAG_INDICATOR) != 0;
		sk->is_plain = sk->is_plain && is_plain(encoding, sk->numbers + i * INPUT_DOUBLES);
	}
	if (columns != sk->columns)
		model_damaged("its inputs become another number of columns");
	sk->first[sk->inputs] = sk->columns;
	sk_plan(sk);
	sk->x = palloc(Max(1, sk->columns) * sizeof(double));
}
