"""The folders and files of this checkout's private cluster; bootstrap.sh decides where they are."""

import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from subprocess import run

from madpy.errors import MadpyError

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class State:
    """The state folder, and the PostgreSQL that it was made for."""

    folder: Path
    pg_config: str

    @property
    def data(self) -> Path:
        """Return the data folder of the cluster."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Return the server's log file."""
        return self.data / "server.log"

    @property
    def wrapper(self) -> Path:
        """Return a program to start in place of `postgres`, if it exists: see tests/fuzz/checked.py."""
        return self.folder / "postgres"

    @property
    def root(self) -> Path:
        """Return the folder that stands for /: installed files lie there under their whole paths."""
        return self.folder / "root"

    @property
    def site(self) -> Path:
        """Return the folder of the environment with madpy, numpy and the rest for the server's Python."""
        return Path(sysconfig.get_path("purelib"))

    @cached_property
    def pg(self) -> dict[str, str]:
        """Return the answers of pg_config: bindir, sharedir, pkglibdir, includedir-server, version."""
        names = ("bindir", "sharedir", "pkglibdir", "includedir-server", "version")
        output = run(
            [self.pg_config, *(f"--{name}" for name in names)], check=True, capture_output=True, text=True
        )
        return dict(zip(names, output.stdout.splitlines(), strict=True))

    @property
    def major(self) -> str:
        """Return the major version of PostgreSQL, as data folders have it in PG_VERSION."""
        return self.pg["version"].removeprefix("PostgreSQL ").split(".")[0].split()[0]

    def program(self, name: str) -> str:
        """Return the path of one of PostgreSQL's programs."""
        return f"{self.pg['bindir']}/{name}"


def here() -> State:
    """Return this checkout's state: as bootstrap.sh says, or that of the environment of this Python."""
    folder = Path(os.environ.get("MADPY_STATE") or Path(sys.prefix).parent)
    recorded = folder / "pg_config"
    if not recorded.exists():
        raise MadpyError(
            "this Python is not that of a private cluster's environment",
            hint="Start it through make, or by madpy/dev/bootstrap.sh COMMAND.",
        )
    return State(folder, recorded.read_text().strip())


def say(message: str) -> None:
    """Print a line on stderr, because stdout may be for eval."""
    print(f"madpy: {message}", file=sys.stderr)
