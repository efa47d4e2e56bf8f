/*
 * bound.c: an upper bound for the gain of a split within a bin, from the counts of the bin alone.
 *
 * The gain is a convex function of the counts on the left, so that over any polygon that contains all possible counts it is
 * largest at a corner.  With this bound a pass finds the bins whose rows have to be counted more finely, as in Alsabti,
 * Ranka & Singh (1998), CLOUDS: A decision tree classifier for large datasets, KDD.
 */
#include "gain.h"

void
set_node(Node *node, const Plan *plan, const double *total)
{
	double		square;

	node->plan = plan;
	node->total = total;
	node->rows = rows_of(plan, total);
	node->base = explained_part(plan, NULL, total, node->rows);
	/* the part of the node's loss that is the same for every split */
	square = plan->classes == 0 ? total[STAT_SQUARES] : plan->entropy ? 0 : node->rows;
	node->least = TINY * Max(square - node->base, 0);
}

/* Gain of a split for two classes, or one class and the others: a of all_a and b of all_b rows go left. */
static double
gain_of_two(bool entropy, double a, double b, double all_a, double all_b)
{
	double		rows = all_a + all_b;
	double		left = a + b;
	double		right = rows - left;
	double		more;

	if (left <= 0 || right <= 0)
		return 0;
	if (entropy)
		return n_log_n(a) + n_log_n(b) - n_log_n(left) + n_log_n(all_a - a) + n_log_n(all_b - b) - n_log_n(right) -
			n_log_n(all_a) - n_log_n(all_b) + n_log_n(rows);
	more = a - left * all_a / rows;
	return 2 * more * more * rows / (left * right);
}

/* Returns the maximum of gain_of_two() if any of the rows of a cell may go left. */
static double
best_of_two(bool entropy, const double *left, const double *cell, const double *all)
{
	double		best = 0;

	for (int corner = 0; corner < 4; corner++)
		best = Max(best, gain_of_two(entropy, left[0] + (corner & 1 ? cell[0] : 0),
									 left[1] + (corner & 2 ? cell[1] : 0), all[0], all[1]));
	return best;
}

/*
 * Returns an upper bound for a classification.  With several classes the gain in Gini's index is half the sum of the gains
 * for each class against the rest.  The gain in entropy is the sum of the gains for each class against all later classes,
 * among the rows of these classes.
 */
static double
bound_of_classes(const Node *node, const double *left, const double *cell)
{
	const Plan *plan = node->plan;
	int			classes = plan->classes;
	double		l[2] = {0, rows_of(plan, left)};
	double		c[2] = {0, rows_of(plan, cell)};
	double		t[2] = {0, node->rows};
	double		sum = 0;

	if (classes == 2)
		return best_of_two(plan->entropy, left, cell, node->total);
	for (int k = 0; k < classes; k++)
	{
		if (!plan->entropy)
		{
			l[1] += l[0];
			c[1] += c[0];
			t[1] += t[0];
		}
		l[0] = left[k];
		c[0] = cell[k];
		t[0] = node->total[k];
		l[1] -= l[0];
		c[1] -= c[0];
		t[1] -= t[0];
		sum += best_of_two(plan->entropy, l, c, t) / (plan->entropy ? 1 : 2);
	}
	return sum;
}

/* A cell of a regression, and the rows to the left of it. */
typedef struct Targets
{
	double		rows;			/* rows of the node */
	double		left;			/* rows to the left of the cell */
	double		above;			/* sum over these rows of the target less the mean of the node */
	double		cell;			/* rows of the cell */
	double		mean;			/* mean of the cell less that of the node */
	double		spread;			/* standard deviation in the cell */
} Targets;

/* Returns the largest gain with k rows of the cell on the left, if their sum differs from k means by up to `away` spreads. */
static double
gain_of_rows(const Targets *t, double k, double away)
{
	double		left = t->left + k;
	double		most = fabs(t->above + k * t->mean) + t->spread * away;

	return most * most * t->rows / (left * (t->rows - left));
}

/*
 * Returns an upper bound for a regression, which may be crude if it is not above `bar`.  By the Cauchy-Schwarz inequality the
 * sum of k of n values differs from k means by at most sqrt(k * (n - k)) standard deviations.  This curve is below each of
 * its tangents: first one tangent is taken for all k, then one for each doubling of k or of n - k.
 */
static double
bound_of_targets(const Node *node, const double *left, const double *cell, double bar)
{
	double		n = cell[STAT_ROWS];
	double		own = node->total[STAT_SUM] / node->rows;
	double		least = Max(node->plan->min_bucket, 1);
	double		sum = cell[STAT_SUM];
	Targets		t = {node->rows, left[STAT_ROWS], left[STAT_SUM] - left[STAT_ROWS] * own, n, sum / n - own,
	sqrt(Max(cell[STAT_SQUARES] - sum * sum / n, 0) / n)};
	double		unit = node->plan->unit;
	double		from = Max(unit, least - t.left);
	double		to = Min(n - unit, t.rows - t.left - least);
	double		bound;

	if (from > to)
		return 0;
	bound = Max(gain_of_rows(&t, from, n / 2), gain_of_rows(&t, to, n / 2));
	if (!(bound > bar))
		return bound;
	bound = 0;
	for (double next; from <= to; from = next)
	{
		double		middle;
		double		root;
		double		slope;

		next = Min(to, from < n / 2 ? Min(2 * from, n / 2) : Max(from + unit, n - (n - from) / 2));
		if (!(next > from))
			next = to;			/* `from` is so large that adding a unit does not change it */
		middle = from < n / 2 ? sqrt(from * next) : n - sqrt((n - from) * (n - next));
		root = sqrt(middle * (n - middle));
		slope = (n - 2 * middle) / (2 * root);
		bound = Max(bound, gain_of_rows(&t, from, root + slope * (from - middle)));
		bound = Max(bound, gain_of_rows(&t, next, root + slope * (next - middle)));
		if (next >= to)
			break;
	}
	return bound;
}

/* Whether a split at one end of the cell leaves too few rows on a side, but a split at the other end does not. */
static bool
has_limit(const Node *node, const double *left, const double *cell)
{
	double		least = Max(node->plan->min_bucket, 1);
	double		before = rows_of(node->plan, left);
	double		upto = before + rows_of(node->plan, cell);

	return (before < least && upto > least) || (node->rows - upto < least && node->rows - before > least);
}

/* Whether all rows of a cell are of one class, so that no split within it is better than the splits at its ends. */
static bool
is_pure(const Plan *plan, const double *cell)
{
	int			classes = 0;

	for (int c = 0; c < plan->classes && classes < 2; c++)
		classes += cell[c] > 0;
	return classes < 2;
}

/*
 * Returns an upper bound for the gain of a split within a cell; if the best bound is not above `bar`, it may be a cruder one
 * that is not above `bar` either.  `below` has the counts to the left of the cell, without NULL, which may go left or right;
 * `scratch` has space for a cell.
 */
double
most_within(const Node *node, const double *below, const double *cell, const double *null, double bar,
			double *scratch)
{
	const Plan *plan = node->plan;
	bool		has_null = rows_of(plan, null) > 0;
	double		most = 0;

	if (rows_of(plan, cell) < 2 * plan->unit)
		return 0;
	for (int with_null = 0; with_null <= has_null; with_null++)
	{
		for (int i = 0; i < plan->stats; i++)
			scratch[i] = below[i] + (with_null ? null[i] : 0);
		if (plan->classes == 0)
			most = Max(most, bound_of_targets(node, scratch, cell, bar));
		else if (!is_pure(plan, cell) || has_limit(node, scratch, cell))
			most = Max(most, bound_of_classes(node, scratch, cell));
	}
	return most;
}
