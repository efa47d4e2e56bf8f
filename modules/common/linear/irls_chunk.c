/*
 * irls_chunk.c: adds some rows to score and Hessian, in loops that the compiler vectorises.
 */
#include "postgres.h"

#include <math.h>

#include "indicators.h"
#include "irls.h"
#include "miscadmin.h"

/* Computes z = x - shift, and adds its terms to the predictors and to their changes. */
DD_CLONES static void
take_column(const double *restrict x, double shift, double coef, double step, int rows,
			double *restrict z, double *restrict eta, double *restrict change)
{
	for (int r = 0; r < rows; r++)
	{
		double		value = x[r] - shift;

		z[r] = value;
		eta[r] += coef * value;
		change[r] += step * value;
	}
}

/* Computes the sums of a[r] b[r] for four columns b, CHUNK numbers apart, so that a is read once. */
DD_CLONES static void
four_products(const double *restrict a, const double *restrict b, int rows, double *restrict sums)
{
	double		sum[4][4] = {{0}};

	for (int r = 0; r < rows; r += 4)
		for (int q = 0; q < 4; q++)
		{
			sum[0][q] += a[r + q] * b[r + q];
			sum[1][q] += a[r + q] * b[CHUNK + r + q];
			sum[2][q] += a[r + q] * b[2 * CHUNK + r + q];
			sum[3][q] += a[r + q] * b[3 * CHUNK + r + q];
		}
	for (int c = 0; c < 4; c++)
		sums[c] = (sum[c][0] + sum[c][2]) + (sum[c][1] + sum[c][3]);
}

DD_CLONES static void
weigh(const double *restrict weight, const double *restrict z, int rows, double *restrict weighted)
{
	for (int r = 0; r < rows; r++)
		weighted[r] = weight[r] * z[r];
}

/* Replaces column i of z by column i of B z, which depends on columns 0 .. i of z. */
DD_CLONES static void
combine(double *restrict z, const double *restrict basis, int i, int rows)
{
	double	   *own = z + (Size) i * CHUNK;

	for (int r = 0; r < rows; r++)
		own[r] *= basis[i];
	for (int j = 0; j < i; j++)
		for (int r = 0; r < rows; r++)
			own[r] += basis[j] * z[(Size) j * CHUNK + r];
}

/* Computes the columns z, the predictors and their changes. */
static void
take_columns(const Body *body, const RowBlock *block, int first, int real, int rows, Scratch *s)
{
	memset(s->eta, 0, rows * sizeof(double));
	memset(s->change, 0, rows * sizeof(double));
	for (int j = 0; j < body->k; j++)
	{
		double	   *z = s->z + (Size) j * CHUNK;
		const double *x = block->columns[j] + first;

		if (block->columns[j] == NULL)	/* an indicator: see indicators.c */
			continue;
		if (isinf(body->shift[j]))
			take_column(x, 0, body->coef[j], 0, real, z, s->eta, s->change);
		if (!isfinite(body->shift[j]))
		{
			if (!body->has_features)
				continue;		/* there will be no products */
			memset(z, 0, rows * sizeof(double));
			continue;
		}
		memset(z + real, 0, (rows - real) * sizeof(double));
		take_column(x, body->shift[j], body->coef[j], body->step[j], real, z, s->eta, s->change);
	}
	if (s->levels)
		levels_take(s->levels, first, real, rows, s);
}

/* Returns how many columns from j to i are multiplied at once: four if none of these is NULL, else one. */
static inline int
columns_at_once(const double *const *columns, int j, int i)
{
	if (j + 3 > i)
		return 1;
	return columns[j] && columns[j + 1] && columns[j + 2] && columns[j + 3] ? 4 : 1;
}

/* Adds residuals and weights times the columns; NULL stands for an indicator, which indicators.c adds. */
static void
add_products(const Body *body, const double *const *columns, int rows, Scratch *s)
{
	double	   *pair = body->hessian;

	if (s->levels)
		levels_add(s->levels, rows, s);
	for (int i = 0; i < body->k; i++)
	{
		const double *z = s->z + (Size) i * CHUNK;

		CHECK_FOR_INTERRUPTS();
		if (columns[i] == NULL)
		{
			pair += 2 * (i + 1);
			continue;
		}
		accumulate(body->score + 2 * i, sum_of_products(s->residual, z, rows));
		weigh(s->weight, z, rows, s->weighted);
		for (int j = 0; j <= i;)
		{
			const double *others = s->z + (Size) j * CHUNK;
			double		sums[4] = {0};
			int			count = columns_at_once(columns, j, i);

			if (count == 4)
				four_products(s->weighted, others, rows, sums);
			else if (columns[j])
				sums[0] = sum_of_products(s->weighted, others, rows);
			for (int c = 0; c < count; c++, pair += 2)
				if (columns[j + c])
					accumulate(pair, sums[c]);
			j += count;
		}
		if (s->levels)
			levels_add_column(s->levels, body, i, rows, s);
	}
}

/* Adds residuals and weights times all columns, indicators included, after multiplication with the basis if there is one. */
static void
add_products_of_columns(const Body *body, int real, int rows, Scratch *s)
{
	Levels	   *levels = s->levels;
	const double **columns = palloc(body->k * sizeof(double *));

	if (levels)
		levels_expand(levels, body, real, rows, s);
	for (int i = body->k - 1; i >= 0; i--)
	{
		CHECK_FOR_INTERRUPTS();
		if (body->basis)
			combine(s->z, body->basis + triangle(i), i, rows);
		columns[i] = s->z + (Size) i * CHUNK;
	}
	s->levels = NULL;
	add_products(body, columns, rows, s);
	s->levels = levels;
	pfree(columns);
}

/* Adds `real` rows of a block from row `first` on; the padding of arrays has weight 0. */
Taken
irls_add_chunk(const Model *model, const Body *body, const RowBlock *block, int first, int real, Scratch *s)
{
	int			k = body->k;
	int			rows = TYPEALIGN(LANES, real);
	Chunk		chunk = {block->columns[k] + first, model->weighted ? block->columns[k + 1] + first : NULL, real, rows};
	Taken		taken;

	take_columns(body, block, first, real, rows, s);
	taken = model->rows(body, &chunk, s);
	if (taken != CHUNK_TAKEN || !body->has_features)
		return taken;
	if (body->basis || (s->levels && s->levels->as_columns))
		add_products_of_columns(body, real, rows, s);
	else
		add_products(body, block->columns, rows, s);
	return CHUNK_TAKEN;
}
