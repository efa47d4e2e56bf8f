/*
 * resolve.c: parses a user's expression under the caller's search_path and returns it with schema-qualified names.
 *
 * A driver sets a search_path for its own statements, under which the user's expression could mean something else.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

static Query *
analyzed(const char *sql)
{
	List	   *trees = raw_parser(sql, RAW_PARSE_DEFAULT);

	if (list_length(trees) != 1 || !IsA(linitial_node(RawStmt, trees)->stmt, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("this is not an expression")));
	return parse_analyze_fixedparams(linitial_node(RawStmt, trees), sql, NULL, 0, NULL);
}

/* resolve(expression, table, path): returns the expression with qualified names, or unchanged if it is not valid for a row. */
PG_FUNCTION_INFO_V1(resolve);
Datum
resolve(PG_FUNCTION_ARGS)
{
	char	   *expression = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid			table = PG_GETARG_OID(1);
	char	   *name = get_rel_name(table);
	char	   *schema = get_namespace_name(get_rel_namespace(table));
	int			level = NewGUCNestLevel();
	Query	   *query;
	Node	   *item;

	if (name == NULL || schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", table)));
	(void) set_config_option("search_path", text_to_cstring(PG_GETARG_TEXT_PP(2)), PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	query = analyzed(psprintf("SELECT %s FROM %s", expression, quote_qualified_identifier(schema, name)));
	AtEOXact_GUC(true, level);
	if (list_length(query->rtable) != 1 || linitial_node(RangeTblEntry, query->rtable)->relid != table ||
		list_length(query->targetList) != 1 || query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs)
		PG_RETURN_TEXT_P(PG_GETARG_TEXT_P_COPY(0));
	item = (Node *) linitial_node(TargetEntry, query->targetList)->expr;
	PG_RETURN_TEXT_P(cstring_to_text(deparse_expression(item, deparse_context_for(name, table), false, false)));
}
