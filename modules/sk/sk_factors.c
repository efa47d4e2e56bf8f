/*
 * sk_factors.c: non-negative matrix factorization: the weights, none below 0, with which components add up to a row.
 *
 * Arrays of its own: double components, a row for each output; double products of each two of them, with the L2 penalty
 * on the diagonal; double L1 penalty and tolerance; int32 most iterations.  The weights are found by coordinate descent
 * from 0: scikit-learn's transform of this row alone.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "sk.h"

#define MOST_ITERATIONS 1000000

typedef struct Factors
{
	const double *components;
	const double *products;
	double		penalty;
	double		tolerance;
	int			iterations;
	double	   *fits;			/* products of the row and each component */
} Factors;

static void
check_factors(Sk *sk)
{
	Factors    *factors = palloc0(sizeof(Factors));
	const double *numbers;

	if (sk->task != TASK_DECOMPOSITION)
		model_damaged("factors are of a decomposition");
	factors->components = model_doubles(sk->model, SK_OWN, (int64) sk->outputs * sk->columns);
	factors->products = model_doubles(sk->model, SK_OWN + 1, (int64) sk->outputs * sk->outputs);
	numbers = model_doubles(sk->model, SK_OWN + 2, 2);
	factors->penalty = numbers[0];
	factors->tolerance = numbers[1];
	factors->iterations = model_integers(sk->model, SK_OWN + 3, 1)[0];
	if (factors->iterations < 1 || factors->iterations > MOST_ITERATIONS)
		model_damaged("its number of iterations is out of range");
	factors->fits = palloc(sk->outputs * sizeof(double));
	sk->own = factors;
}

/* Improves each weight once; returns how far the row was from the optimum. */
static double
descend(const Factors *factors, double *weights, int count)
{
	double		violation = 0;

	for (int t = 0; t < count; t++)
	{
		const double *products = factors->products + (Size) t * count;
		double		gradient = -factors->fits[t];

		for (int r = 0; r < count; r++)
			gradient += products[r] * weights[r];
		violation += fabs(weights[t] == 0 && gradient > 0 ? 0 : gradient);
		if (products[t] != 0)
		{
			double		better = weights[t] - gradient / products[t];

			weights[t] = better < 0 ? 0 : better;
		}
	}
	return violation;
}

static void
check_row(const double *x, int columns)
{
	for (int j = 0; j < columns; j++)
		if (x[j] < 0)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a feature is %g, and this model takes none below 0", x[j]),
					 errhint("Give features that are 0 or more.")));
}

static int
score_factors(Sk *sk, const double *x, SkWanted wanted)
{
	const Factors *factors = sk->own;
	double		first = 0;

	check_row(x, sk->columns);
	for (int t = 0; t < sk->outputs; t++)
	{
		const double *component = factors->components + (Size) t * sk->columns;
		double		sum = 0;

		for (int j = 0; j < sk->columns; j++)
			sum += x[j] * component[j];
		factors->fits[t] = sum - factors->penalty;
		sk->values[t] = 0;
	}
	for (int n = 0; n < factors->iterations; n++)
	{
		double		violation = descend(factors, sk->values, sk->outputs);

		CHECK_FOR_INTERRUPTS();
		if (n == 0)
			first = violation;
		if (first == 0 || violation / first <= factors->tolerance)
			break;
	}
	return 0;
}

const SkKind sk_factors = {KIND_FACTORS, check_factors, score_factors};
