"""Rights that every training needs, and what it leaves behind when it or its transaction fails."""

from tests.drivers.conftest import relations
from tests.drivers.drivers import DRIVERS, said


def test_rights(sql, refused, role, schema):
    sql(f"GRANT USAGE ON SCHEMA {schema} TO {role}; CREATE SCHEMA own_{schema} AUTHORIZATION {role}")
    sql(f"SET ROLE {role}")
    for name, driver in DRIVERS.items():
        assert said(refused(driver.call(output=f"own_{schema}.m"), name)) == (
            "42501",
            'permission denied for table "t"',
            f"Ask its owner for GRANT SELECT ON {schema}.t.",
        )
    sql(f"RESET ROLE; GRANT SELECT ON t TO {role}; SET ROLE {role}")
    for name, driver in DRIVERS.items():
        assert said(refused(driver.call(), name)) == (
            "42501",
            f'permission denied for schema "{schema}"',
            f"Choose another schema, or ask its owner for GRANT USAGE, CREATE ON SCHEMA {schema}.",
        )
        sql(driver.call(output=f"own_{schema}.{name}"))


def test_a_read_only_transaction(sql, refused):
    """The error comes before the source is read."""
    sql("CREATE VIEW unread AS SELECT * FROM t WHERE 1 / (id - id) = 1")
    sql("SET default_transaction_read_only = on")
    for name, driver in DRIVERS.items():
        error = refused(driver.call("unread"), name)
        assert (error.sqlstate, error.message) == (
            "25006",
            '"m" cannot be created in a read-only transaction',
        )


def test_a_timeout_in_the_middle(sql, refused):
    """Each row takes a while."""
    sql("CREATE VIEW slow AS SELECT * FROM t WHERE pg_sleep(0.005) IS NOT NULL")
    sql("SET statement_timeout = 100")
    for name, driver in DRIVERS.items():
        error = refused(driver.call("slow"), name)
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to statement timeout")


def test_a_rollback_leaves_nothing(sql):
    before = relations(sql)
    sql("BEGIN")
    for name, driver in DRIVERS.items():
        sql(driver.call(output=name))
    sql("ROLLBACK")
    assert relations(sql) == before


def test_an_error_leaves_the_transaction_before_it(sql):
    sql("BEGIN")
    for name, driver in DRIVERS.items():
        sql(driver.call(output=name))
        before = relations(sql)
        sql("SAVEPOINT here")
        sql.fails(driver.call(features="a, z"))
        sql("ROLLBACK TO here")
        assert relations(sql) == before
    sql("COMMIT")
