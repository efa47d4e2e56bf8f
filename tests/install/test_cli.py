"""The command, from the outside: what it prints, where, and its exit code."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from madpy import __version__
from madpy.cli import app
from madpy.config import load
from madpy.dev.server import Address

Madpy = Callable[..., Result]
PROGRAM = Path(sys.prefix, "bin", "madpy")  # as it is installed; the others run it within this process

WHERE = "Give host, port, user and database as with psql: -h, -p, -U, -d."


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
    assert result.stderr.endswith(f"hint: {WHERE}\n")


def test_a_login_without_a_role_is_told_of_the_servers_account(server: Address) -> None:
    def said(*options: str, **environment: str) -> str:
        command = [str(PROGRAM), "doctor", "-h", server.host, "-p", str(server.port), *options]
        return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True).stderr

    wanted = f"sudo -u postgres {PROGRAM} doctor -h {server.host} -p {server.port} -d 'my sales'.\n"
    told = said("-d", "my sales", PGUSER="nobody_here")
    assert told.startswith("error: ") and 'role "nobody_here" does not exist' in told
    assert told.endswith(f"\nhint: Run it as the account of the server, which is a superuser there: {wanted}")
    assert said("-U", "nobody_here", "-d", "x").endswith(f"hint: {WHERE}\n")


@pytest.mark.parametrize("steered", ["PYTHONPATH", "PYTHONUSERBASE", "PYTHONPYCACHEPREFIX", "the folder"])
def test_neither_environment_nor_folder_says_what_runs(tmp_path: Path, steered: str) -> None:
    """Modules that would end the program at once, wherever Python might look for one."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    user_site = tmp_path / "lib" / version / "site-packages"
    prefix = tmp_path / Path(sys.prefix).relative_to("/") / "lib" / version / "site-packages"
    for folder in (tmp_path, user_site, prefix):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("madpy", "pg", "typer", "sitecustomize", "usercustomize", "json"):
            (folder / f"{name}.py").write_text("raise SystemExit('steered')")
    home = {"PYTHONHOME": str(tmp_path)} if steered == "PYTHONPATH" else {}
    result = subprocess.run(
        [PROGRAM, "version", "-h", "/nowhere"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), steered: str(tmp_path), **home},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (0, f"madpy {__version__}\n"), result.stderr


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
