/*
 * store_regroup.c: groups of a store that several processes fill.
 *
 * Each process numbers the groups that it sees.  When all rows have been read, the leader numbers all groups in the order of
 * their first rows, as they are numbered without workers.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "parallel/team.h"
#include "store_place.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

void
seen_in_range(Seen *seen, const int *codes, int64 rows, int64 start)
{
	int			count = dict_count(seen->groups);

	if (count > seen->capacity)
	{
		seen->capacity = Max(2 * seen->capacity, Max(count, 1024));
		seen->first = seen->first ? repalloc_huge(seen->first, seen->capacity * sizeof(int64))
			: MemoryContextAllocHuge(CurrentMemoryContext, seen->capacity * sizeof(int64));
	}
	for (int64 row = 0; row < rows && seen->count < count; row++)
		if (codes[row] == seen->count)
			seen->first[seen->count++] = start + row;
}

/* Appends the values of all groups. */
static void
append_groups(StringInfo to, Dict *groups)
{
	for (int c = 0; c < dict_columns(groups); c++)
	{
		int16		length;
		bool		by_value;

		get_typlenbyval(dict_type(groups, c), &length, &by_value);
		for (int code = 0; code < dict_count(groups); code++)
		{
			bool		is_null;
			Datum		value = dict_value(groups, code, c, &is_null);
			char	   *at;

			CHECK_FOR_INTERRUPTS();
			enlargeStringInfo(to, datumEstimateSpace(value, is_null, by_value, length));
			at = to->data + to->len;
			datumSerialize(value, is_null, by_value, length, &at);
			to->len = at - to->data;
		}
	}
}

void
seen_export(Filling *filling, const Seen *seen, StringInfo own)
{
	StringInfoData bytes;
	StringInfo	to = own ? own : &bytes;

	initStringInfo(to);
	appendBinaryStringInfo(to, (const char *) &seen->count, sizeof(int));
	for (int code = 0; code < seen->count; code++)
		appendBinaryStringInfo(to, (const char *) &seen->first[code], sizeof(int64));
	append_groups(to, seen->groups);
	filling->exported[ParallelWorkerNumber + 1] = to->len;
	if (own == NULL)
		parallel_write(team_results(ParallelWorkerNumber), to->data, to->len);
}

/* The groups of one process. */
typedef struct Import
{
	int			count;
	int64	   *first;
	Datum	   *values;			/* by column */
	bool	   *nulls;
	int		   *map;			/* the number of each among all groups */
} Import;

static Import
import_groups(char *from, int columns)
{
	Import		import;

	memcpy(&import.count, from, sizeof(int));
	import.first = palloc_extended(Max(import.count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	import.values = palloc_extended(Max(import.count, 1) * columns * sizeof(Datum), MCXT_ALLOC_HUGE);
	import.nulls = palloc_extended(Max(import.count, 1) * columns * sizeof(bool), MCXT_ALLOC_HUGE);
	import.map = palloc_extended(Max(import.count, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	memcpy(import.first, from + sizeof(int), import.count * sizeof(int64));
	from += sizeof(int) + import.count * sizeof(int64);
	for (Size i = 0; i < (Size) import.count * columns; i++)
	{
		CHECK_FOR_INTERRUPTS();
		import.values[i] = datumRestore(&from, &import.nulls[i]);
	}
	return import;
}

/* The next group of each process is the one whose first row comes next; returns the process, -1 if there is none left. */
static int
next_process(const Import *imports, const int *next, int processes)
{
	int			best = -1;

	for (int p = 0; p < processes; p++)
		if (next[p] < imports[p].count &&
			(best < 0 || imports[p].first[next[p]] < imports[best].first[next[best]]))
			best = p;
	return best;
}

/* Numbers all groups in the order of their first rows. */
static void
number_groups(Filling *filling, Dict *groups, Import *imports, int processes)
{
	int			columns = filling->ngroups;
	Datum	   *values = palloc0((filling->nsources + columns) * sizeof(Datum));	/* as those of a row of the query */
	bool	   *nulls = palloc0((filling->nsources + columns) * sizeof(bool));
	int		   *next = palloc0(processes * sizeof(int));
	int			p;

	while ((p = next_process(imports, next, processes)) >= 0)
	{
		int			code = next[p]++;

		CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < columns; c++)
		{
			values[filling->nsources + c] = imports[p].values[(Size) c * imports[p].count + code];
			nulls[filling->nsources + c] = imports[p].nulls[(Size) c * imports[p].count + code];
		}
		imports[p].map[code] = dict_code(groups, values, nulls);
	}
}

void
filling_regroup(Filling *filling, Store *store, StringInfo own)
{
	Import	   *imports = palloc0((MOST_WORKERS + 1) * sizeof(Import));

	for (int p = 0; p <= MOST_WORKERS; p++)
		if (filling->exported[p] > 0)
			imports[p] = import_groups(p == 0 ? own->data : team_results(p - 1), filling->ngroups);
	number_groups(filling, store->groups, imports, MOST_WORKERS + 1);
	for (int range = 0; range < filling->ranges; range++)
	{
		const int  *map = imports[filling->processes[range]].map;
		int		   *codes = filling->codes + filling->starts[range];

		CHECK_FOR_INTERRUPTS();
		for (int64 row = 0; row < filling->counts[range]; row++)
			codes[row] = map[codes[row]];
	}
	store_sort(store, filling->codes);
	for (int p = 1; p <= MOST_WORKERS; p++)
		team_free_results(p - 1, filling->exported[p]);
}
