"""The command, from the outside: what it prints, where, and its exit code."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from madpy import __version__
from madpy.cli import app
from madpy.config import load
from madpy.server import Address

Madpy = Callable[..., Result]


@pytest.fixture
def madpy(server: Address, name: str) -> Madpy:
    """Runs the command on a fresh database: madpy("install", "--plain")."""

    def run(command: str, *options: str) -> Result:
        where = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-d", name]
        return CliRunner().invoke(app, [command, *where, *options])

    return run


def test_from_install_to_uninstall(madpy: Madpy) -> None:
    for command, said in [
        ("install", f'installed: madpy {__version__} in schema "madlib", as an extension\n'),
        ("upgrade", f'up to date: madpy {__version__} in schema "madlib", as an extension\n'),
        ("uninstall", f'removed: madpy {__version__} in schema "madlib", as an extension\n'),
    ]:
        result = madpy(command)
        assert (result.exit_code, result.stdout) == (0, said), result.stderr


def test_another_schema_is_a_plain_installation(madpy: Madpy) -> None:
    installed = madpy("install", "--schema", "ml")
    assert installed.stdout == f'installed: madpy {__version__} in schema "ml", from the plain script\n'
    assert madpy("uninstall", "--schema", "ml").exit_code == 0


def test_check_prints_a_line_for_each_module(madpy: Madpy) -> None:
    madpy("install", "--plain")
    result = madpy("check")
    assert result.exit_code == 0, result.stdout
    said = [line.split()[:2] for line in result.stdout.splitlines()[1:]]
    assert said == [["ok", module.name] for module in load().modules]


def test_doctor(madpy: Madpy) -> None:
    madpy("install", "--plain")
    result = madpy("doctor")
    assert result.exit_code == 0, result.stdout
    assert f"{__version__}" in result.stdout


def test_an_error_is_told_as_psql_tells_it(madpy: Madpy) -> None:
    result = madpy("check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: madpy is not installed in this database\n"
        "hint: Connect to another database (-d), or: madpy install.\n"
    )


@pytest.mark.parametrize(
    "form", ["postgresql:///{name}?host={host}&user={user}", "dbname={name} host={host} user={user}"]
)
def test_a_uri_or_conninfo_as_database(server: Address, name: str, form: str) -> None:
    where = form.format(name=name, host=server.host, user=server.user)
    result = CliRunner().invoke(app, ["version", "-d", where, "-p", str(server.port)])
    assert f'database "{name}": madpy is not installed' in result.stdout


def test_the_environment_of_psql(server: Address, name: str) -> None:
    result = CliRunner(env=server.variables() | {"PGDATABASE": name}).invoke(app, ["version"])
    assert f'database "{name}": madpy is not installed' in result.stdout


def test_version_without_a_database() -> None:
    result = CliRunner().invoke(app, ["version", "-h", "/nowhere"])
    assert (result.exit_code, result.stdout) == (0, f"madpy {__version__}\n")
    assert result.stderr.startswith("no database: ")


def test_no_connection_is_a_failure() -> None:
    result = CliRunner().invoke(app, ["install", "-h", "/nowhere"])
    assert result.exit_code == 1
    assert result.stderr.startswith('error: connection to server on socket "/nowhere/')
    assert result.stderr.endswith("hint: Say where, as with psql: -h, -p, -U, -d.\n")


@pytest.mark.parametrize("arguments", [["instal"], ["install", "--plane"], ["install", "-p", "x"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_render_prints_the_plain_script() -> None:
    result = CliRunner().invoke(app, ["render", "--schema", "ml"])
    assert result.exit_code == 0
    assert "CREATE SCHEMA IF NOT EXISTS ml;" in result.stdout


def test_a_bad_schema_is_an_error() -> None:
    result = CliRunner().invoke(app, ["render", "--schema", "My Schema"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith('error: schema "My Schema" is not a simple identifier\nhint: ')


@pytest.mark.parametrize(
    "command", ["install", "uninstall", "upgrade", "check", "doctor", "render", "version"]
)
def test_help_has_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"madpy {command}" in result.stdout.split("Examples")[1]
