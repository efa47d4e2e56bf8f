/*
 * sk_kernel.c: kernels of one row with many, and models that are sums of them.
 *
 * Arrays of sums, behind those of sk_kernel.h: double coefficients of rows, for each output; double scale, then constant, of each
 * output.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "numeric/dd.h"
#include "sk_kernel.h"

#define MOST_SQUARINGS 64.0		/* powers by repeated products up to here */

void
kernel_check(const Sk *sk, Kernel *kernel)
{
	const int32 *shape = model_integers(sk->model, SK_OWN, KERNEL_INTS);
	int64		blocks;

	kernel->kind = shape[0];
	kernel->rows = shape[1];
	kernel->machines = shape[2];
	kernel->columns = sk->columns;
	if (kernel->kind < KERNEL_LINEAR || kernel->kind > KERNEL_LAPLACIAN)
		model_damaged("its kernel is not known");
	if (kernel->rows < 0 || kernel->machines < 1)
		model_damaged("it has no kernel");
	blocks = (kernel->rows + (int64) KERNEL_BLOCK - 1) / KERNEL_BLOCK;
	kernel->parameters = (const KernelParameters *) model_doubles(sk->model, SK_OWN + 1,
																  kernel->machines * (int64) (sizeof(KernelParameters) / sizeof(double)));
	kernel->data = model_doubles(sk->model, SK_OWN + 2, blocks * KERNEL_BLOCK * sk->columns);
	kernel->products = MemoryContextAllocHuge(CurrentMemoryContext, (blocks + 1) * KERNEL_BLOCK * sizeof(double));
	kernel->values = MemoryContextAllocHuge(CurrentMemoryContext, (blocks + 1) * KERNEL_BLOCK * sizeof(double));
}

typedef enum Product
{
	DOT,
	SQUARES,
	DIFFERENCES
} Product;

static inline Product
product_of(int kind)
{
	return kind == KERNEL_LAPLACIAN ? DIFFERENCES :
		kind == KERNEL_LINEAR || kind == KERNEL_POLYNOMIAL || kind == KERNEL_SIGMOID ? DOT : SQUARES;
}

/* Rows are in the lanes of vectors. */
static pg_attribute_always_inline void
block_products(const double *x, const double *block, int columns, double *restrict sums, Product product)
{
	double		lanes[KERNEL_BLOCK] = {0};

	for (int c = 0; c < columns; c++)
		for (int lane = 0; lane < KERNEL_BLOCK; lane++)
		{
			double		y = block[(Size) c * KERNEL_BLOCK + lane];
			double		d = x[c] - y;

			lanes[lane] += product == DOT ? x[c] * y : product == SQUARES ? d * d : fabs(d);
		}
	memcpy(sums, lanes, sizeof(lanes));
}

DD_CLONES static void
products(const double *x, const double *data, int columns, int64 blocks, double *restrict sums, int product)
{
	for (int64 b = 0; b < blocks; b++, data += (Size) columns * KERNEL_BLOCK, sums += KERNEL_BLOCK)
		if (product == DOT)
			block_products(x, data, columns, sums, DOT);
		else if (product == SQUARES)
			block_products(x, data, columns, sums, SQUARES);
		else
			block_products(x, data, columns, sums, DIFFERENCES);
}

void
kernel_products(Kernel *kernel, const double *x)
{
	CHECK_FOR_INTERRUPTS();
	products(x, kernel->data, kernel->columns, (kernel->rows + (int64) KERNEL_BLOCK - 1) / KERNEL_BLOCK, kernel->products,
			 product_of(kernel->kind));
}

static double
power(double base, double degree)
{
	double		result = 1;

	if (!(degree >= 0 && degree <= MOST_SQUARINGS && degree == (int) degree))
		return pow(base, degree);
	for (int n = (int) degree; n > 0; n /= 2, base *= base)
		if (n % 2 == 1)
			result *= base;
	return result;
}

static inline double
value_of(int kind, const KernelParameters *p, double product)
{
	double		scaled = p->gamma * product;
	double		s;

	switch (kind)
	{
		case KERNEL_LINEAR:
			return scaled + p->coef0;
		case KERNEL_POLYNOMIAL:
			return power(scaled + p->coef0, p->degree);
		case KERNEL_SIGMOID:
			return tanh(scaled + p->coef0);
		case KERNEL_MATERN_1:
			return exp(-sqrt(scaled));
		case KERNEL_MATERN_3:
			s = sqrt(3) * sqrt(scaled);
			return (1 + s) * exp(-s);
		case KERNEL_MATERN_5:
			s = sqrt(5) * sqrt(scaled);
			return (1 + s + s * s / 3) * exp(-s);
		case KERNEL_QUADRATIC:
			return pow(1 + scaled, -p->degree);
		default:
			return exp(-scaled);
	}
}

void
kernel_values(Kernel *kernel, int machine)
{
	const KernelParameters *p = kernel->parameters + machine;

	for (int r = 0; r < kernel->rows; r++)
		kernel->values[r] = p->factor * value_of(kernel->kind, p, kernel->products[r]);
}

double
kernel_of_itself(const Kernel *kernel, const double *x, int machine)
{
	const KernelParameters *p = kernel->parameters + machine;
	double		product = product_of(kernel->kind) == DOT ? kernel_dot(x, x, kernel->columns) : 0;

	return p->factor * value_of(kernel->kind, p, product) + p->noise;
}

DD_CLONES double
kernel_dot(const double *a, const double *b, int64 count)
{
	double		lanes[KERNEL_BLOCK] = {0};
	int64		n = 0;

	for (; n + KERNEL_BLOCK <= count; n += KERNEL_BLOCK)
		for (int lane = 0; lane < KERNEL_BLOCK; lane++)
			lanes[lane] += a[n + lane] * b[n + lane];
	for (; n < count; n++)
		lanes[n % KERNEL_BLOCK] += a[n] * b[n];
	return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

typedef struct Sums
{
	Kernel		kernel;
	const double *coefficients;
	const double *scales;
	const double *constants;
} Sums;

static void
check_sums(Sk *sk)
{
	Sums	   *sums = palloc0(sizeof(Sums));

	if (sk->task != TASK_REGRESSION)
		model_damaged("sums of kernels are for regression");
	kernel_check(sk, &sums->kernel);
	sums->coefficients = model_doubles(sk->model, SK_KERNEL_OWN, sk->outputs * (int64) sums->kernel.rows);
	sums->scales = model_doubles(sk->model, SK_KERNEL_OWN + 1, 2 * (int64) sk->outputs);
	sums->constants = sums->scales + sk->outputs;
	sk->own = sums;
}

static int
score_sums(Sk *sk, const double *x, SkWanted wanted)
{
	Sums	   *sums = sk->own;
	Kernel	   *kernel = &sums->kernel;

	kernel_products(kernel, x);
	kernel_values(kernel, 0);
	for (int o = 0; o < sk->outputs; o++)
		sk->values[o] = sums->scales[o] * kernel_dot(sums->coefficients + o * (Size) kernel->rows, kernel->values, kernel->rows) +
			sums->constants[o];
	return 0;
}

const SkKind sk_kernel = {KIND_KERNEL, check_sums, score_sums};
