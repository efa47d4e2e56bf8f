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

typedef double v4 __attribute__((vector_size(32)));
typedef int64 v4mask __attribute__((vector_size(32)));
typedef double v4_unaligned __attribute__((vector_size(32), aligned(8), may_alias));

#define LOAD(p) (*(const v4_unaligned *) (p))
#define STORE(p, v) (*(v4_unaligned *) (p) = (v))
#define SAME(x) ((v4) {x, x, x, x})

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

static inline Product
product_of(int kind)
{
	return kind == KERNEL_LAPLACIAN ? PRODUCT_DIFFERENCES :
		kind == KERNEL_LINEAR || kind == KERNEL_POLYNOMIAL || kind == KERNEL_SIGMOID ? PRODUCT_DOT : PRODUCT_SQUARES;
}

/* Returns the sums with one more column. */
DD_INLINE v4
with_column(v4 sums, v4 x, v4 y, Product product)
{
	v4			d = x - y;
	v4			size = (v4) ((v4mask) d & INT64CONST(0x7fffffffffffffff));
	v4mask		is_larger = size > sums;

	switch (product)
	{
		case PRODUCT_DOT:
			return sums + x * y;
		case PRODUCT_SQUARES:
			return sums + d * d;
		case PRODUCT_DIFFERENCES:
			return sums + size;
		default:
			return (v4) ((is_larger & (v4mask) size) | (~is_larger & (v4mask) sums));
	}
}

/* Rows are in the lanes of vectors. */
DD_INLINE void
block_products(const double *x, const double *block, int columns, double *sums, Product product)
{
	v4			low = SAME(0.0);
	v4			high = SAME(0.0);

	for (int c = 0; c < columns; c++, block += KERNEL_BLOCK)
	{
		low = with_column(low, SAME(x[c]), LOAD(block), product);
		high = with_column(high, SAME(x[c]), LOAD(block + 4), product);
	}
	STORE(sums, low);
	STORE(sums + 4, high);
}

DD_CLONES void
kernel_blocks(const double *x, const double *data, int columns, int64 blocks, double *sums, Product product)
{
	for (int64 b = 0; b < blocks; b++, data += (Size) columns * KERNEL_BLOCK, sums += KERNEL_BLOCK)
		switch (product)
		{
			case PRODUCT_DOT:
				block_products(x, data, columns, sums, PRODUCT_DOT);
				break;
			case PRODUCT_SQUARES:
				block_products(x, data, columns, sums, PRODUCT_SQUARES);
				break;
			case PRODUCT_DIFFERENCES:
				block_products(x, data, columns, sums, PRODUCT_DIFFERENCES);
				break;
			default:
				block_products(x, data, columns, sums, PRODUCT_LARGEST);
		}
}

void
kernel_products(Kernel *kernel, const double *x)
{
	CHECK_FOR_INTERRUPTS();
	kernel_blocks(x, kernel->data, kernel->columns, (kernel->rows + (int64) KERNEL_BLOCK - 1) / KERNEL_BLOCK,
				  kernel->products, product_of(kernel->kind));
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
	double		product = product_of(kernel->kind) == PRODUCT_DOT ? kernel_dot(x, x, kernel->columns) : 0;

	return p->factor * value_of(kernel->kind, p, product) + p->noise;
}

DD_CLONES double
kernel_dot(const double *a, const double *b, int64 count)
{
	v4			low = SAME(0.0);
	v4			high = SAME(0.0);
	double		sum = 0;
	int64		n = 0;

	for (; n + 8 <= count; n += 8)
	{
		low += LOAD(a + n) * LOAD(b + n);
		high += LOAD(a + n + 4) * LOAD(b + n + 4);
	}
	for (; n < count; n++)
		sum += a[n] * b[n];
	low += high;
	return ((low[0] + low[1]) + (low[2] + low[3])) + sum;
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
