/*
 * parse_list.c: splits a list of expressions that a user wrote, with PostgreSQL's own grammar and scanner.
 *
 * parse_list('a, b + 1') returns {'a', 'b + 1'}; parse_list('ARRAY[a, b]') returns the elements and is_array.  All else than
 * a plain list of expressions (a second statement, a FROM clause, an alias, a semicolon) raises an error here, before it
 * is put into any statement.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "parser/scanner.h"
#include "parser/scansup.h"
#include "utils/array.h"
#include "utils/builtins.h"

/* The scanner returns a single character as its code; other tokens have numbers from 258 on. */
#define END_OF_TEXT 0

pg_noreturn static void refuse(const char *expressions, const char *detail);

static void
refuse(const char *expressions, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("\"%s\" is not a list of expressions", expressions),
			 errdetail("%s", detail),
			 errhint("Separate expressions by commas; write a name with capitals, spaces or signs in double quotes,"
					 " and a double quote in it twice.")));
}

/* Parses "SELECT text" and returns its target list; raises an error unless it is one plain SELECT. */
static List *
parse_targets(const char *expressions, const char *text)
{
	List	   *trees = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = (SelectStmt *) linitial_node(RawStmt, trees)->stmt;
	ListCell   *cell;

	if (list_length(trees) != 1 || !IsA(select, SelectStmt) || select->op != SETOP_NONE ||
		select->distinctClause || select->fromClause || select->whereClause || select->groupClause ||
		select->havingClause || select->windowClause || select->sortClause || select->limitOffset ||
		select->limitCount || select->lockingClause || select->targetList == NIL)
		refuse(expressions, "It holds more than expressions.");
	foreach(cell, select->targetList)
	{
		ResTarget  *target = lfirst_node(ResTarget, cell);

		if (target->name)
			refuse(expressions, psprintf("It gives an expression the name \"%s\".", target->name));
		if ((IsA(target->val, ColumnRef) && IsA(llast(((ColumnRef *) target->val)->fields), A_Star)) ||
			(IsA(target->val, A_Indirection) && IsA(llast(((A_Indirection *) target->val)->indirection), A_Star)))
			refuse(expressions, "A star is not an expression.");
	}
	return select->targetList;
}

/* Returns the texts between the commas that are inside `depth` brackets.  A comment after an item is part of its text. */
static List *
cut(const char *expressions, int depth)
{
	core_yyscan_t scanner;
	core_yy_extra_type extra;
	core_YYSTYPE value;
	YYLTYPE		location;
	List	   *items = NIL;
	int			level = 0;
	int			start = -1;
	int			token;

	scanner = scanner_init(expressions, &extra, &ScanKeywords, ScanKeywordTokens);
	while ((token = core_yylex(&value, &location, scanner)) != END_OF_TEXT)
	{
		bool		closes = token == ')' || token == ']';

		if (closes)
			level--;
		if (start >= 0 && ((token == ',' && level == depth) || (closes && level < depth)))
		{
			items = lappend(items, pnstrdup(expressions + start, location - start));
			start = -1;
		}
		else if (start < 0 && level == depth && token != ',' && !closes)
			start = location;
		if (token == '(' || token == '[')
			level++;
	}
	if (start >= 0)
		items = lappend(items, pstrdup(expressions + start));
	scanner_finish(scanner);
	return items;
}

/*
 * Raises an error for an item that is valid only as a whole target list: "ALL a" and "a FOR READ ONLY" parse as a, but not
 * as part of a list.  So each item is parsed again as one of several.
 */
static void
check_items(const char *expressions, List *items)
{
	ListCell   *cell;

	foreach(cell, items)
		parse_targets(expressions, psprintf("(%s\n)", (char *) lfirst(cell)));
}

/* Tells whether the only item is ARRAY[...] with nothing around it; `elements` are then its elements. */
static bool
is_array(List *items, List *targets, List **elements)
{
	Node	   *only = ((ResTarget *) linitial(targets))->val;

	if (list_length(targets) != 1 || !IsA(only, A_ArrayExpr) || pg_strncasecmp(linitial(items), "array", 5) != 0)
		return false;
	*elements = ((A_ArrayExpr *) only)->elements;
	return true;
}

/* Returns the column's name if an expression is a bare column, else NULL. */
static const char *
column_name(Node *expression)
{
	List	   *fields;

	if (!IsA(expression, ColumnRef))
		return NULL;
	fields = ((ColumnRef *) expression)->fields;
	return list_length(fields) == 1 ? strVal(linitial(fields)) : NULL;
}

static char *
trimmed(char *text)
{
	int			length = strlen(text);

	while (length > 0 && scanner_isspace(text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* parse_list(expressions, OUT is_array, OUT items, OUT columns) */
PG_FUNCTION_INFO_V1(parse_list);
Datum
parse_list(PG_FUNCTION_ARGS)
{
	char	   *expressions = text_to_cstring(PG_GETARG_TEXT_PP(0));
	List	   *targets = parse_targets(expressions, expressions);
	List	   *nodes = NIL;
	List	   *items = cut(expressions, 0);
	bool		array = is_array(items, targets, &nodes);
	int			n;
	int			lower = 1;
	Datum	   *texts;
	Datum	   *columns;
	bool	   *nulls;
	Datum		values[3];
	bool		value_nulls[3] = {false};
	TupleDesc	tupdesc;

	check_items(expressions, items);
	if (array)
		items = cut(expressions, 1);
	else
		nodes = targets;
	n = list_length(items);
	if (n == 0 || n != list_length(nodes))
		refuse(expressions, "Its parts cannot be told apart.");
	texts = palloc(n * sizeof(Datum));
	columns = palloc(n * sizeof(Datum));
	nulls = palloc(n * sizeof(bool));
	for (int i = 0; i < n; i++)
	{
		Node	   *node = list_nth(nodes, i);
		const char *name;

		if (IsA(node, ResTarget))
			node = ((ResTarget *) node)->val;
		if (array && IsA(node, A_ArrayExpr))
			refuse(expressions, "An array of one dimension is needed.");
		name = column_name(node);
		texts[i] = CStringGetTextDatum(trimmed(list_nth(items, i)));
		nulls[i] = name == NULL;
		columns[i] = name ? CStringGetTextDatum(name) : (Datum) 0;
	}
	values[0] = BoolGetDatum(array);
	values[1] = PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
	values[2] = PointerGetDatum(construct_md_array(columns, nulls, 1, &n, &lower, TEXTOID, -1, false, TYPALIGN_INT));
	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "parse_list does not return its record");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(tupdesc), values, value_nulls)));
}
