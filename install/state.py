"""Find the madpy of a database, and the objects that depend on it; read only."""

import json
from dataclasses import dataclass, replace
from typing import Any

from madpy.errors import MadpyError
from madpy.install.plan import Product, Release, own_sql
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.sql import Relation

NOT_INSTALLED = "42704"


@dataclass(frozen=True)
class Installation:
    """An installed madpy: an extension, or the objects of the plain script."""

    schema: str
    version: str
    product: Product
    own_schemas: tuple[tuple[str, str], ...] = ()  # modules that have a schema of their own, and its name

    def release(self, release: Release) -> Release:
        """Return `release` with the schemas of this installation."""
        known = {module.name for module in release.config.modules if module.schema}
        own = {module: schema for module, schema in self.own_schemas if module in known}
        return replace(release, config=release.config.with_schema(self.schema).with_own_schemas(own))

    def __str__(self) -> str:
        kind = "as an extension" if self.product == "extension" else "from the plain script"
        return f'madpy {self.version} in schema "{self.schema}", {kind}'


def locate(db: Database, schema: str | None = None) -> Installation | None:
    """Return the installation in `schema`, by default the only one in the database, or None."""
    installations = [one for one in _installations(db) if schema in (None, one.schema)]
    if len(installations) > 1:
        raise MadpyError(
            f"madpy is installed here more than once: {'; '.join(map(str, installations))}",
            sqlstate="21000",
            hint="Choose one with --schema.",
        )
    return installations[0] if installations else None


def located(db: Database, schema: str | None = None) -> Installation:
    """Return the installation of a database; raise an error if there is none."""
    installation = locate(db, schema)
    if installation is None:
        where = f' in schema "{schema}"' if schema else ""
        raise MadpyError(
            f"madpy is not installed in this database{where}",
            sqlstate=NOT_INSTALLED,
            detail="; ".join(f"ignored: {one}" for one in ignored(db)) or None,
            hint="Connect to another database (-d), or: madpy install.",
        )
    return installation


def ignored(db: Database) -> list[str]:
    """List the schemas that look like madpy and are not taken for it, each with the reason.

    Any role with CREATE on the database can make a schema that looks like it, for a superuser to call.
    """
    return [f'schema "{row["schema"]}": {row["reason"]}' for row in _candidates(db) if row["reason"]]


def dependents(db: Database, installation: Installation, release: Release) -> list[str]:
    """List users' objects that need madpy, as PostgreSQL describes them: `view public.v` and the like."""
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
    """List the other objects in its schemas: users' own tables, for instance."""
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


def tables_with_rows(db: Database, installation: Installation, release: Release) -> list[str]:
    """List the tables of modules, made by madpy, that have rows of users: projects, for instance."""
    tables = db.execute(
        """
        SELECT n.nspname AS schema, c.relname AS name
        FROM ({own:q}) AS o
        JOIN pg_class AS c ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND c.relkind = 'r'
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname <> {schema:l}
        ORDER BY c.oid
        """,
        own=_own(installation, release),
        schema=installation.schema,
    )
    relations = [Relation(row["schema"], row["name"]) for row in tables]
    return [
        f"{one.schema}.{one.name}"
        for one in relations
        if db.value("SELECT EXISTS (SELECT FROM {t:i})", t=one)
    ]


def _installations(db: Database) -> list[Installation]:
    installations = []
    for row in _candidates(db):
        if row["reason"]:
            continue
        if row["version"]:
            installations.append(Installation(row["schema"], row["version"], "extension", row["own"]))
            continue
        versions = db.execute(
            "SELECT identity AS version FROM {schema:i}.__installed WHERE kind = 'version'",
            schema=row["schema"],
        )
        installations += [
            Installation(row["schema"], version["version"], "plain", row["own"]) for version in versions
        ]
    return installations


def _candidates(db: Database) -> list[dict[str, Any]]:
    """List schemas that look like an installation, with those of its modules and a reason not to trust it."""
    rows = db.execute(
        """
        SELECT n.nspname AS schema, c.version
        FROM (SELECT extnamespace AS oid, extversion AS version FROM pg_extension WHERE extname = 'madpy'
              UNION ALL
              SELECT c.relnamespace, NULL FROM pg_class AS c
              WHERE c.relname = '__installed' AND c.relkind = 'r'
                AND has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
                AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'identity')) AS c
        JOIN pg_namespace AS n USING (oid)
        ORDER BY n.nspname
        """
    )
    for row in rows:
        row["reason"] = _distrust(db, [row["schema"]])
        row["own"] = () if row["reason"] else _own_schemas(db, row["schema"])
        row["reason"] = row["reason"] or _distrust(db, [name for _, name in row["own"]])
    return rows


def _distrust(db: Database, schemas: list[str]) -> str | None:
    """Return a reason not to call functions in these schemas: an object that is not a superuser's."""
    rows = db.execute(
        """
        SELECT format('%s belongs to role "%s", not a superuser',
                      pg_describe_object(o.classid, o.objid, 0), r.rolname) AS reason
        FROM pg_namespace AS n
        CROSS JOIN LATERAL (
            SELECT 'pg_namespace'::regclass AS classid, n.oid AS objid, n.nspowner AS owner
            UNION ALL
            SELECT 'pg_class'::regclass, oid, relowner FROM pg_class
            WHERE relnamespace = n.oid AND relname = '__installed'
            UNION ALL
            SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc WHERE pronamespace = n.oid) AS o
        JOIN pg_roles AS r ON r.oid = o.owner
        WHERE n.nspname = ANY ({schemas:l}::text[]) AND NOT r.rolsuper
        ORDER BY o.classid = 'pg_namespace'::regclass DESC, o.objid LIMIT 1
        """,
        schemas=schemas,
    )
    return rows[0]["reason"] if rows else None


def _own_schemas(db: Database, schema: str) -> tuple[tuple[str, str], ...]:
    """Return the schemas of modules that have one of their own, as the installation in `schema` was made."""
    knows = "SELECT to_regprocedure(quote_ident({schema:l}) || '.__own_schemas()') IS NOT NULL"
    if not db.value(knows, schema=schema):
        return ()
    own = db.value("SELECT {schema:i}.__own_schemas()::text", schema=schema)
    return tuple(sorted(json.loads(own).items()))


def _own(installation: Installation, release: Release) -> str:
    """Return a query for the objects of madpy: (classid, objid)."""
    if installation.product == "extension":
        return """
            SELECT d.classid, d.objid
            FROM pg_depend AS d JOIN pg_extension AS e ON d.refobjid = e.oid
            WHERE e.extname = 'madpy' AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
            UNION
            SELECT 'pg_extension'::regclass, oid FROM pg_extension WHERE extname = 'madpy'
        """
    return own_sql(release, "recorded")
