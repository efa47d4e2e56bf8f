/*
 * forest_cells.c: sums of records by feature and code.
 */
#include "forest_cells.h"

#include "miscadmin.h"

#define ROWS_AT_ONCE 65536		/* between checks for interrupts */
#define FEW_RECORDS 256			/* fewer records have few of the codes */

Size
cell_bytes(const Records *records)
{
	switch (records->payload)
	{
		case PAYLOAD_PAIR:
			return ALL_CODES * sizeof(uint64);
		case PAYLOAD_CLASS:
			return ALL_CODES * (Size) records->classes * sizeof(uint32);
		case PAYLOAD_NUMBER:
			return ALL_CODES * sizeof(NumberCell);
		default:
			return ALL_CODES * (Size) records->classes * sizeof(double);
	}
}

/* Adds a record to a cell of one feature. */
static pg_attribute_always_inline void
add_record(Payload payload, int classes, const uint8 *record, int code, Cells cells)
{
	switch (payload)
	{
		case PAYLOAD_PAIR:
			cells.pairs[code] += (uint64) ((const PairRecord *) record)->rows << 32 | ((const PairRecord *) record)->second;
			break;
		case PAYLOAD_CLASS:
			cells.rows[code * classes + ((const ClassRecord *) record)->class] += ((const ClassRecord *) record)->rows;
			break;
		case PAYLOAD_NUMBER:
			cells.numbers[code].target += *(const double *) record;
			cells.numbers[code].weight += *(const float *) (record + offsetof(NumberRecord, weight));
			break;
		default:
			cells.weights[code * classes + ((const WeightRecord *) record)->class] += ((const WeightRecord *) record)->weight;
	}
}

/* Adds some records to the cells of `count` features; a loop for each payload and count is compiled. */
static pg_attribute_always_inline void
add_records(const Records *records, Payload payload, int64 from, int64 to, const int *features, int count, const Cells *cells)
{
	const uint8 *record = records->data + from * records->stride;
	const uint8 *end = records->data + to * records->stride;
	Size		stride = records->stride;
	int			classes = records->classes;
	int			at[FEATURES_AT_ONCE];

	for (int f = 0; f < count; f++)
		at[f] = records->offset + features[f];
	for (; record < end; record += stride)
		for (int f = 0; f < count; f++)
			add_record(payload, classes, record, record[at[f]], cells[f]);
}

static pg_attribute_always_inline void
add_of_payload(const Records *records, Payload payload, int64 from, int64 to, const int *features, int count, const Cells *cells)
{
	switch (count)
	{
		case 1:
			add_records(records, payload, from, to, features, 1, cells);
			break;
		case 2:
			add_records(records, payload, from, to, features, 2, cells);
			break;
		case 3:
			add_records(records, payload, from, to, features, 3, cells);
			break;
		default:
			add_records(records, payload, from, to, features, FEATURES_AT_ONCE, cells);
	}
}

void
sum_cells(const Records *records, int64 from, int64 to, const int *features, int count, Cells cells)
{
	Cells		of[FEATURES_AT_ONCE];

	for (int f = 0; f < count; f++, cells = next_cells(records, cells))
		of[f] = cells;
	for (int64 at = from; at < to; at += ROWS_AT_ONCE)
	{
		int64		end = Min(to, at + ROWS_AT_ONCE);

		CHECK_FOR_INTERRUPTS();
		switch (records->payload)
		{
			case PAYLOAD_PAIR:
				add_of_payload(records, PAYLOAD_PAIR, at, end, features, count, of);
				break;
			case PAYLOAD_CLASS:
				add_of_payload(records, PAYLOAD_CLASS, at, end, features, count, of);
				break;
			case PAYLOAD_NUMBER:
				add_of_payload(records, PAYLOAD_NUMBER, at, end, features, count, of);
				break;
			default:
				add_of_payload(records, PAYLOAD_WEIGHT, at, end, features, count, of);
		}
	}
}

static bool
is_empty(const Records *records, Cells cells, int code)
{
	switch (records->payload)
	{
		case PAYLOAD_PAIR:
			return cells.pairs[code] == 0;
		case PAYLOAD_NUMBER:
			return cells.numbers[code].weight == 0;
		case PAYLOAD_CLASS:
			for (int c = 0; c < records->classes; c++)
				if (cells.rows[code * records->classes + c] > 0)
					return false;
			return true;
		default:
			for (int c = 0; c < records->classes; c++)
				if (cells.weights[code * records->classes + c] > 0)
					return false;
			return true;
	}
}

/* Lists the codes of few records, by a bitmap. */
static int
codes_of_few(const Records *records, int64 from, int64 to, int feature, int codes, uint8 *list)
{
	uint64		bits[ALL_CODES / 64] = {0};
	const uint8 *code = records->data + from * records->stride + records->offset + feature;
	int			count = 0;

	for (int64 r = from; r < to; r++, code += records->stride)
		bits[*code / 64] |= UINT64CONST(1) << (*code % 64);
	for (int word = 0; word < ALL_CODES / 64; word++)
		for (uint64 left = bits[word]; left; left &= left - 1)
			if (64 * word + __builtin_ctzll(left) < codes)
				list[count++] = 64 * word + __builtin_ctzll(left);
	return count;
}

int
codes_there(const Records *records, int64 from, int64 to, int feature, int codes, Cells cells, uint8 *list)
{
	int			count = 0;

	if (to - from < FEW_RECORDS)
		return codes_of_few(records, from, to, feature, codes, list);
	for (int code = 0; code < codes; code++)
		if (!is_empty(records, cells, code))
			list[count++] = code;
	return count;
}
