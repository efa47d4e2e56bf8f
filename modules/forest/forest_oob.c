/*
 * forest_oob.c: predicts rows by the trees that were not grown from them, for the error and the importance of features.
 *
 * Rows are taken some at a time.  Since they lie in an order of hashes, those of one time are a random sample, and a feature is
 * permuted among them: each row gets the code of another.
 *
 * Source: Breiman (2001), Random forests, section 10.
 */
#include "forest.h"

#include "miscadmin.h"

#define ROWS_AT_ONCE 1024

#define SHIFTS 3				/* stream of a tree */

/* Some rows, and what the trees say of them. */
typedef struct Sample
{
	const CodedRows *rows;
	const ForestSettings *settings;
	const CodedFeature *coding;
	int			width;			/* numbers of a leaf */
	int64		first;			/* the first row */
	double		target[ROWS_AT_ONCE];
	double		weight[ROWS_AT_ONCE];
	double	   *sums;			/* for each row: sums of the numbers of leaves */
	int			trees[ROWS_AT_ONCE];	/* for each row: number of trees that were not grown from it */
	/* the rows that one tree was not grown from */
	int			count;
	int			row[ROWS_AT_ONCE];	/* less `first` */
	const uint8 *codes[ROWS_AT_ONCE];
	int32		leaf[ROWS_AT_ONCE];
	uint8	   *permuted;		/* space for their codes */
} Sample;

/* Returns the loss of a prediction, numbers of a leaf or their mean: 1 for a wrong class, or the squared error. */
static inline double
loss_of(const Sample *sample, int row, const double *numbers, double divisor)
{
	double		target = sample->target[row];
	int			class = 0;

	if (sample->rows->classes == 0)
		return (target - numbers[0] / divisor) * (target - numbers[0] / divisor);
	if (sample->width == 1)
		return (numbers[0] > 0.5 * divisor) != (target > 0);
	for (int c = 1; c < sample->width; c++)
		if (numbers[c] > numbers[class])
			class = c;
	return class != target;
}

/* Returns the loss of a tree for the rows that it was not grown from. */
static double
loss_of_leaves(const Sample *sample, const GrownTree *tree)
{
	double		loss = 0;

	for (int i = 0; i < sample->count; i++)
		loss += sample->weight[sample->row[i]] * loss_of(sample, sample->row[i], numbers_of_leaf(tree, sample->leaf[i]), 1);
	return loss;
}

static void
take_targets(Sample *sample, int rows)
{
	memcpy(sample->target, sample->rows->target + sample->first, rows * sizeof(double));
	for (int r = 0; r < rows; r++)
		sample->weight[r] = sample->rows->weight ? sample->rows->weight[sample->first + r] : 1;
}

/* Lists the rows that a tree was not grown from. */
static void
list_rows(Sample *sample, int tree, int64 group_first, int rows)
{
	uint8		counts[ROWS_AT_ONCE];

	draw_rows(sample->settings, tree, sample->first - group_first, rows, counts);
	sample->count = list_drawn(counts, rows, false, sample->row);
	for (int i = 0; i < sample->count; i++)
		sample->codes[i] = codes_of_row(sample->rows, sample->first + sample->row[i]);
}

/* Adds to `losses` those of a tree with each of its features permuted, less those of the tree. */
static void
permute_features(Sample *sample, const ForestTree *tree, uint64 *stream, double *losses)
{
	int			features = sample->rows->features;
	double		before = loss_of_leaves(sample, tree->tree);
	const uint8 *codes[ROWS_AT_ONCE];

	if (sample->count < 2)
		return;
	for (int r = 0; r < sample->count; r++)
		codes[r] = memcpy(sample->permuted + (Size) r * features, sample->codes[r], features);
	for (int f = 0; f < features; f++)
	{
		int			shift = 1 + random_below(stream, sample->count - 1);

		if (tree->gains[f] == 0)
			continue;
		for (int r = 0; r < sample->count; r++)
			sample->permuted[(Size) r * features + f] = sample->codes[(r + shift) % sample->count][f];
		leaves_of_rows(tree->tree, sample->coding, codes, sample->count, sample->leaf);
		losses[f] += loss_of_leaves(sample, tree->tree) - before;
		for (int r = 0; r < sample->count; r++)
			sample->permuted[(Size) r * features + f] = sample->codes[r][f];
	}
}

/* Adds the predictions of a tree for the rows that it was not grown from, and to the numbers of the tree their weights and loss. */
static void
add_tree(Sample *sample, const ForestTree *tree, double *numbers_of_tree)
{
	int			width = sample->width;

	leaves_of_rows(tree->tree, sample->coding, sample->codes, sample->count, sample->leaf);
	for (int i = 0; i < sample->count; i++)
	{
		int			row = sample->row[i];
		const double *numbers = numbers_of_leaf(tree->tree, sample->leaf[i]);

		for (int w = 0; w < width; w++)
			sample->sums[row * width + w] += numbers[w];
		sample->trees[row]++;
		numbers_of_tree[0] += sample->weight[row];
	}
	numbers_of_tree[1] += loss_of_leaves(sample, tree->tree);
}

/* Adds the loss of the mean of the trees for each row. */
static void
add_rows(const Sample *sample, int rows, double mean, OobSums *sums)
{
	for (int r = 0; r < rows; r++)
	{
		double		weight = sample->weight[r];
		double		target = sample->target[r];

		if (sample->trees[r] == 0)
			continue;
		sums->rows += weight;
		sums->loss += weight * loss_of(sample, r, sample->sums + r * (Size) sample->width, sample->trees[r]);
		sums->target_loss += weight * (target - mean) * (target - mean);
	}
}

static Sample *
new_sample(const CodedRows *rows, const ForestSettings *settings, int group)
{
	Sample	   *sample = palloc0(sizeof(Sample));

	sample->rows = rows;
	sample->settings = settings;
	sample->coding = coding_of_group(rows, group);
	sample->width = rows->classes > 2 ? rows->classes : 1;
	sample->sums = palloc(ROWS_AT_ONCE * (Size) sample->width * sizeof(double));
	sample->permuted = palloc(ROWS_AT_ONCE * (Size) rows->features);
	return sample;
}

void
predict_out_of_bag(const CodedRows *rows, const ForestSettings *settings, int group, const ForestTree *trees, double mean,
				   int64 from, int64 to, OobSums *sums)
{
	Sample	   *sample = new_sample(rows, settings, group);
	int64		group_first = rows->first[group];

	for (sample->first = from; sample->first < to; sample->first += ROWS_AT_ONCE)
	{
		int			here = Min(ROWS_AT_ONCE, to - sample->first);
		double	   *numbers = sums->numbers;

		take_targets(sample, here);
		memset(sample->sums, 0, here * (Size) sample->width * sizeof(double));
		memset(sample->trees, 0, sizeof(sample->trees));
		for (int t = 0; t < settings->trees; t++, numbers += oob_numbers_of_tree(rows, settings))
		{
			uint64		stream = stream_of_tree(settings, t, SHIFTS) + sample->first - group_first;

			CHECK_FOR_INTERRUPTS();
			if (trees[t].has_all)
				continue;
			list_rows(sample, t, group_first, here);
			add_tree(sample, &trees[t], numbers);
			if (settings->permutation)
				permute_features(sample, &trees[t], &stream, numbers + 2);
		}
		add_rows(sample, here, mean, sums);
	}
	pfree(sample->sums);
	pfree(sample->permuted);
	pfree(sample);
}
