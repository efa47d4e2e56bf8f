"""What a database has of madpy, and what in it depends on that: read only."""

from dataclasses import dataclass

from madpy.errors import MadpyError
from madpy.install.plan import Product, Release, own_sql
from madpy.ports.postgres.db import Database

NOT_INSTALLED = "42704"


@dataclass(frozen=True)
class Installation:
    """One installed madpy: an extension, or what the plain script made."""

    schema: str
    version: str
    product: Product

    def __str__(self) -> str:
        kind = "as an extension" if self.product == "extension" else "from the plain script"
        return f'madpy {self.version} in schema "{self.schema}", {kind}'


def locate(db: Database, schema: str | None = None) -> Installation | None:
    """The installation in `schema`, or wherever in the database there is one; more than one is an error."""
    found = [one for one in _installations(db) if schema in (None, one.schema)]
    if len(found) > 1:
        raise MadpyError(
            f"madpy is installed here more than once: {'; '.join(map(str, found))}",
            sqlstate="21000",
            hint="Say which one is meant with --schema.",
        )
    return found[0] if found else None


def located(db: Database, schema: str | None = None) -> Installation:
    """The same, where there has to be one."""
    installation = locate(db, schema)
    if installation is None:
        where = f' in schema "{schema}"' if schema else ""
        raise MadpyError(
            f"madpy is not installed in this database{where}",
            sqlstate=NOT_INSTALLED,
            hint="Connect to another database (-d), or: madpy install.",
        )
    return installation


def dependents(db: Database, installation: Installation, release: Release) -> list[str]:
    """Users' objects that need madpy, as PostgreSQL describes them: `view public.v` and the like."""
    rows = db.execute(
        """
        WITH RECURSIVE own (classid, objid) AS (
            {own:q}
            UNION
            -- What would silently go with one of these: a view's rule, a type's array type.
            SELECT d.classid, d.objid
            FROM pg_depend AS d
            JOIN own ON d.refclassid = own.classid AND d.refobjid = own.objid
            WHERE d.deptype IN ('i', 'a')
        )
        SELECT DISTINCT CASE
            WHEN r.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
            ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS name
        FROM pg_depend AS d
        JOIN own ON d.refclassid = own.classid AND d.refobjid = own.objid
        LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        WHERE d.deptype = 'n' AND (d.classid, d.objid) NOT IN (SELECT classid, objid FROM own)
        ORDER BY name
        """,
        own=_own(installation, release),
    )
    return [row["name"] for row in rows]


def strangers(db: Database, installation: Installation, release: Release) -> list[str]:
    """What else is in the schema: users' own tables, for instance."""
    rows = db.execute(
        """
        SELECT pg_describe_object(o.classid, o.objid, 0) AS name
        FROM ({every:q}) AS o
        WHERE (o.classid, o.objid) NOT IN ({own:q})
        ORDER BY o.objid
        """,
        every=own_sql(release, "objects"),
        own=_own(installation, release),
    )
    return [row["name"] for row in rows]


def _installations(db: Database) -> list[Installation]:
    rows = db.execute(
        """
        SELECT n.nspname AS schema, e.extversion AS version
        FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
        WHERE e.extname = 'madpy'
        """
    )
    found = [Installation(row["schema"], row["version"], "extension") for row in rows]
    tables = db.execute(
        """
        SELECT n.nspname AS schema
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relname = '__installed' AND c.relkind = 'r'
          AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
          AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'identity')
        """
    )
    for table in tables:
        rows = db.execute(
            "SELECT identity AS version FROM {schema:i}.__installed WHERE kind = 'version'",
            schema=table["schema"],
        )
        found += [Installation(table["schema"], row["version"], "plain") for row in rows]
    return found


def _own(installation: Installation, release: Release) -> str:
    """A query for what belongs to madpy: (classid, objid)."""
    if installation.product == "extension":
        return """
            SELECT d.classid, d.objid
            FROM pg_depend AS d JOIN pg_extension AS e ON d.refobjid = e.oid
            WHERE e.extname = 'madpy' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
            UNION
            SELECT 'pg_extension'::regclass, oid FROM pg_extension WHERE extname = 'madpy'
        """
    return own_sql(release, "recorded")
