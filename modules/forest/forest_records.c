/*
 * forest_records.c: the rows of a tree as records, which splits put in order.
 */
#include "forest_cells.h"

#include <float.h>
#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#define ROWS_AT_ONCE 65536		/* between checks for interrupts */
#define DRAWN_AT_ONCE 4096

static int
payload_bytes(Payload payload)
{
	switch (payload)
	{
		case PAYLOAD_NUMBER:
			return offsetof(NumberRecord, weight) + sizeof(float);
		case PAYLOAD_WEIGHT:
			return sizeof(WeightRecord);
		default:
			return sizeof(PairRecord);
	}
}

/* Returns a number near the mean of the targets with few digits, so that the sums of whole targets less it are exact. */
static double
shift_of_targets(const CodedRows *rows, int64 from, int64 to)
{
	double		first = from < to ? rows->target[from] : 0;
	double		low = first;
	double		high = first;
	double		sum = 0;
	double		step;

	for (int64 row = from; row < to; row++)
	{
		sum += (rows->target[row] - first) / (to - from);
		low = Min(low, rows->target[row]);
		high = Max(high, rows->target[row]);
	}
	step = exp2(floor(log2((high - low) / 16)));
	return step > 0 && isfinite(step) ? rint((first + sum) / step) * step : first;
}

void
init_records(Records *records, const CodedRows *rows, const ForestSettings *settings, int group)
{
	int64		from = rows->first[group];
	int64		to = rows->first[group + 1];

	*records = (Records) {.classes = rows->classes};
	if (rows->classes == 0 || (rows->classes == 2 && rows->weight))
		records->payload = PAYLOAD_NUMBER;
	else if (rows->classes == 2)
		records->payload = PAYLOAD_PAIR;
	else
		records->payload = rows->weight ? PAYLOAD_WEIGHT : PAYLOAD_CLASS;
	if (rows->classes == 0)
		records->shift = shift_of_targets(rows, from, to);
	records->offset = payload_bytes(records->payload);
	records->stride = TYPEALIGN(sizeof(double), records->offset + rows->features);
}

static void
make_record(const Records *records, const CodedRows *rows, int64 row, int count, uint8 *record)
{
	double		target = rows->target[row];
	double		weight = rows->weight ? Max(count * rows->weight[row], FLT_MIN) : count;

	switch (records->payload)
	{
		case PAYLOAD_PAIR:
			*(PairRecord *) record = (PairRecord) {count, target > 0 ? count : 0};
			break;
		case PAYLOAD_CLASS:
			*(ClassRecord *) record = (ClassRecord) {count, target};
			break;
		case PAYLOAD_NUMBER:
			*(double *) record = (target - records->shift) * (float) weight;
			*(float *) (record + offsetof(NumberRecord, weight)) = weight;
			break;
		default:
			*(WeightRecord *) record = (WeightRecord) {weight, target};
	}
	memcpy(record + records->offset, codes_of_row(rows, row), rows->features);
}

/* Makes records of some rows of a group, given how often each is taken; returns the sum of their weights. */
static double
take_rows(Records *records, const CodedRows *rows, int64 first, int count, const uint8 *counts)
{
	int			list[DRAWN_AT_ONCE];
	int			drawn = list_drawn(counts, count, true, list);
	double		weight = 0;

	for (int i = 0; i < drawn; i++)
	{
		int64		row = first + list[i];
		int			taken = counts[list[i]];

		make_record(records, rows, row, taken, records->data + records->count++ * records->stride);
		weight += taken * (rows->weight ? rows->weight[row] : 1);
	}
	return weight;
}

void
fill_records(Records *records, const CodedRows *rows, const ForestSettings *settings, int group, int tree, ForestTree *facts)
{
	int64		first = rows->first[group];
	int64		total = rows->first[group + 1] - first;
	uint8	   *counts = MemoryContextAllocHuge(CurrentMemoryContext, Max(1, total));
	Size		drawn = 0;

	for (int64 done = 0; done < total; done += DRAWN_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		draw_rows(settings, tree, done, Min(DRAWN_AT_ONCE, total - done), counts + done);
	}
	for (int64 row = 0; row < total; row++)
		drawn += counts[row] > 0;
	facts->has_all = drawn == 0;
	if (facts->has_all)
		memset(counts, 1, total);
	records->data = MemoryContextAllocHuge(CurrentMemoryContext, (drawn ? drawn : total) * records->stride);
	records->moved = MemoryContextAllocHuge(CurrentMemoryContext, (drawn ? drawn : total) * records->stride);
	facts->rows = 0;
	for (int64 done = 0; done < total; done += DRAWN_AT_ONCE)
	{
		CHECK_FOR_INTERRUPTS();
		facts->rows += take_rows(records, rows, first + done, Min(DRAWN_AT_ONCE, total - done), counts + done);
	}
	pfree(counts);
}

/* Copies each record to the end of both sides, and lengthens the right one; no branch depends on the record. */
static pg_attribute_always_inline int64
part_some(Records *records, int64 from, int64 to, int at, const bool *goes_first, uint8 *first, uint8 *second, int64 *moved,
		  Size stride)
{
	int64		kept = 0;
	int64		behind = *moved;

	for (const uint8 *record = records->data + from * stride, *end = records->data + to * stride; record < end; record += stride)
	{
		bool		is_first = goes_first[record[at]];

		memcpy(second + behind * stride, record, stride);
		memmove(first + kept * stride, record, stride);
		kept += is_first;
		behind += !is_first;
	}
	*moved = behind;
	return kept;
}

int64
part_records(Records *records, int64 from, int64 to, int feature, const bool *goes_first)
{
	Size		stride = records->stride;
	int			at = records->offset + feature;
	int64		kept = from;
	int64		moved = 0;

	for (int64 row = from; row < to; row += ROWS_AT_ONCE)
	{
		int64		end = Min(to, row + ROWS_AT_ONCE);
		uint8	   *first = records->data + kept * stride;

		CHECK_FOR_INTERRUPTS();
		if (stride == 16)
			kept += part_some(records, row, end, at, goes_first, first, records->moved, &moved, 16);
		else if (stride == 24)
			kept += part_some(records, row, end, at, goes_first, first, records->moved, &moved, 24);
		else
			kept += part_some(records, row, end, at, goes_first, first, records->moved, &moved, stride);
	}
	memcpy(records->data + kept * stride, records->moved, moved * stride);
	return kept;
}
