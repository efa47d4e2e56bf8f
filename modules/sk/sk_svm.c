/*
 * sk_svm.c: support vector classification: a decision for each pair of classes, as libsvm makes it.
 *
 * Arrays behind those of sk_kernel.h:
 *   int32   the number of rows of each class, in whose order rows are
 *   double  coefficients of rows, for each class but one
 *   double  the constant of each pair of classes; then, if there are probabilities, Platt's A and B of each pair
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "sk_kernel.h"

#define LEAST_PROBABILITY 1e-7
#define LEAST_ITERATIONS 100

typedef struct Svm
{
	Kernel		kernel;
	int			pairs;
	const int32 *counts;
	int		   *starts;
	const double *coefficients;
	const double *constants;
	const double *a;			/* Platt's; NULL: there are no probabilities */
	const double *b;
	double	   *margins;		/* decisions of pairs */
	double	   *confidences;	/* votes of classes */
	int		   *votes;
	double	   *pairwise;		/* classes x classes: probability of the first against the second */
	double	   *q;
	double	   *qp;
} Svm;

static void
allocate(const Sk *sk, Svm *svm)
{
	Size		classes = sk->classes;

	svm->margins = MemoryContextAllocHuge(CurrentMemoryContext, svm->pairs * sizeof(double));
	svm->confidences = palloc(classes * sizeof(double));
	svm->votes = palloc(classes * sizeof(int));
	svm->qp = palloc(classes * sizeof(double));
	if (svm->a == NULL)
		return;
	svm->pairwise = MemoryContextAllocHuge(CurrentMemoryContext, classes * classes * sizeof(double));
	svm->q = MemoryContextAllocHuge(CurrentMemoryContext, classes * classes * sizeof(double));
}

static void
check_svm(Sk *sk)
{
	Svm		   *svm = palloc0(sizeof(Svm));
	int64		pairs = sk->classes * (int64) (sk->classes - 1) / 2;
	int64		rows = 0;
	int64		given;

	if (sk->task != TASK_CLASSIFICATION)
		model_damaged("decisions between pairs are for classes");
	kernel_check(sk, &svm->kernel);
	svm->counts = model_integers(sk->model, SK_KERNEL_OWN, sk->classes);
	svm->starts = palloc(sk->classes * sizeof(int));
	for (int c = 0; c < sk->classes; c++)
	{
		svm->starts[c] = rows;
		rows += svm->counts[c];
		if (svm->counts[c] < 0 || rows > svm->kernel.rows)
			model_damaged("a class has more rows than there are");
	}
	svm->coefficients = model_doubles(sk->model, SK_KERNEL_OWN + 1, (sk->classes - 1) * (int64) svm->kernel.rows);
	svm->constants = model_doubles(sk->model, SK_KERNEL_OWN + 2, -1);
	given = sk->model->arrays[SK_KERNEL_OWN + 2].count;
	if (given != pairs && given != 3 * pairs)
		model_damaged("it has another number of pairs of classes");
	svm->pairs = pairs;
	if (given > pairs)
	{
		svm->a = svm->constants + pairs;
		svm->b = svm->a + pairs;
	}
	allocate(sk, svm);
	sk->decisions = sk->classes == 2 ? 1 : sk->classes;
	sk->has_probabilities = svm->a != NULL;
	sk->own = svm;
}

/* Computes the margin of each pair; returns the class with the most votes. */
static int
decide(const Sk *sk, Svm *svm)
{
	const Kernel *kernel = &svm->kernel;
	int			pair = 0;
	int			best = 0;

	memset(svm->votes, 0, sk->classes * sizeof(int));
	for (int i = 0; i < sk->classes; i++)
		for (int j = i + 1; j < sk->classes; j++, pair++)
		{
			const double *of_first = svm->coefficients + (j - 1) * (Size) kernel->rows + svm->starts[i];
			const double *of_second = svm->coefficients + i * (Size) kernel->rows + svm->starts[j];

			svm->margins[pair] = kernel_dot(of_first, kernel->values + svm->starts[i], svm->counts[i]) +
				kernel_dot(of_second, kernel->values + svm->starts[j], svm->counts[j]) + svm->constants[pair];
			svm->votes[svm->margins[pair] > 0 ? i : j]++;
		}
	for (int c = 1; c < sk->classes; c++)
		if (svm->votes[c] > svm->votes[best])
			best = c;
	return best;
}

/* A decision value for each class: its votes, and less than half a vote for how clear they are. */
static void
decisions(Sk *sk, Svm *svm)
{
	int			pair = 0;

	if (sk->classes == 2)
	{
		sk->values[0] = -svm->margins[0];
		return;
	}
	memset(svm->confidences, 0, sk->classes * sizeof(double));
	memset(sk->values, 0, sk->classes * sizeof(double));
	for (int i = 0; i < sk->classes; i++)
		for (int j = i + 1; j < sk->classes; j++, pair++)
		{
			svm->confidences[i] += svm->margins[pair];
			svm->confidences[j] -= svm->margins[pair];
			sk->values[svm->margins[pair] < 0 ? j : i]++;
		}
	for (int c = 0; c < sk->classes; c++)
		sk->values[c] += svm->confidences[c] / (3 * (fabs(svm->confidences[c]) + 1));
}

/* Platt's probability of the first class of a pair. */
static double
platt(double margin, double a, double b)
{
	double		z = margin * a + b;
	double		p = z >= 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z));

	return fmin(fmax(p, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
}

/* Fills the matrix Q of Wu, Lin and Weng, Probability estimates for multi-class classification, their second method. */
static void
couple(const Sk *sk, const Svm *svm)
{
	Size		k = sk->classes;
	const double *r = svm->pairwise;

	for (Size t = 0; t < k; t++)
	{
		svm->q[t * k + t] = 0;
		for (Size j = 0; j < k; j++)
			if (j != t)
			{
				svm->q[t * k + t] += r[j * k + t] * r[j * k + t];
				svm->q[t * k + j] = j < t ? svm->q[j * k + t] : -r[j * k + t] * r[t * k + j];
			}
	}
}

/* One round of their iteration; returns whether p is good enough. */
static bool
improve(const Sk *sk, const Svm *svm, double *p)
{
	Size		k = sk->classes;
	double		pqp = 0;
	double		worst = 0;

	for (Size t = 0; t < k; t++)
	{
		svm->qp[t] = 0;
		for (Size j = 0; j < k; j++)
			svm->qp[t] += svm->q[t * k + j] * p[j];
		pqp += p[t] * svm->qp[t];
	}
	for (Size t = 0; t < k; t++)
		worst = fmax(worst, fabs(svm->qp[t] - pqp));
	if (worst < 0.005 / k)
		return true;
	for (Size t = 0; t < k; t++)
	{
		double		diff = (-svm->qp[t] + pqp) / svm->q[t * k + t];

		p[t] += diff;
		pqp = (pqp + diff * (diff * svm->q[t * k + t] + 2 * svm->qp[t])) / (1 + diff) / (1 + diff);
		for (Size j = 0; j < k; j++)
		{
			svm->qp[j] = (svm->qp[j] + diff * svm->q[t * k + j]) / (1 + diff);
			p[j] /= 1 + diff;
		}
	}
	return false;
}

static void
probabilities(Sk *sk, Svm *svm)
{
	Size		k = sk->classes;
	int			pair = 0;

	for (Size i = 0; i < k; i++)
	{
		sk->probabilities[i] = 1.0 / k;
		for (Size j = i + 1; j < k; j++, pair++)
		{
			svm->pairwise[i * k + j] = platt(svm->margins[pair], svm->a[pair], svm->b[pair]);
			svm->pairwise[j * k + i] = 1 - svm->pairwise[i * k + j];
		}
	}
	couple(sk, svm);
	for (int n = 0; n < Max(LEAST_ITERATIONS, sk->classes); n++)
	{
		CHECK_FOR_INTERRUPTS();
		if (improve(sk, svm, sk->probabilities))
			break;
	}
}

static int
score_svm(Sk *sk, const double *x, SkWanted wanted)
{
	Svm		   *svm = sk->own;
	int			class;

	kernel_products(&svm->kernel, x);
	kernel_values(&svm->kernel, 0);
	class = decide(sk, svm);
	if (wanted == WANT_DECISIONS)
		decisions(sk, svm);
	if (wanted == WANT_PROBABILITIES)
		probabilities(sk, svm);
	return class;
}

const SkKind sk_svm = {KIND_SVM, check_svm, score_svm};
