"""Attacks by objects that have the names of others."""


def calls(name, model):
    return [
        f"SELECT pgml.predict('{name}', 2.0)",
        f"SELECT pgml.predict({model}, 2.0)",
        f"SELECT pgml.deploy('{name}')",
        f"SELECT pgml.deploy('{name}', 'most_recent')",
        f"SELECT pgml.deploy({model})",
        f"SELECT pgml.grant_project('{name}', 'madpy', 'trainer')",
        f"SELECT pgml.revoke_project('{name}', 'madpy')",
        f"SELECT pgml.transfer_project('{name}', 'madpy')",
        "SELECT pgml.load_dataset('linnerud')",
        "SELECT FROM pgml.overview",
        "SELECT FROM pgml.deployed_models",
        f"SELECT pgml.drop_project('{name}')",
    ]


def test_names_of_the_servers_functions_in_a_hostile_path(sql, schema, mallory, owned, name, shadows):
    """A superuser's calls, with mallory's schema first in the path, run nothing of mallory's."""
    sql(f"SET search_path = {schema}, pg_catalog")
    try:
        for call in calls(name, owned[2]):
            sql(call)
    finally:
        sql("SET search_path = pg_catalog")
        sql("DROP TABLE IF EXISTS pgml.linnerud")
    assert shadows() == []


def test_temporary_tables_that_have_the_names_of_others(sql, owned, name):
    for table in (
        "__projects",
        "__models",
        "__deployments",
        "projects",
        "models",
        "pg_roles",
        "pg_class",
        "t",
    ):
        sql(f"CREATE TEMP TABLE {table} AS SELECT 1 AS id, 'hidden' AS name")
    try:
        for call in calls(name, owned[2]):
            sql(call)
    finally:
        sql("DISCARD TEMP")
        sql("DROP TABLE IF EXISTS pgml.linnerud")
