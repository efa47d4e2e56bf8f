"""The private cluster of this checkout: a PostgreSQL server of its own, on a unix socket.

    python -m madpy.server start|stop|status|env|psql

Nothing is written to the system's PostgreSQL: the server is told where the extension and the library are.
PostgreSQL refuses to run as root, so for root it runs as `postgres`.  The cluster's superuser is `madpy`;
whoever can enter the socket's folder, which is closed to all but the owner, is trusted.
"""

import fcntl
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from pwd import getpwnam

import pg

from madpy import place
from madpy.errors import MadpyError
from madpy.state import State, here

PORT = 5432
SUPERUSER = DATABASE = "madpy"
LONGEST_SOCKET = 100  # bytes of a socket's path: the system allows 107, and a name is not only ASCII
SERVICE_ACCOUNT = "postgres"


@dataclass(frozen=True)
class Address:
    """How to connect."""

    host: str
    port: int = PORT
    user: str = SUPERUSER
    database: str = DATABASE

    def variables(self) -> dict[str, str]:
        """As libpq's environment variables."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGDATABASE": self.database,
        }

    def connect(self, database: str | None = None, user: str | None = None) -> pg.Connection:
        """A classic PyGreSQL connection."""
        return pg.connect(
            dbname=database or self.database, host=self.host, port=self.port, user=user or self.user
        )


def main(arguments: list[str]) -> None:
    """One command of the module's list."""
    command, *rest = arguments or ["status"]
    state = here()
    match command:
        case "start":
            address = start(state)
            update_extension(state, address)
            say(f'the server runs, database "{DATABASE}" has the extension; make psql connects')
        case "env":
            address = start(state)
            update_extension(state, address)
            for name, value in address.variables().items():
                print(f"export {name}={shlex.quote(value)}")
        case "psql":
            os.execve(state.program("psql"), ["psql", *rest], client_environment(start(state)))
        case "stop":
            say("stopped" if stop(state) else "the server was not running")
        case "status":
            print(f"running, socket in {socket_folder(state)}" if running(state) else "not running")
        case _:
            sys.exit(__doc__)


def start(state: State, *, refresh: bool = True) -> Address:
    """Make sure that the server runs with the library as it is in the checkout; where it is reached."""
    with lock(state):
        changed = place.refresh(state) if refresh else []
        if changed:
            say(f"brought up to date: {shorten(changed)}")
        initialise(state)
        address = Address(str(prepare_socket_folder(state)))
        settings_changed = write_settings(state, address)
        pid_file = state.data / "postmaster.pid"
        if running(state) and address.host not in pid_file.read_text().splitlines():
            stop(state)
        if not running(state):
            launch(state)
        elif settings_changed:
            as_owner(state, "pg_ctl", "-D", str(state.data), "reload")
        ensure_database(address)
    return address


def stop(state: State) -> bool:
    """Stop the server; false where it did not run."""
    if not running(state):
        return False
    as_owner(state, "pg_ctl", "-D", str(state.data), "-w", "-m", "fast", "stop")
    return True


def running(state: State) -> bool:
    """Whether the server of this state folder runs."""
    if not (state.data / "postmaster.pid").exists():
        return False
    return as_owner(state, "pg_ctl", "-D", str(state.data), "status", check=False).returncode == 0


def update_extension(state: State, address: Address) -> None:
    """Create the extension in the cluster's own database, or anew where its script has changed since."""
    scripts = b"".join(path.read_bytes() for path in sorted(extension_folder(state).glob("madpy*")))
    with closing(address.connect()) as connection:
        present = connection.query("SELECT oid FROM pg_extension WHERE extname = 'madpy'").getresult()
        made = state.folder / "extension-made"
        if present and made.exists() and made.read_text() == f"{present[0][0]} {sha256(scripts).hexdigest()}":
            return
        connection.set_notice_receiver(lambda notice: None)
        connection.query("BEGIN")
        try:
            connection.query("DROP EXTENSION IF EXISTS madpy")
        except pg.DatabaseError as error:
            if sqlstate(error) != "2BP01":  # dependent_objects_still_exist
                raise
            say(f'database "{DATABASE}" keeps the old extension, because your objects need it:\n{error}')
            return
        connection.query("CREATE EXTENSION madpy CASCADE")
        oid = connection.query("SELECT oid FROM pg_extension WHERE extname = 'madpy'").getresult()[0][0]
        connection.query("COMMIT")
        made.write_text(f"{oid} {sha256(scripts).hexdigest()}")


def client_environment(address: Address) -> dict[str, str]:
    """The environment for a client of the cluster: none of the user's settings for other servers."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("PG") or name == "PG_CONFIG"
    }
    return kept | address.variables()


# --- the cluster ---


def initialise(state: State) -> None:
    """Make the cluster, unless it is there."""
    if (state.data / "PG_VERSION").exists():
        found = (state.data / "PG_VERSION").read_text().strip()
        if found != state.major:
            raise MadpyError(
                f'the private cluster is of PostgreSQL {found}, and "{state.pg_config}" is of {state.major}',
                hint=f"Set PG_CONFIG to the one before, or move {state.data} away and begin anew.",
            )
        return
    say("making the private cluster")
    new = state.folder / "data.new"  # so that a folder `data` is always a whole cluster
    shutil.rmtree(new, ignore_errors=True)
    make_owned(new)
    options = ["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8"]
    as_owner(state, "initdb", "-D", str(new), *options)
    with (new / "postgresql.conf").open("a") as file:
        file.write("\ninclude 'madpy.conf'\n")
    new.rename(state.data)


def write_settings(state: State, address: Address) -> bool:
    """Say in madpy.conf where things are; whether that changed."""
    settings = {
        "listen_addresses": "",
        "port": str(address.port),
        "unix_socket_directories": address.host,
        "unix_socket_permissions": "0700",
        "dynamic_library_path": f"{state.root}{state.pg['pkglibdir']}:$libdir",
        "madpy.python_path": str(state.site),
        **extension_setting(state),
    }
    text = "".join("{} = '{}'\n".format(name, value.replace("'", "''")) for name, value in settings.items())
    file = state.data / "madpy.conf"
    if file.exists() and file.read_text() == text:
        return False
    file.write_text(text)
    return True


def extension_setting(state: State) -> dict[str, str]:
    """How this PostgreSQL is told where extensions are: from 18 on a path, in Debian's older a prefix."""
    known = as_owner(state, "postgres", "--describe-config").stdout
    if "extension_control_path\t" in known:
        return {"extension_control_path": f"{state.root}{state.pg['sharedir']}:$system"}
    if "extension_destdir\t" in known:
        return {"extension_destdir": str(state.root)}
    raise MadpyError(
        f'the PostgreSQL of "{state.pg_config}" finds extensions in its own folders only',
        hint="Take one of Debian's packages or PostgreSQL 18 for the private cluster, or use make install.",
    )


def extension_folder(state: State) -> Path:
    return Path(f"{state.root}{state.pg['sharedir']}", "extension")


def launch(state: State) -> None:
    """Start the server; the end of its log is the detail of the error when it does not start."""
    result = as_owner(
        state, "pg_ctl", "-D", str(state.data), "-l", str(state.log), "-w", "start", check=False
    )
    if result.returncode:
        tail = "\n".join(state.log.read_text().splitlines()[-20:]) if state.log.exists() else result.stdout
        raise MadpyError("the private cluster does not start", detail=tail, hint=f"Its log is {state.log}.")


def ensure_database(address: Address) -> None:
    with closing(address.connect("postgres")) as connection:
        names = connection.query("SELECT datname FROM pg_database").getresult()
        if (DATABASE,) not in names:
            connection.query(f"CREATE DATABASE {DATABASE}")


# --- files and processes ---


@contextmanager
def lock(state: State) -> Iterator[None]:
    """One at a time: two runs of make may meet."""
    with (state.folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare_socket_folder(state: State) -> Path:
    """The folder of the socket: `run`, or where that path is too long a short one that `run` is a link to."""
    run = state.folder / "run"
    if len(os.fsencode(run / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET and not run.is_symlink():
        make_owned(run)
    elif not (run.is_symlink() and is_ours(run.readlink())):
        run.unlink(missing_ok=True)
        short = Path(tempfile.mkdtemp(prefix="madpy-", dir="/tmp"))
        make_owned(short)
        run.symlink_to(short)
    return socket_folder(state)


def socket_folder(state: State) -> Path:
    run = state.folder / "run"
    return run.readlink() if run.is_symlink() else run


def make_owned(folder: Path) -> None:
    """A folder that the server's account alone may enter."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    if os.geteuid() == 0:
        account = service_account()
        shutil.chown(folder, account, account)


def is_ours(folder: Path) -> bool:
    """Whether a folder is still there and only ours: /tmp is emptied, and everybody writes there."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    owner = getpwnam(service_account()).pw_uid if os.geteuid() == 0 else os.geteuid()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and stat.S_IMODE(status.st_mode) == 0o700


def service_account() -> str:
    try:
        return getpwnam(SERVICE_ACCOUNT).pw_name
    except KeyError:
        raise MadpyError(
            f'there is no account "{SERVICE_ACCOUNT}" for the server to run as',
            hint="PostgreSQL does not run as root: make that account, or run make as an ordinary user.",
        ) from None


def as_owner(
    state: State, program: str, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the cluster's owner, with nothing of the user's environment."""
    account = service_account() if os.geteuid() == 0 else None
    result = subprocess.run(
        [state.program(program), *arguments],
        cwd="/",
        env={"PATH": f"{state.pg['bindir']}:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(state.data)},
        user=account,
        group=account,
        extra_groups=[] if account else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if check and result.returncode:
        raise MadpyError(f"{program} failed", detail=result.stdout.strip())
    return result


def sqlstate(error: pg.DatabaseError) -> str | None:
    return getattr(error, "sqlstate", None)


def shorten(names: list[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more files" if len(names) > 6 else "")


def report(error: MadpyError | pg.Error) -> str:
    """An error for a person at a terminal: the fact, what is behind it, what to do."""
    parts = (f"madpy: {error}", getattr(error, "detail", None), getattr(error, "hint", None))
    return "\n".join(filter(None, parts))


def say(message: str) -> None:
    print(f"madpy: {message}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (MadpyError, pg.Error) as error:
        sys.exit(report(error))
