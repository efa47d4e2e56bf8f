/*
 * sk_centers.c: the label of the nearest center.
 *
 * Arrays of its own: int32 label of each center; double centers; double squared norm of each.  Without a center every
 * row has the label -1, as affinity propagation has it that has not converged.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "sk.h"

#define NO_CENTER (-1)

typedef struct Centers
{
	int			count;
	const int32 *labels;
	const double *rows;
	const double *norms;
} Centers;

static void
check_centers(Sk *sk)
{
	Centers    *centers = palloc0(sizeof(Centers));

	if (sk->task != TASK_CLUSTERING)
		model_damaged("centers are of clusters");
	centers->labels = model_integers(sk->model, SK_OWN, -1);
	centers->count = sk->model->arrays[SK_OWN].count;
	centers->rows = model_doubles(sk->model, SK_OWN + 1, (int64) centers->count * sk->columns);
	centers->norms = model_doubles(sk->model, SK_OWN + 2, centers->count);
	sk->own = centers;
}

/* Compares squared distances less the squared norm of the row, as scikit-learn does. */
static int
score_centers(Sk *sk, const double *x, SkWanted wanted)
{
	const Centers *centers = sk->own;
	double		least = 0;
	int			best = 0;

	for (int c = 0; c < centers->count; c++)
	{
		const double *row = centers->rows + (Size) c * sk->columns;
		double		sum = 0;
		double		distance;

		if (c % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < sk->columns; j++)
			sum += x[j] * row[j];
		distance = centers->norms[c] - 2 * sum;
		if (c == 0 || distance < least)
		{
			least = distance;
			best = c;
		}
	}
	return centers->count == 0 ? NO_CENTER : centers->labels[best];
}

const SkKind sk_centers = {KIND_CENTERS, check_centers, score_centers};
