/*
 * outcome.c: builds the outcomes of passes over a tree.
 */
#include "outcome.h"

/* Appends `count` numbers and returns a pointer to them, for the caller to set. */
double *
more_numbers(Numbers *numbers, int count)
{
	double	   *more;

	if (numbers->count + count > numbers->capacity)
	{
		numbers->capacity = Max(2 * numbers->capacity, 1024 + count);
		numbers->data = numbers->data ? repalloc_huge(numbers->data, numbers->capacity * sizeof(double))
			: palloc(numbers->capacity * sizeof(double));
	}
	more = numbers->data + numbers->count;
	numbers->count += count;
	return more;
}

/* Returns an outcome with some numbers, the number of rows in a list, and these rows of `width` numbers. */
State *
outcome_of(const State *state, const double *numbers, int64 count, const Numbers *list, int width)
{
	State	   *outcome = state_outcome(state, count + (list ? 1 + list->count : 0));

	memcpy(outcome->body, numbers, count * sizeof(double));
	if (list == NULL)
		return outcome;
	outcome->body[count] = list->count / width;
	if (list->count > 0)
		memcpy(outcome->body + count + 1, list->data, list->count * sizeof(double));
	return outcome;
}
