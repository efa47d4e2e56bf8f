/*
 * sk_laplace.c: classification by Gaussian processes with Laplace's approximation: Rasmussen and Williams, Gaussian Processes for
 * Machine Learning, algorithm 3.2.  A machine for two classes, or one for each class against the rest.
 *
 * Arrays behind those of sk_kernel.h:
 *   double  for each machine the gradient of the likelihood at each row, then the root of the curvature at each row
 *   double  for each machine the lower triangle of a Cholesky factor, row by row
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "sk_kernel.h"

#define PARTS 5

/* The logistic function as a sum of error functions: Williams and Barber, Bayesian classification with Gaussian processes. */
static const double lambdas[PARTS] = {0.41, 0.4, 0.37, 0.44, 0.39};
static const double shares[PARTS] = {-1854.8214151, 3516.89893646, 221.29346712, 128.12323805, -2010.49422654};

typedef struct Laplace
{
	Kernel		kernel;
	const double *gradients;	/* latent values of each machine, then the roots */
	const double *factors;
	double	   *solution;
} Laplace;

static void
check_laplace(Sk *sk)
{
	Laplace    *laplace = palloc0(sizeof(Laplace));
	int64		rows;

	if (sk->task != TASK_CLASSIFICATION)
		model_damaged("Laplace's approximation is for classes");
	kernel_check(sk, &laplace->kernel);
	rows = laplace->kernel.rows;
	if (laplace->kernel.machines != (sk->classes == 2 ? 1 : sk->classes))
		model_damaged("it has another number of machines than of classes");
	laplace->gradients = model_doubles(sk->model, SK_KERNEL_OWN, laplace->kernel.machines * 2 * rows);
	if (rows * (rows + 1) / 2 > sk->model->arrays[SK_KERNEL_OWN + 1].count)
		model_damaged("its factor is too small");
	laplace->factors = model_doubles(sk->model, SK_KERNEL_OWN + 1, laplace->kernel.machines * (rows * (rows + 1) / 2));
	laplace->solution = MemoryContextAllocHuge(CurrentMemoryContext, Max(1, rows) * sizeof(double));
	sk->has_probabilities = true;
	sk->own = laplace;
}

static double
mean_of(const Laplace *laplace, int machine)
{
	int64		rows = laplace->kernel.rows;

	return kernel_dot(laplace->gradients + machine * 2 * rows, laplace->kernel.values, rows);
}

static double
variance_of(const Laplace *laplace, const double *x, int machine)
{
	int64		rows = laplace->kernel.rows;
	const double *roots = laplace->gradients + (machine * (int64) 2 + 1) * rows;
	const double *factor = laplace->factors + machine * (rows * (rows + 1) / 2);
	double	   *v = laplace->solution;

	for (int64 r = 0; r < rows; factor += ++r)
	{
		CHECK_FOR_INTERRUPTS();
		v[r] = (roots[r] * laplace->kernel.values[r] - kernel_dot(factor, v, r)) / factor[r];
	}
	return kernel_of_itself(&laplace->kernel, x, machine) - kernel_dot(v, v, rows);
}

/* Returns the mean of the logistic function of a normal variable. */
static double
averaged(double mean, double variance)
{
	double		alpha = 1 / (2 * variance);
	double		sum = 0;
	double		all = 0;

	for (int n = 0; n < PARTS; n++)
	{
		double		integral = sqrt(M_PI / alpha) *
			erf(lambdas[n] * mean * sqrt(alpha / (alpha + lambdas[n] * lambdas[n]))) / (2 * sqrt(variance * 2 * M_PI));

		sum += shares[n] * integral;
		all += shares[n];
	}
	return sum + 0.5 * all;
}

static int
score_laplace(Sk *sk, const double *x, SkWanted wanted)
{
	Laplace    *laplace = sk->own;
	double	   *p = sk->probabilities;
	double		sum = 0;
	int			best = 0;

	kernel_products(&laplace->kernel, x);
	if (sk->classes == 2)
	{
		double		mean;

		kernel_values(&laplace->kernel, 0);
		mean = mean_of(laplace, 0);
		if (wanted == WANT_PROBABILITIES)
		{
			p[1] = averaged(mean, variance_of(laplace, x, 0));
			p[0] = 1 - p[1];
		}
		return mean > 0;
	}
	for (int c = 0; c < sk->classes; c++)
	{
		kernel_values(&laplace->kernel, c);
		p[c] = averaged(mean_of(laplace, c), variance_of(laplace, x, c));
		sum += p[c];
		if (p[c] >= p[best])	/* the last of equal ones, as OneVsRestClassifier has it */
			best = c;
	}
	for (int c = 0; c < sk->classes; c++)
		p[c] /= sum;
	return best;
}

const SkKind sk_laplace = {KIND_LAPLACE, check_laplace, score_laplace};
