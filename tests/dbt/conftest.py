"""Projects of the folder dbt/ in a database of their own: dbt("run", "--select", "a_model")."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from madpy.dev import dbt as developer
from madpy.dev.server import Address
from madpy.dev.state import here
from tests.session import Session


@dataclass
class Outcome:
    """The outcome of a command of dbt."""

    success: bool
    error: str | None
    listed: list[str]
    nodes: dict[str, dict[str, str]]
    log: str

    def __getitem__(self, name: str) -> dict[str, str]:
        """Return status and message of the node of a name, which is unique among those of the command."""
        (node,) = [node for unique_id, node in self.nodes.items() if name in unique_id.split(".")]
        return node

    @property
    def statuses(self) -> dict[str, str]:
        """Return the status of each node by its name."""
        return {unique_id.split(".")[2]: node["status"] for unique_id, node in self.nodes.items()}


class Dbt(Protocol):
    """A command of dbt; `variables` are its --vars."""

    def __call__(self, *arguments: str, project: str = ..., **variables: Any) -> Outcome: ...


@pytest.fixture(scope="session")
def dbt_process(database: Address) -> Iterator[subprocess.Popen[str]]:
    """A process that runs commands of dbt, and a fresh copy of the projects."""
    state = here()
    folder = developer.copy_projects(state)
    environment = developer.variables(database) | {"PYTHONWARNINGS": "ignore"}
    command = [developer.program(state, "python"), str(Path(__file__).with_name("commands.py"))]
    log = state.folder / "dbt.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def dbt_schema(request: pytest.FixtureRequest, database: Address) -> Iterator[str]:
    """The name of a schema that models of this file of tests go to.

    Dropped at the end, with others that begin with it: errors of other tests would name its tables.
    """
    name = f"dbt_{request.module.__name__.rpartition('test_')[2]}"
    yield name
    with closing(database.connect()) as connection:
        connection.set_notice_receiver(lambda notice: None)
        begun = f"SELECT quote_ident(nspname) FROM pg_namespace WHERE starts_with(nspname, '{name}')"
        for (schema,) in connection.query(begun).getresult():
            connection.query(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="module")
def dbt(dbt_process: subprocess.Popen[str], dbt_schema: str) -> Dbt:
    """Runs a command of dbt in the project of the integration tests, or in another one."""

    def run(*arguments: str, project: str = "integration_tests", **variables: Any) -> Outcome:
        folder = here().folder / "dbt" / project
        request = {
            "arguments": [*arguments, *(["--vars", json.dumps(variables)] if variables else [])],
            "environment": {"DBT_SCHEMA": dbt_schema},
            "folder": str(folder),
        }
        if not (folder / "dbt_packages").exists() and arguments[0] != "deps":
            assert run("deps", project=project).success
        assert dbt_process.stdin is not None and dbt_process.stdout is not None
        print(json.dumps(request), file=dbt_process.stdin, flush=True)
        line = dbt_process.stdout.readline()
        assert line, f"dbt ended: see {here().folder / 'dbt.log'}"
        outcome = Outcome(**json.loads(line))
        print(" ".join(arguments), outcome.log, sep="\n")  # shown if the test fails
        return outcome

    return run


@pytest.fixture
def models(sql: Session, dbt_schema: str) -> Session:
    """A session that finds the relations of this file's models by their names."""
    sql(f"SET search_path = {dbt_schema}, public")
    return sql
