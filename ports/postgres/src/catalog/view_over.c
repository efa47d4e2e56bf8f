/*
 * view_over.c: returns the query of a view with a partition in place of the partitioned table that the view reads.
 *
 * Such queries of all partitions together return the rows of the view if the view only selects, computes and filters row
 * by row.
 */
#include "postgres.h"

#include "access/attmap.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

/* Returns the relation of a query that only computes and filters rows of one relation; NULL for other queries. */
static RangeTblEntry *
row_by_row(Query *query, int *index)
{
	RangeTblRef *item;
	RangeTblEntry *entry;

	if (query->commandType != CMD_SELECT || query->setOperations || query->groupClause || query->groupingSets ||
		query->havingQual || query->hasAggs || query->hasWindowFuncs || query->hasTargetSRFs || query->hasSubLinks ||
		query->distinctClause || query->limitOffset || query->limitCount || query->cteList || query->rowMarks ||
		list_length(query->jointree->fromlist) != 1 || !IsA(linitial(query->jointree->fromlist), RangeTblRef))
		return NULL;
	item = linitial_node(RangeTblRef, query->jointree->fromlist);
	entry = rt_fetch(item->rtindex, query->rtable);
	*index = item->rtindex;
	return entry->tablesample ? NULL : entry;
}

/* Opens a table.  If it has been dropped, raises an error for users; PostgreSQL's own error is an internal one. */
static Relation
open_table(Oid table)
{
	Relation	relation = try_table_open(table, AccessShareLock);

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", table)));
	return relation;
}

/* Returns the query of a view; NULL for other relations. */
static Query *
query_of(Oid view)
{
	Relation	relation = open_table(view);
	Query	   *query = NULL;

	if (relation->rd_rel->relkind == RELKIND_VIEW)
		query = copyObject(get_view_query(relation));
	table_close(relation, NoLock);
	return query;
}

/* Replaces the table of an entry by `part`, with columns matched by name; false if the query uses a whole row as a value. */
static bool
replace_table(Query *query, RangeTblEntry *entry, int index, Oid part)
{
	Relation	from = open_table(entry->relid);
	Relation	to = open_table(part);
	bool		whole_row[2];
	AttrMap    *map;

	map = attrmap_by_name(RelationGetDescr(to), RelationGetDescr(from));
	query->targetList = (List *) map_variable_attnos((Node *) query->targetList, index, 0, map, InvalidOid, &whole_row[0]);
	query->jointree = (FromExpr *) map_variable_attnos((Node *) query->jointree, index, 0, map, InvalidOid, &whole_row[1]);
	entry->relid = part;
	entry->relkind = to->rd_rel->relkind;
	entry->inh = false;
	table_close(to, NoLock);
	table_close(from, NoLock);
	return !whole_row[0] && !whole_row[1];
}

/* Replaces `whole` by `part` in a query that reads `whole` row by row; returns false for other queries. */
static bool
put_in_place(Query *query, Oid whole, Oid part)
{
	int			index;
	RangeTblEntry *entry = row_by_row(query, &index);
	Query	   *inner = NULL;

	check_stack_depth();
	if (entry == NULL)
		return false;
	query->sortClause = NIL;
	if (entry->rtekind == RTE_SUBQUERY)
		inner = entry->subquery;
	else if (entry->rtekind != RTE_RELATION)
		return false;
	else if (entry->relid == whole)
	{
		if (!entry->inh)
			return false;
		return replace_table(query, entry, index, part);
	}
	else
		inner = query_of(entry->relid);
	if (inner == NULL || !put_in_place(inner, whole, part))
		return false;
	entry->rtekind = RTE_SUBQUERY;
	entry->subquery = inner;
	entry->relid = InvalidOid;
	entry->relkind = 0;
	entry->inh = false;
	return true;
}

/* view_over(view, whole, part): returns the view's query over `part` as text; NULL if it does not read row by row. */
PG_FUNCTION_INFO_V1(view_over);
Datum
view_over(PG_FUNCTION_ARGS)
{
	Query	   *query = query_of(PG_GETARG_OID(0));

	if (query == NULL || !put_in_place(query, PG_GETARG_OID(1), PG_GETARG_OID(2)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(pg_get_querydef(query, false)));
}
