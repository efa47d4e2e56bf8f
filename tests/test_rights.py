"""Functions that begin with __ are not for users: who calls each of them, and that nobody else may."""

import pytest

from tests.call import supervised
from tests.methods import AGGREGATE, DRIVER, ELSEWHERE, gathered

CITUS = "an aggregate's; Citus calls it with the caller's rights"

# Functions that do not belong to an aggregate, with the reason why everybody may call them.  The functions of
# a method are listed in its tests folder.
ALLOWED: dict[str, str] = gathered("RIGHTS") | {
    "__python_path": "every driver's wrapper asks it for the folder of the Python packages",
    "__c_version": ELSEWHERE,
    "__same_version": ELSEWHERE,
    "__key_number": ELSEWHERE,
    "__key_params": ELSEWHERE,
    "__own_schemas": DRIVER,
    "__check_client": DRIVER,
    "__view_over": DRIVER,
    "__key_rows": DRIVER,
    "__hold_table": DRIVER,
    "__parse_list": DRIVER,
    "__resolve": DRIVER,
    "__level_code": "in the queries of drivers, and in the views that nb_create_view makes",
    "__number": DRIVER,
    "__numbers": DRIVER,
    "__piece": DRIVER,
    "__text_piece": DRIVER,
    "__savepoints_guard": DRIVER,
    "__snapshot_execute": DRIVER,
    "__snapshot_free": DRIVER,
    "__snapshot_take": DRIVER,
    "__store_files": DRIVER,
    "__store_fill": DRIVER,
    "__store_free": DRIVER,
    "__store_groups": DRIVER,
    "__store_indicate": DRIVER,
    "__store_levels": DRIVER,
    "__store_order": DRIVER,
    "__store_map": DRIVER,
    "__store_outcomes": DRIVER,
    "__store_step": DRIVER,
    "__store_steps": DRIVER,
    "__moments_columns": AGGREGATE,
    "__weighted_moments_columns": AGGREGATE,
    "__levels": AGGREGATE,
    "__moments_numbered": AGGREGATE,
    "__weighted_moments_numbered": AGGREGATE,
    "__state_columns": DRIVER,
    "__keep": AGGREGATE,
    "__kept_step": AGGREGATE,
    "__kept_rows": ELSEWHERE,
}
# PostgreSQL calls these with the rights of the aggregate's owner; Citus cannot, as their state is internal.
REVOKED = {
    "__nb_coded_accum", "__weighted_nb_coded_accum", "__coded_combine", "__coded_state", "__coded_deserial",
    "__levels_accum", "__levels_combine", "__levels_serial", "__levels_deserial", "__levels_texts",
    "__moments_numbered_accum", "__weighted_moments_numbered_accum", "__numbered_combine", "__numbered_bytes",
    "__numbered_deserial",
}  # fmt: skip
SCHEMAS = "pronamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('madlib', 'pgml'))"


def test_who_may_execute_what_is_not_for_users(sql):
    """The catalogue and the list agree: a new function begins without rights, or with a reason.

    Functions of the projects with the rights of their owner are called by __write, which nobody needs rights
    for on them.
    """
    rows = sql(
        f"""
        SELECT p.proname, has_function_privilege('public', p.oid, 'EXECUTE'),
               EXISTS (SELECT FROM pg_aggregate AS a WHERE a.aggtranstype <> 'internal'::regtype
                       AND p.oid IN (a.aggtransfn, a.aggcombinefn, a.aggfinalfn))
        FROM pg_proc AS p WHERE {SCHEMAS} AND starts_with(p.proname, '__') AND NOT p.prosecdef
        """
    )
    granted = {name: CITUS if supports else ALLOWED.get(name) for name, may, supports in rows if may}
    assert [name for name, reason in granted.items() if reason is None] == []
    assert ALLOWED.keys() - granted.keys() == set()
    assert {name for name, may, _ in rows if not may} == REVOKED


def test_what_is_for_users_everybody_may_execute(sql):
    assert sql(
        f"""
        SELECT oid::regprocedure FROM pg_proc
        WHERE {SCHEMAS} AND NOT starts_with(proname, '__')
          AND NOT has_function_privilege('public', oid, 'EXECUTE')
        """
    ) == []  # fmt: skip


def test_functions_with_the_rights_of_their_owner_are_nobodys_to_call(sql):
    rows = sql(
        f"""
        SELECT proname, has_function_privilege('public', oid, 'EXECUTE'), proconfig
        FROM pg_proc WHERE {SCHEMAS} AND prosecdef
        """
    )
    assert {name for name, _, _ in rows} > {"__do_add_project", "__do_deploy", "__check_may"}
    assert {(may, settings[0]) for _, may, settings in rows} == {(False, "search_path=pg_catalog, pg_temp")}


@pytest.mark.parametrize("memory", ["0", "256MB"])
def test_a_login_trains_with_aggregates_of_revoked_functions(sql, schema, role, memory):
    """By either feed, and by parallel workers, which merge and ship states."""
    sql(
        "CREATE TABLE t AS SELECT i % 2 AS y, sin(i) AS a, i % 3 > 0 AS c FROM generate_series(1, 20000) AS i"
    )
    sql(f"GRANT ALL ON SCHEMA {schema} TO {role}; GRANT SELECT ON t TO {role}; SET ROLE {role}")
    sql(
        f"SET madpy.store_memory = '{memory}'; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
        " SET min_parallel_table_scan_size = 0"
    )
    sql(supervised("nb_train", "a, c"))
    assert sql.value("SELECT num_rows_processed FROM m_summary") == 20000
