"""The cluster's folders and processes: initdb, settings, socket, PostgreSQL's programs run as its owner."""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from pwd import getpwnam

from madpy.dev.state import State, say
from madpy.errors import MadpyError

PORT = 5432
SUPERUSER = "madpy"
LONGEST_SOCKET = 100  # bytes of a socket's path: the system allows 107, and a name is not only ASCII
SERVICE_ACCOUNT = "postgres"


def ensure_running(state: State) -> Path:
    """Make, configure and start the cluster, as far as needed; return the folder of its socket."""
    initialise(state)
    socket = prepare_socket_folder(state)
    settings_changed = write_settings(state, socket)
    if running(state) and str(socket) not in (state.data / "postmaster.pid").read_text().splitlines():
        stop(state)
    if not running(state):
        launch(state)
    elif settings_changed:
        as_owner(state, "pg_ctl", "-D", str(state.data), "reload")
    return socket


def initialise(state: State) -> None:
    """Make the cluster unless it is there; refuse one of another version."""
    if (state.data / "PG_VERSION").exists():
        version = (state.data / "PG_VERSION").read_text().strip()
        if version != state.major:
            raise MadpyError(
                f'the private cluster is of PostgreSQL {version}, "{state.pg_config}" of {state.major}',
                hint=f"Set PG_CONFIG to the one before, or move {state.data} away and start again.",
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


def write_settings(state: State, host: Path) -> bool:
    """Write madpy.conf, and return whether it changed."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(host),
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
    """Return the setting for the folder of extensions: a path from 18 on, before a prefix in Debian's."""
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
    options = ["-D", str(state.data), "-l", str(state.log), "-w"]
    if state.wrapper.exists():
        options += ["-p", str(state.wrapper)]
    result = as_owner(state, "pg_ctl", *options, "start", check=False)
    if result.returncode:
        tail = "\n".join(state.log.read_text().splitlines()[-20:]) if state.log.exists() else result.stdout
        raise MadpyError("the private cluster does not start", detail=tail, hint=f"read {state.log}")


def stop(state: State) -> bool:
    """Stop the server; return False if it did not run."""
    if not running(state):
        return False
    as_owner(state, "pg_ctl", "-D", str(state.data), "-w", "-m", "fast", "stop")
    return True


def running(state: State) -> bool:
    """Say whether the server of this state folder runs."""
    if not (state.data / "postmaster.pid").exists():
        return False
    return as_owner(state, "pg_ctl", "-D", str(state.data), "status", check=False).returncode == 0


# --- files and processes ---


def prepare_socket_folder(state: State) -> Path:
    """Make the folder of the socket: `run`, or a link to a shorter path if that one is too long."""
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
    """Make a folder that only the server's account may enter."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    if os.geteuid() == 0:
        account = service_account()
        shutil.chown(folder, account, account)


def is_ours(folder: Path) -> bool:
    """Say whether a folder is there and only ours: /tmp is emptied at times, and everybody writes there."""
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
            hint="Create that account, or run make as an ordinary user: PostgreSQL does not run as root.",
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
        raise MadpyError(f"{program} failed:\n{result.stdout.strip()}")
    return result
