/*
 * numbering.c: numbers of the values of a category, as values between processes (see numbering.h).
 */
#include "postgres.h"

#include "bounds.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "numbering.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

Numbering *
numbering_new(Oid type, Oid collation, int most, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Numbering  *numbering = palloc(sizeof(Numbering));

	numbering->dict = dict_of_values(type, collation);
	numbering->collation = collation;
	numbering->most = most;
	MemoryContextSwitchTo(old);
	return numbering;
}

char **
numbering_texts(const Numbering *numbering)
{
	int			count = dict_count(numbering->dict);
	char	  **texts = palloc_limited(count * (int64) sizeof(char *), MaxAllocSize, "an array of all levels");
	Oid			function;
	bool		is_varlena;
	FmgrInfo	output;

	getTypeOutputInfo(dict_type(numbering->dict, 0), &function, &is_varlena);
	fmgr_info(function, &output);
	for (int number = 0; number < count; number++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		texts[number] = OutputFunctionCall(&output, dict_value(numbering->dict, number, 0, &isnull));
	}
	return texts;
}

void
numbering_send(StringInfo to, const Numbering *numbering)
{
	char	  **texts = numbering_texts(numbering);
	int			count = dict_count(numbering->dict);

	pq_sendint32(to, dict_type(numbering->dict, 0));
	pq_sendint32(to, numbering->collation);
	pq_sendint32(to, numbering->most);
	pq_sendint32(to, count);
	for (int number = 0; number < count; number++)
	{
		pq_sendint32(to, strlen(texts[number]));
		appendBinaryStringInfo(to, texts[number], strlen(texts[number]));
		pfree(texts[number]);
	}
	pfree(texts);
}

Numbering *
numbering_receive(StringInfo from)
{
	Oid			type = pq_getmsgint(from, 4);
	Oid			collation = pq_getmsgint(from, 4);
	int			most = pq_getmsgint(from, 4);
	int			count = pq_getmsgint(from, 4);
	Numbering  *numbering = numbering_new(type, collation, most, CurrentMemoryContext);
	Oid			input;
	Oid			ioparam;

	getTypeInputInfo(type, &input, &ioparam);
	for (int number = 0; number < count; number++)
	{
		int			length = pq_getmsgint(from, 4);
		char	   *text = pnstrdup(pq_getmsgbytes(from, length), length);

		CHECK_FOR_INTERRUPTS();
		numbering_number(numbering, OidInputFunctionCall(input, text, ioparam, -1));
		pfree(text);
	}
	return numbering;
}
