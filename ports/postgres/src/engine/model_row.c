/*
 * model_row.c: reads the features of one row as numbers and codes.
 */
#include "model_row.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "kernel.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Returns text `number` of the model in the encoding of the database. */
static char *
model_text(const ModelRow *row, int64 number, int *length)
{
	int			from = number == 0 ? 0 : row->ends[number - 1];
	int			bytes = row->ends[number] - from;
	const char *given = row->texts + from;
	char	   *converted = pg_any_to_server(given, bytes, PG_UTF8);

	*length = converted == given ? bytes : strlen(converted);
	return converted;
}

static void
check_texts(const ModelRow *row, int64 count, int64 bytes)
{
	int32		last = 0;

	for (int64 i = 0; i < count; i++)
	{
		if (row->ends[i] < last)
			model_damaged("its texts are out of order");
		last = row->ends[i];
	}
	if (last > bytes)
		model_damaged("its texts are too short");
}

ModelRow *
model_row(const Model *model, int shape, int ends, int texts)
{
	ModelRow   *row = palloc0(sizeof(ModelRow));
	const int32 *numbers = model_integers(model, shape, -1);
	int64		features = model->arrays[shape].count - 1;
	int64		count;

	if (features < 1 || numbers[0] < 0)
		model_damaged("it has no features");
	if (features > MAX_COLUMNS || numbers[0] > MAX_PARAMS)
		model_damaged("it has more features or classes than a training knows");
	count = numbers[0];
	row->all_numbers = true;
	for (int64 f = 0; f < features; f++)
	{
		if (numbers[1 + f] < 0 || numbers[1 + f] > MAX_PARAMS)
			model_damaged("a number of levels is negative, or larger than in any training");
		count += numbers[1 + f];
		row->all_numbers = row->all_numbers && numbers[1 + f] == 0;
	}
	row->classes = numbers[0];
	row->features = features;
	row->levels = numbers + 1;
	row->ends = model_integers(model, ends, count);
	row->texts = (const char *) model_integers(model, texts, -1);
	check_texts(row, count, model->arrays[texts].count * (int64) sizeof(int32));

	row->labels = palloc(Max(row->classes, 1) * sizeof(text *));
	for (int c = 0; c < row->classes; c++)
	{
		int			length;
		char	   *label = model_text(row, c, &length);

		row->labels[c] = cstring_to_text_with_len(label, length);
	}
	row->words = palloc0(row->features * sizeof(Word *));
	row->x = palloc(row->features * sizeof(double));
	row->context = CurrentMemoryContext;
	return row;
}

static void
check_length(const ModelRow *row, ArrayType *array)
{
	int			given = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("features must be an array of one dimension, not of %d", ARR_NDIM(array))));
	if (given != row->features)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%d features do not fit the %d of the model", given, row->features),
				 errhint("Give the features in the order of training; NULL for one that is not known.")));
}

static const double *
numbers_of(const ModelRow *row, ArrayType *array)
{
	const double *given = (const double *) ARR_DATA_PTR(array);
	const bits8 *bitmap = ARR_NULLBITMAP(array);

	if (bitmap == NULL)
		return given;
	for (int f = 0; f < row->features; f++)
		row->x[f] = bitmap[f / 8] & (1 << (f % 8)) ? *given++ : NAN;
	return row->x;
}

static int
compare_words(const void *a, const void *b)
{
	const Word *x = a;
	const Word *y = b;
	int			order = memcmp(x->text, y->text, Min(x->length, y->length));

	return order != 0 ? order : x->length - y->length;
}

/* Returns the levels of a feature, sorted; the first call for a feature sorts them. */
static const Word *
words_of(ModelRow *row, int feature)
{
	MemoryContext old = MemoryContextSwitchTo(row->context);
	int			levels = row->levels[feature];
	int64		first = row->classes;
	Word	   *words;

	if (row->words[feature] == NULL)
	{
		for (int f = 0; f < feature; f++)
			first += row->levels[f];
		words = palloc_extended(levels * sizeof(Word), MCXT_ALLOC_HUGE);
		for (int i = 0; i < levels; i++)
		{
			words[i].text = model_text(row, first + i, &words[i].length);
			words[i].code = i;
		}
		qsort(words, levels, sizeof(Word), compare_words);
		row->words[feature] = words;
	}
	MemoryContextSwitchTo(old);
	return row->words[feature];
}

double
row_code(ModelRow *row, int feature, const char *bytes, int length)
{
	Word		wanted = {bytes, length, 0};
	const Word *word = bsearch(&wanted, words_of(row, feature), row->levels[feature], sizeof(Word), compare_words);

	return word ? word->code : NAN;
}

static const double *
texts_of(ModelRow *row, ArrayType *array)
{
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int f = 0; f < n; f++)
	{
		text	   *value = nulls[f] ? NULL : DatumGetTextPP(values[f]);

		row->x[f] = NAN;
		if (value == NULL)
			continue;
		if (row->levels[f] == 0)
		{
			row->x[f] = DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(text_to_cstring(value))));
			continue;
		}
		row->x[f] = row_code(row, f, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	}
	return row->x;
}

const double *
row_argument(ModelRow *row, FunctionCallInfo fcinfo, int arg)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(arg);

	check_length(row, array);
	if (ARR_ELEMTYPE(array) == FLOAT8OID)
		return numbers_of(row, array);
	if (ARR_ELEMTYPE(array) == TEXTOID)
		return texts_of(row, array);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("features must be an array of double precision or text")));
}

text *
row_level(const ModelRow *row, int feature, int level)
{
	int64		number = (int64) row->classes + level;
	char	   *bytes;
	int			length;

	for (int f = 0; f < feature; f++)
		number += row->levels[f];
	bytes = model_text(row, number, &length);
	return cstring_to_text_with_len(bytes, length);
}

text *
row_text(const char *bytes, int length)
{
	char	   *converted = pg_any_to_server(bytes, length, PG_UTF8);

	return cstring_to_text_with_len(converted, converted == bytes ? length : strlen(converted));
}

text *
row_label(const ModelRow *row, int number)
{
	text	   *label = row->labels[number];

	return memcpy(palloc(VARSIZE(label)), label, VARSIZE(label));
}
