"""Projects of a database, for the doctor: how many there are, and those of roles that are gone."""

from collections.abc import Iterator

from madpy.install.finding import Finding
from madpy.install.state import Installation
from madpy.ports.postgres.session.db import Database


def examine(db: Database, installation: Installation | None) -> Iterator[Finding]:
    """Yield the projects that the role may see, and what refers to dropped roles."""
    schema = dict(installation.own_schemas).get("projects") if installation else None
    if schema is None:
        return
    row = db.execute(
        "SELECT count(*) AS projects, count(deployed_model) AS deployed FROM {schema:i}.projects",
        schema=schema,
    )[0]
    fact = f'{row["projects"]} in schema "{schema}", {row["deployed"]} with a model that is deployed'
    yield Finding("projects", fact)
    gone = db.execute(
        """
        SELECT name, owner::oid::text AS role, true AS is_owner FROM {schema:i}.projects
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE oid = owner)
        UNION ALL
        SELECT name, other::oid::text, false FROM {schema:i}.projects, unnest(readers || trainers) AS other
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE oid = other)
        ORDER BY name, is_owner DESC, role
        """,
        schema=schema,
    )
    for one in gone:
        # A dump has the number, and where it is restored another role may have it.
        before = "before the next dump of the database"
        if one["is_owner"]:
            fact = f'"{one["name"]}" belongs to a role that was dropped, number {one["role"]}'
            yield Finding("projects", fact, "bad", f"{before}: {schema}.transfer_project or drop_project")
        else:
            fact = f'"{one["name"]}" may be used by a role that was dropped, number {one["role"]}'
            remedy = f"{before}: SELECT {schema}.revoke_project('{one['name']}', '{one['role']}')"
            yield Finding("projects", fact, "bad", remedy)
