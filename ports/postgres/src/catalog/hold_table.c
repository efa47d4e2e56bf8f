/*
 * hold_table.c: locks a table before it is read as a model, so that nobody can replace it by a relation that runs code.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_statistic_ext.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/* Tells whether the catalogue row with this OID has NULL in a column. */
static bool
is_null_in(int cache, Oid oid, AttrNumber column)
{
	HeapTuple	tuple = SearchSysCache1(cache, ObjectIdGetDatum(oid));
	bool		is_null = !HeapTupleIsValid(tuple) || heap_attisnull(tuple, column, NULL);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return is_null;
}

/*
 * Tells whether planning a query over a table evaluates expressions of its owner: expressions in indexes, in extended
 * statistics, in check constraints or in the partition key.
 */
static bool
has_expressions(Relation table)
{
	Oid			oid = RelationGetRelid(table);
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(table))
		if (!is_null_in(INDEXRELID, lfirst_oid(cell), Anum_pg_index_indexprs) ||
			!is_null_in(INDEXRELID, lfirst_oid(cell), Anum_pg_index_indpred))
			return true;
	foreach(cell, RelationGetStatExtList(table))
		if (!is_null_in(STATEXTOID, lfirst_oid(cell), Anum_pg_statistic_ext_stxexprs))
			return true;
	if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE &&
		!is_null_in(PARTRELID, oid, Anum_pg_partitioned_table_partexprs))
		return true;
	return table->rd_att->constr && table->rd_att->constr->num_check > 0;
}

/* Tells whether reading a table runs no code of other users, except superusers. */
static bool
is_harmless(Oid oid)
{
	Relation	table = relation_open(oid, AccessShareLock);
	char		kind = table->rd_rel->relkind;
	bool		harmless = kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;

	if (harmless && table->rd_rel->relowner != GetUserId() && !superuser_arg(table->rd_rel->relowner))
		harmless = !has_expressions(table);
	relation_close(table, NoLock);
	return harmless;
}

/*
 * hold_table(relation): returns whether reading a relation runs no code of other users.  It must be a table, partitioned or
 * not, without row-level security for this user and without expressions of another owner.  The table and its partitions
 * and child tables are locked until the end of the transaction, so that they are not dropped, renamed or changed.
 */
PG_FUNCTION_INFO_V1(hold_table);
Datum
hold_table(PG_FUNCTION_ARGS)
{
	Oid			oid = PG_GETARG_OID(0);
	Relation	relation = try_relation_open(oid, AccessShareLock);
	ListCell   *cell;

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", oid)));
	if (pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(oid, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(relation->rd_rel->relkind), RelationGetRelationName(relation));
	relation_close(relation, NoLock);
	if (!is_harmless(oid) || check_enable_rls(oid, InvalidOid, true) == RLS_ENABLED)
		PG_RETURN_BOOL(false);
	foreach(cell, find_all_inheritors(oid, AccessShareLock, NULL))
		if (!is_harmless(lfirst_oid(cell)))
			PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(true);
}
