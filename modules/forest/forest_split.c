/*
 * forest_split.c: the best split of a node, among features that are drawn.
 *
 * Source: Breiman (2001), Random forests, Machine Learning 45.
 */
#include "forest_split.h"

#include "miscadmin.h"

/* A gain below this share of a node's squared mean, or of the weight of its classes, is rounding. */
#define LEAST_OF_SQUARES 1e-20
#define LEAST_OF_WEIGHT 1e-12

static void
alloc_sums(Sums *sums, int classes)
{
	*sums = (Sums) {0};
	sums->classes = palloc0(Max(classes, 1) * sizeof(double));
}

void
init_splitter(Splitter *splitter, const CodedRows *rows, const ForestSettings *settings, int group, Records *records)
{
	splitter->settings = settings;
	splitter->coding = coding_of_group(rows, group);
	splitter->features = rows->features;
	splitter->records = records;
	splitter->has_classes = rows->classes > 2;
	splitter->order = palloc(rows->features * sizeof(int));
	for (int f = 0; f < rows->features; f++)
		splitter->order[f] = f;
	splitter->cells.data = palloc0(FEATURES_AT_ONCE * cell_bytes(records));
	splitter->part = palloc(Max(rows->classes, 1) * sizeof(double));
	alloc_sums(&splitter->node, rows->classes);
	alloc_sums(&splitter->first, rows->classes);
	alloc_sums(&splitter->second, rows->classes);
	alloc_sums(&splitter->null, rows->classes);
}

/* Makes sums of the node from the cells of a feature. */
static void
sum_node(Splitter *splitter, Cells cells, int feature)
{
	Sums	   *node = &splitter->node;
	double		mean;

	clear_sums(splitter, node);
	for (int i = 0; i < splitter->count; i++)
		add_cell(splitter, cells, splitter->codes[i], node);
	add_cell(splitter, cells, splitter->coding[feature].codes, node);
	mean = node->target / node->weight;
	splitter->least = splitter->has_classes || splitter->settings->entropy ? LEAST_OF_WEIGHT * node->weight :
		LEAST_OF_SQUARES * node->weight * mean * mean;
	splitter->largest = 0;
	for (int c = 1; c < splitter->records->classes && splitter->has_classes; c++)
		if (node->classes[c] > node->classes[splitter->largest])
			splitter->largest = c;
}

/* Sets the cells of a feature to zero, after its codes have been listed. */
static void
clear_cells(const Splitter *splitter, Cells cells, int feature)
{
	Size		width = cell_bytes(splitter->records) / ALL_CODES;

	for (int i = 0; i < splitter->count; i++)
		memset((char *) cells.data + splitter->codes[i] * width, 0, width);
	memset((char *) cells.data + splitter->coding[feature].codes * width, 0, width);
}

/* Moves `count` features drawn at random to position `at` of the order. */
static void
draw_features(Splitter *splitter, int at, int count)
{
	for (int i = at; i < at + count; i++)
	{
		int			other = i + random_below(&splitter->stream, splitter->features - i);
		int			feature = splitter->order[i];

		splitter->order[i] = splitter->order[other];
		splitter->order[other] = feature;
	}
}

void
sum_records(Splitter *splitter, int64 from, int64 to)
{
	const int	feature = 0;

	sum_cells(splitter->records, from, to, &feature, 1, splitter->cells);
	splitter->count = codes_there(splitter->records, from, to, feature, splitter->coding[feature].codes, splitter->cells,
								  splitter->codes);
	sum_node(splitter, splitter->cells, feature);
	clear_cells(splitter, splitter->cells, feature);
}

/* The features that are drawn are tried, and more of them, one by one, until there is a split. */
bool
find_split(Splitter *splitter, int64 from, int64 to)
{
	int			wanted = splitter->settings->num_features;
	int			tried = 0;

	splitter->gain = 0;
	while (tried < splitter->features && (tried < wanted || splitter->gain == 0))
	{
		int			count = tried < wanted ? Min(wanted - tried, FEATURES_AT_ONCE) : 1;
		const int  *features = splitter->order + tried;
		Cells		cells = splitter->cells;

		draw_features(splitter, tried, count);
		sum_cells(splitter->records, from, to, features, count, cells);
		for (int f = 0; f < count; f++, cells = next_cells(splitter->records, cells))
		{
			splitter->count = codes_there(splitter->records, from, to, features[f], splitter->coding[features[f]].codes,
										  cells, splitter->codes);
			if (tried + f == 0)
				sum_node(splitter, cells, features[f]);
			try_feature(splitter, cells, features[f]);
			clear_cells(splitter, cells, features[f]);
		}
		tried += count;
	}
	return splitter->gain > 0;
}
