/*
 * forest_sums.c: sums over the rows of a node.
 */
#include "forest_split.h"

void
clear_sums(const Splitter *splitter, Sums *sums)
{
	sums->rows = sums->weight = sums->target = 0;
	if (splitter->has_classes)
		memset(sums->classes, 0, splitter->records->classes * sizeof(double));
}

/* Adds rows of two classes, given both their weights without those of the classes. */
static void
add_pair(const Splitter *splitter, double first, double second, Sums *sums)
{
	const double *weights = splitter->settings->class_weights;

	sums->rows += first + second;
	sums->weight += first * weights[0] + second * weights[1];
	sums->target += second * weights[1];
}

static void
add_class(const Splitter *splitter, int class, double rows, Sums *sums)
{
	double		weight = rows * splitter->settings->class_weights[class];

	sums->rows += rows;
	sums->weight += weight;
	sums->classes[class] += weight;
}

static void
add_number(const Splitter *splitter, NumberCell cell, Sums *sums)
{
	if (splitter->records->classes == 2)
	{
		add_pair(splitter, Max(cell.weight - cell.target, 0), cell.target, sums);
		return;
	}
	sums->rows += cell.weight;
	sums->weight += cell.weight;
	sums->target += cell.target;
}

/* Adds the cell of a code. */
void
add_cell(const Splitter *splitter, Cells cells, int code, Sums *sums)
{
	int			classes = splitter->records->classes;

	switch (splitter->records->payload)
	{
		case PAYLOAD_PAIR:
			add_pair(splitter, (uint32) (cells.pairs[code] >> 32) - (uint32) cells.pairs[code], (uint32) cells.pairs[code], sums);
			break;
		case PAYLOAD_NUMBER:
			add_number(splitter, cells.numbers[code], sums);
			break;
		case PAYLOAD_CLASS:
			for (int c = 0; c < classes; c++)
				add_class(splitter, c, cells.rows[code * classes + c], sums);
			break;
		default:
			for (int c = 0; c < classes; c++)
				add_class(splitter, c, cells.weights[code * classes + c], sums);
	}
}

bool
is_pure(const Splitter *splitter, const Sums *sums)
{
	if (!splitter->has_classes)
		return splitter->records->classes == 2 && (sums->target <= 0 || sums->target >= sums->weight);
	for (int c = 0; c < splitter->records->classes; c++)
		if (sums->classes[c] > 0)
			return sums->classes[c] >= sums->weight;
	return true;
}
