/*
 * sk_known.c: the labels of the rows of the training, for a clustering that says nothing of others.
 *
 * Arrays of its own: int32 label of each row; double rows, all different, in order of their first column, then of the
 * second, and so on.  Rows with equal columns have equal labels.
 */
#include "postgres.h"

#include "sk.h"

typedef struct Known
{
	int			count;
	const int32 *labels;
	const double *rows;
} Known;

static void
check_known(Sk *sk)
{
	Known	   *known = palloc0(sizeof(Known));

	if (sk->task != TASK_CLUSTERING)
		model_damaged("known rows are of clusters");
	known->labels = model_integers(sk->model, SK_OWN, -1);
	known->count = sk->model->arrays[SK_OWN].count;
	known->rows = model_doubles(sk->model, SK_OWN + 1, (int64) known->count * sk->columns);
	sk->own = known;
}

static int
compare(const double *a, const double *b, int columns)
{
	for (int j = 0; j < columns; j++)
		if (a[j] != b[j])
			return a[j] < b[j] ? -1 : 1;
	return 0;
}

static int
score_known(Sk *sk, const double *x, SkWanted wanted)
{
	const Known *known = sk->own;
	int			low = 0;
	int			high = known->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		int			order = compare(x, known->rows + (Size) middle * sk->columns, sk->columns);

		if (order == 0)
			return known->labels[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SK_UNKNOWN;
}

const SkKind sk_known = {KIND_KNOWN, check_known, score_known};
