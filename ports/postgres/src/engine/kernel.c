/*
 * kernel.c: the list of kernels, and checks of weights and values that kernels share.
 */
#include "postgres.h"

#include <math.h>

#include "kernel.h"

static KernelEntry *kernels;	/* in no order */

void
kernel_enter(KernelEntry *entry)
{
	entry->next = kernels;
	kernels = entry;
}

/* Raises an error if two kernels have the same name or number; called after all kernels have entered the list. */
void
kernel_check_list(void)
{
	for (KernelEntry *one = kernels; one; one = one->next)
		for (KernelEntry *other = one->next; other; other = other->next)
			if (one->kernel->id == other->kernel->id || strcmp(one->kernel->name, other->kernel->name) == 0)
				elog(ERROR, "kernels \"%s\" (number %d) and \"%s\" (number %d) are not different",
					 one->kernel->name, one->kernel->id, other->kernel->name, other->kernel->id);
}

const Kernel *
kernel_by_name(const char *name)
{
	for (KernelEntry *entry = kernels; entry; entry = entry->next)
		if (strcmp(entry->kernel->name, name) == 0)
			return entry->kernel;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no kernel \"%s\"", name)));
}

const Kernel *
kernel_by_id(int id)
{
	for (KernelEntry *entry = kernels; entry; entry = entry->next)
		if (entry->kernel->id == id)
			return entry->kernel;
	return NULL;
}

/* Raises an error that names the column of a NaN or an infinity; the target is the last column. */
void
not_finite(int column, int ncols, double value)
{
	const char *is = isnan(value) ? "NaN" : "infinite";

	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 column == ncols - 1 ? errmsg("the target is %s in some row", is)
			 : errmsg("feature %d is %s in some row", column + 1, is),
			 errhint("Leave such rows out, or turn the value into NULL: rows with a NULL are skipped.")));
}

/* Raises an error if a weight is negative or not finite. */
void
check_weights(const double *weights, int rows)
{
	for (int r = 0; r < rows; r++)
		if (!isfinite(weights[r]) || weights[r] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a weight is %g in some row", weights[r]),
					 errhint("Give weights that are finite and not negative.")));
}

/* Copies the numbers of the rows with a positive weight. */
static const double *
with_weight(const double *numbers, const double *weights, int rows)
{
	double	   *kept = palloc(rows * sizeof(double));
	int			count = 0;

	for (int r = 0; r < rows; r++)
		if (weights[r] > 0)
			kept[count++] = numbers[r];
	return kept;
}

/* Returns the rows of a block whose weight, in the last column, is positive; a copy if some weights are 0. */
RowBlock
positive_weights(const RowBlock *block, int ncols)
{
	const double *weights = block->columns[ncols - 1];
	RowBlock	kept = {.ncategories = block->ncategories};
	Indicators *categories;

	check_weights(weights, block->rows);
	for (int r = 0; r < block->rows; r++)
		kept.rows += weights[r] > 0;
	if (kept.rows == block->rows)
		return *block;

	kept.columns = palloc(ncols * sizeof(double *));
	for (int j = 0; j < ncols; j++)
		kept.columns[j] = block->columns[j] ? with_weight(block->columns[j], weights, block->rows) : NULL;
	kept.categories = categories = palloc(kept.ncategories * sizeof(Indicators));
	for (int c = 0; c < kept.ncategories; c++)
	{
		categories[c] = block->categories[c];
		categories[c].codes = with_weight(block->categories[c].codes, weights, block->rows);
	}
	return kept;
}

/* As positive_weights(), for weights that are counts of rows: raises an error if one exceeds LARGEST_FREQUENCY. */
RowBlock
positive_frequencies(const RowBlock *block, int ncols)
{
	RowBlock	kept = positive_weights(block, ncols);

	for (int r = 0; r < kept.rows; r++)
		if (kept.columns[ncols - 1][r] > LARGEST_FREQUENCY)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a weight is %g in some row, more than %g", kept.columns[ncols - 1][r], LARGEST_FREQUENCY),
					 errhint("Divide all weights by one number.")));
	return kept;
}

/* Frees the copy that positive_weights() made of a block, if it made one. */
void
free_positive_weights(RowBlock *used, const RowBlock *block, int ncols)
{
	if (used->columns == block->columns)
		return;
	for (int j = 0; j < ncols; j++)
		if (used->columns[j])
			pfree((void *) used->columns[j]);
	for (int c = 0; c < used->ncategories; c++)
		pfree((void *) used->categories[c].codes);
	pfree((void *) used->categories);
	pfree(used->columns);
}
