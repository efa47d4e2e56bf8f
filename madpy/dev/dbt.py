"""Run dbt against the private cluster, on a copy of the folder dbt/ and without network.

    python -m madpy.dev.dbt build
    python -m madpy.dev.dbt test --project-dir integration_tests

dbt writes into the folders of its projects.  Their copy lies in the state folder, and the checkout stays as
it is.
"""

import sys
from pathlib import Path
from subprocess import run

from madpy.dev import place, server
from madpy.dev.state import CHECKOUT, State, here
from madpy.errors import MadpyError

EXAMPLE = "examples/titanic_like"
WRITTEN_BY_DBT = {"target", "logs", "package-lock.yml", ".user.yml"}


def main(arguments: list[str]) -> int:
    """Run a command of dbt, in the example project unless --project-dir names another; return its status."""
    state = here()
    address = server.start(state)
    server.update_extension(state, address)
    project = copy_projects(state) / EXAMPLE
    if "--project-dir" in arguments:
        at = arguments.index("--project-dir")
        project = state.folder / "dbt" / arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    environment = variables(address)
    if not (project / "dbt_packages").exists():
        run([program(state), "--quiet", "deps"], check=True, cwd=project, env=environment)
    return run([program(state), *arguments], cwd=project, env=environment).returncode


def program(state: State, name: str = "dbt") -> str:
    """Return the path of a program of dbt's environment, which bootstrap.sh makes."""
    path = state.folder / "venv-dbt" / "bin" / name
    if not path.exists():
        raise MadpyError("dbt is not installed for this checkout", hint="Start it through make dbt.")
    return str(path)


def copy_projects(state: State) -> Path:
    """Bring the copy of the folder dbt/ up to date; return its path."""
    folder = state.folder / "dbt"
    place.mirror(CHECKOUT / "dbt", folder, lambda path: not WRITTEN_BY_DBT & set(path.parts))
    return folder


def variables(address: server.Address) -> dict[str, str]:
    """Return the environment for dbt: the server's address, and nothing sent to anyone."""
    own = {name: value for name, value in server.client_environment(address).items() if name[:4] != "DBT_"}
    return own | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except MadpyError as error:
        sys.exit(server.report(error))
