/*
 * packed_trees.c: models packed from grown trees.
 */
#include "grown_tree.h"

#include <limits.h>

#include "catalog/pg_type.h"
#include "engine/model.h"
#include "engine/pieces.h"
#include "parameters.h"

/* Sums over trees. */
typedef struct Totals
{
	int64		nodes;
	int64		leaves;
	int64		set_words;
} Totals;

static Totals
totals_of(GrownTree *const *trees, int count)
{
	Totals		totals = {0};

	for (int t = 0; t < count; t++)
	{
		totals.nodes += trees[t]->nodes;
		totals.leaves += trees[t]->leaves;
		totals.set_words += trees[t]->set_words;
	}
	if (totals.nodes > INT_MAX || totals.set_words > INT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model cannot have more than %d nodes", INT_MAX),
				 errhint("Choose fewer trees, a smaller max_depth, or a larger min_bucket.")));
	return totals;
}

static int64
map_bytes(const CodedFeature *coding, int features)
{
	int64		bytes = 0;

	for (int f = 0; f < features; f++)
		bytes += coding[f].code_of_level ? TYPEALIGN(sizeof(int32), coding[f].levels) : 0;
	return bytes;
}

static ModelPart
integers(int64 count)
{
	return (ModelPart) {ARRAY_INTEGERS, count, NULL};
}

static ModelPart
doubles(int64 count)
{
	return (ModelPart) {ARRAY_DOUBLES, count, NULL};
}

static ModelPart
given_integers(const bytea *bytes)
{
	return (ModelPart) {ARRAY_INTEGERS, VARSIZE_ANY_EXHDR(bytes) / sizeof(int32), VARDATA_ANY(bytes)};
}

void
read_texts(PackedParts *parts, ArrayType *array)
{
	Datum	   *values;
	int			count;

	if (ARR_ELEMTYPE(array) != BYTEAOID || array_contains_nulls(array))
		whole_parameter(0, 1, 1);
	deconstruct_array(array, BYTEAOID, -1, false, TYPALIGN_INT, &values, NULL, &count);
	whole_parameter(count, ENSEMBLE_FACTS, ENSEMBLE_FACTS);
	for (int i = 0; i < count; i++)
		parts->texts[i] = DatumGetByteaPP(values[i]);
}

/* Sets the kinds and lengths of all arrays, and the data of those that are known. */
static void
shape_parts(const PackedParts *parts, const CodedFeature *coding, int features, GrownTree *const *trees, int count,
			ModelPart *arrays)
{
	Totals		totals = totals_of(trees, count);

	for (int i = 0; i < ENSEMBLE_FACTS; i++)
		arrays[i] = given_integers(parts->texts[i]);
	arrays[ENSEMBLE_FACTS] = integers(FACT_FIELDS);
	arrays[ENSEMBLE_TREES] = integers(2 * (int64) count);
	arrays[ENSEMBLE_NODES] = integers(totals.nodes * (int64) (sizeof(PackedNode) / sizeof(int32)));
	arrays[ENSEMBLE_SETS] = integers(totals.set_words);
	arrays[ENSEMBLE_MAPS] = integers(map_bytes(coding, features) / (int64) sizeof(int32));
	arrays[ENSEMBLE_NUMBERS] = doubles(totals.leaves * trees[0]->width);
	arrays[ENSEMBLE_COVERS] = doubles(totals.nodes);
	arrays[ENSEMBLE_START] = doubles(1 + (int64) parts->outputs);
}

int64
packed_size(const PackedParts *parts, const CodedFeature *coding, int features, GrownTree *const *trees, int count)
{
	ModelPart	arrays[ENSEMBLE_FIELDS];

	shape_parts(parts, coding, features, trees, count, arrays);
	return model_size(VARSIZE_ANY_EXHDR(parts->json), arrays, ENSEMBLE_FIELDS);
}

/* Copies the nodes of a tree, whose numbers of nodes, leaves and sets become those of the model. */
static void
copy_nodes(const GrownTree *tree, const Totals *before, char *into)
{
	for (int n = 0; n < tree->nodes; n++)
	{
		PackedNode	node = tree->node[n];
		bool		is_leaf = node.child == n;

		if (is_leaf || (node.feature & NODE_CATEGORY))
		{
			int32		number = lower_half(&node) + (is_leaf ? before->leaves : before->set_words);

			memcpy(&node.threshold, &number, sizeof(number));
		}
		node.child += before->nodes;
		memcpy(into + n * sizeof(node), &node, sizeof(node));
	}
}

static void
fill_maps(const CodedFeature *coding, int features, uint8 *maps)
{
	for (int f = 0; f < features; f++)
		if (coding[f].code_of_level)
		{
			memcpy(maps, coding[f].code_of_level, coding[f].levels);
			maps += TYPEALIGN(sizeof(int32), coding[f].levels);
		}
}

bytea *
packed_trees(const PackedParts *parts, const CodedFeature *coding, int features, GrownTree *const *trees, int count)
{
	ModelPart	arrays[ENSEMBLE_FIELDS];
	Totals		before = {0};
	int			width = trees[0]->width;
	char	   *data[ENSEMBLE_FIELDS];
	bytea	   *model;

	shape_parts(parts, coding, features, trees, count, arrays);
	model = model_new_bytes(parts->method, parts->json, arrays, ENSEMBLE_FIELDS, data);
	((int32 *) data[ENSEMBLE_FACTS])[FACT_LINK] = parts->link;
	((int32 *) data[ENSEMBLE_FACTS])[FACT_TREES] = count;
	((int32 *) data[ENSEMBLE_FACTS])[FACT_WIDTH] = width;
	for (int t = 0; t < count; t++)
	{
		const GrownTree *tree = trees[t];

		CHECK_FOR_INTERRUPTS();
		((int32 *) data[ENSEMBLE_TREES])[t] = before.nodes;
		((int32 *) data[ENSEMBLE_TREES])[count + t] = width == 1 ? t % parts->outputs : 0;
		copy_nodes(tree, &before, data[ENSEMBLE_NODES] + before.nodes * sizeof(PackedNode));
		copy_pieces(data[ENSEMBLE_NUMBERS] + before.leaves * width * sizeof(double), tree->numbers,
					tree->leaves * (Size) width * sizeof(double));
		copy_pieces(data[ENSEMBLE_COVERS] + before.nodes * sizeof(double), tree->cover, tree->nodes * sizeof(double));
		if (tree->set_words > 0)
			memcpy(data[ENSEMBLE_SETS] + before.set_words * sizeof(uint32), tree->sets, tree->set_words * sizeof(uint32));
		before.nodes += tree->nodes;
		before.leaves += tree->leaves;
		before.set_words += tree->set_words;
	}
	fill_maps(coding, features, (uint8 *) data[ENSEMBLE_MAPS]);
	memcpy(data[ENSEMBLE_START], &parts->divisor, sizeof(double));
	memcpy(data[ENSEMBLE_START] + sizeof(double), parts->start, parts->outputs * sizeof(double));
	model_seal(model);
	return model;
}
