"""model_sql: a model of a project, or a table that a training made, as a function in SQL."""

from madpy.errors import MadpyError
from madpy.helper import helper
from madpy.helper.checks.arguments import parse_name, quoted
from madpy.modules.projects.catalogue import find_project
from madpy.modules.projects.models.fitted import Kept, deployed_model, read_model
from madpy.modules.projects.models.statement import Case, Parameter, statement
from madpy.modules.projects.tables.convert import models_by_group
from madpy.modules.projects.tables.found import ModelTable, find_table
from madpy.modules.projects.tables.linear import LINEAR, link_of
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.session.only import in_server
from madpy.ports.postgres.session.sql import identifier
from madpy.ports.postgres.session.types import PLAIN

MOST_GROUPS = 1000


@in_server("model_sql", module="projects")
def model_sql(db: Database, model: str | None, name: str | None) -> str:
    """Return the statement that creates a function with the predictions of a project or of a model table."""
    given = str(helper.check_not_null("model", model))
    if find_project(db, given) is not None:
        return written(deployed_model(db, given), name)
    table = find_table(db, given)
    cases = _cases(table)
    if not cases:
        raise MadpyError(f"table {quoted(table.table.name)} has no model", hint="train it again")
    groups = [Parameter(group, _plain_type(table, group)) for group in table.groups]
    comment = f"{table.method}_train into {table.table}"
    return statement(cases, groups, _function_name(name, f"{table.table.name}_predict"), comment)


def written(model: Kept, name: str | None) -> str:
    """Return the statement for a model of a project."""
    comment = f"{model.algorithm} of project {model.project}, model {model.id}"
    return statement([Case(model.fitted)], [], _function_name(name, f"model_{model.id}"), comment)


def _function_name(given: str | None, otherwise: str) -> str:
    """Return the name of the function in SQL."""
    parts = parse_name(given) if given is not None else [otherwise]
    if not parts or len(parts) > 2:
        raise MadpyError(
            f'name: "{given}" is not a name', sqlstate="42602", hint="write it like schema.function"
        )
    return ".".join(map(identifier, parts))


def _cases(table: ModelTable) -> list[Case]:
    """Return the model of each group."""
    link = link_of(table) if table.method == "glm" else None
    cases: list[Case] = []
    for key, data in models_by_group(table):
        if len(cases) == MOST_GROUPS:
            raise MadpyError(
                f"the table has models for more than {MOST_GROUPS} groups",
                sqlstate="54000",
                hint="train on fewer groups",
            )
        cases.append(Case(read_model(data), key, table.method in LINEAR, link))
    return cases


def _plain_type(table: ModelTable, group: str) -> str:
    """Return the type of a grouping column; raise an error for one that users have made."""
    base = table.table.columns[group].base
    if base not in PLAIN:
        raise MadpyError(
            f"grouping column {quoted(group)} is of type {base}, which has no parameter in SQL",
            sqlstate="0A000",
            hint="cast it to text before training",
        )
    return base if base != "character" else "bpchar"
