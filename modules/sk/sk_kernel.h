/*
 * sk_kernel.h: kernels of a row and the rows that a model keeps, for kinds whose predictions are made of these.
 *
 * The first arrays of such a kind:
 *   int32   KERNEL_INTS numbers: kernel, rows, machines
 *   double  for each machine KernelParameters
 *   double  rows, in blocks of KERNEL_BLOCK, column by column; the last block is filled up with zeros
 */
#ifndef MADPY_SK_KERNEL_H
#define MADPY_SK_KERNEL_H

#include "sk.h"

#define KERNEL_INTS 3
#define KERNEL_BLOCK 8
#define SK_KERNEL_OWN (SK_OWN + 3)	/* the first array after them */

/* Kernels of rows x and y: d is their Euclidean distance, s the distance divided by the length scale. */
#define KERNEL_LINEAR 0			/* gamma x.y + coef0 */
#define KERNEL_POLYNOMIAL 1		/* (gamma x.y + coef0) ^ degree */
#define KERNEL_RBF 2			/* exp(-gamma d^2) */
#define KERNEL_SIGMOID 3		/* tanh(gamma x.y + coef0) */
#define KERNEL_MATERN_1 4		/* exp(-s), with s = sqrt(gamma) d; Matern's of smoothness 1/2 */
#define KERNEL_MATERN_3 5		/* (1 + sqrt(3) s) exp(-sqrt(3) s) */
#define KERNEL_MATERN_5 6		/* (1 + sqrt(5) s + 5/3 s^2) exp(-sqrt(5) s) */
#define KERNEL_QUADRATIC 7		/* (1 + gamma d^2) ^ -degree, the rational quadratic kernel */
#define KERNEL_LAPLACIAN 8		/* exp(-gamma the sum of absolute differences) */

typedef struct KernelParameters
{
	double		gamma;
	double		coef0;
	double		degree;
	double		factor;			/* parameters of the kernel */
	double		noise;			/* is added to the kernel of a row and itself */
} KernelParameters;

typedef struct Kernel
{
	int			kind;
	int			rows;
	int			machines;
	int			columns;
	const KernelParameters *parameters;	/* products of each machine */
	const double *data;
	double	   *products;		/* kernel arguments of the row and each other row, filled up to whole blocks: x.y, d^2 or the sum of differences */
	double	   *values;			/* products of the last machine */
} Kernel;

/* Numbers that are made of the columns of two rows. */
typedef enum Product
{
	PRODUCT_DOT,				/* x * y */
	PRODUCT_SQUARES,			/* (x - y)^2 */
	PRODUCT_DIFFERENCES,		/* |x - y| */
	PRODUCT_LARGEST				/* |x - y|, of which the largest, not the sum */
} Product;

/* Sets `sums` to the products of x and each row of `blocks` blocks, column after column. */
extern void kernel_blocks(const double *x, const double *data, int columns, int64 blocks, double *sums, Product product);

/* Checks the first arrays. */
extern void kernel_check(const Sk *sk, Kernel *kernel);

/* Sets the products of the row x, which all machines share. */
extern void kernel_products(Kernel *kernel, const double *x);

/* Sets the values of a machine from the products. */
extern void kernel_values(Kernel *kernel, int machine);

/* Returns the kernel of a row and itself, noise included. */
extern double kernel_of_itself(const Kernel *kernel, const double *x, int machine);

/* Returns the sum of `count` products, in parts. */
extern double kernel_dot(const double *a, const double *b, int64 count);

#endif
