/*
 * hold_table.c: a table that is read as a model, held so that nothing that runs code can take its place.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/rls.h"

/*
 * hold_table(relation): whether reading it runs nobody's code: a table, partitioned or not, without a policy for this
 * user.  It stays locked until the end of the transaction against being dropped, renamed and changed.
 */
PG_FUNCTION_INFO_V1(hold_table);
Datum
hold_table(PG_FUNCTION_ARGS)
{
	Oid			oid = PG_GETARG_OID(0);
	Relation	relation = try_relation_open(oid, AccessShareLock);
	char		kind;
	bool		harmless;

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", oid)));
	kind = relation->rd_rel->relkind;
	if (pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(oid, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(kind), RelationGetRelationName(relation));
	harmless = (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE) &&
		check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED;
	relation_close(relation, NoLock);
	PG_RETURN_BOOL(harmless);
}
