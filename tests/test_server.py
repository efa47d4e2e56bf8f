"""The private cluster: started once, found by everybody, never in another one's way."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from madpy import __version__
from madpy.dev import cluster, place
from madpy.dev.server import Address, client_environment, update_extension
from madpy.dev.server import start as start_server
from madpy.dev.state import CHECKOUT, State, here
from madpy.errors import MadpyError

BOOTSTRAP = CHECKOUT / "madpy" / "dev" / "bootstrap.sh"
RUN_WITHOUT_PACKAGES = """
import runpy, sys
sys.path.append(sys.argv[1])
runpy.run_module("madpy.dev.server", run_name="__main__")
"""

PG_CONFIG = """#!/bin/sh
for name; do
    case $name in
        --version) echo PostgreSQL {version}.1 ;;
        --includedir-server) echo {folder}/{version}/include ;;
        *) echo /nowhere ;;
    esac
done
"""


@pytest.fixture(scope="module")
def other(server: Address) -> Iterator[State]:
    """The state of another checkout, with the library of this one and with a path too long for a socket."""
    top = Path(tempfile.mkdtemp(prefix="madpy-test-"))
    top.chmod(0o755)  # the server may run as another account
    state = State(top / ("long" * 25), here().pg_config)
    state.folder.mkdir()
    state.root.symlink_to(here().root)
    yield state
    cluster.stop(state)
    if (state.folder / "run").is_symlink():
        shutil.rmtree((state.folder / "run").readlink(), ignore_errors=True)
    shutil.rmtree(top)


def start(state: State) -> Address:
    return start_server(state, refresh=False)


def data_folder(address: Address) -> str:
    with closing(address.connect()) as connection:
        return str(connection.query("SHOW data_directory").getresult()[0][0])


def process(state: State) -> str:
    return (state.data / "postmaster.pid").read_text().splitlines()[0]


# --- this checkout's ---


def test_starting_again_leaves_the_server_as_it_is(server: Address) -> None:
    before = process(here())
    assert start(here()) == server
    assert process(here()) == before


def test_server_listens_on_its_socket_only(server: Address) -> None:
    with closing(server.connect()) as connection:
        assert connection.query("SHOW listen_addresses").getresult() == [("",)]
    assert Path(server.host).stat().st_mode & 0o077 == 0


def test_server_has_nothing_of_the_users_environment(other: State, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.stop(other)
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    start(other)
    assert b"PYTHONPATH" not in Path("/proc", process(other), "environ").read_bytes()


def test_env_is_lines_for_eval(server: Address) -> None:
    command = [sys.executable, "-m", "madpy.dev.server", "env"]
    output = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    expected = {"PGHOST": server.host, "PGPORT": "5432", "PGUSER": "madpy", "PGDATABASE": "madpy"}
    assert output.splitlines() == [f"export {name}={shlex.quote(value)}" for name, value in expected.items()]


def test_outside_the_environment_it_says_what_to_do() -> None:
    command = [sys.executable, "-I", "-S", "-c", RUN_WITHOUT_PACKAGES, str(CHECKOUT)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("madpy: this Python does not have the packages of madpy: make server")


def test_client_gets_none_of_the_users_settings_for_other_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICE", "elsewhere")
    environment = client_environment(Address("/somewhere"))
    assert "PGSERVICE" not in environment
    assert environment["PGHOST"] == "/somewhere"


# --- and another's ---


def test_two_checkouts_do_not_meet(server: Address, other: State) -> None:
    theirs = start(other)
    assert (data_folder(server), data_folder(theirs)) == (str(here().data), str(other.data))
    assert cluster.stop(other)
    assert not cluster.stop(other)
    assert cluster.running(here())


def test_socket_is_elsewhere_where_its_path_would_be_too_long(other: State) -> None:
    short = Path(start(other).host)
    assert short.parent == Path("/tmp")
    assert start(other).host == str(short)
    cluster.stop(other)
    short.rmdir()  # as a reboot does
    assert data_folder(start(other)) == str(other.data)


def test_a_socket_folder_that_is_not_ours_is_not_used(other: State) -> None:
    cluster.stop(other)
    before = Path(start(other).host)
    cluster.stop(other)
    before.chmod(0o777)
    assert start(other).host != str(before)
    before.rmdir()


def test_a_server_that_does_not_start_shows_its_log(other: State) -> None:
    start(other)
    cluster.stop(other)
    settings = other.data / "postgresql.conf"
    text = settings.read_text()
    settings.write_text(text + "no_such_setting = 1\n")
    with pytest.raises(MadpyError, match="the private cluster does not start") as raised:
        start(other)
    assert "no_such_setting" in (raised.value.detail or "")
    settings.write_text(text)


def test_a_cluster_of_another_version_is_left_alone(other: State, tmp_path: Path) -> None:
    old = State(tmp_path, other.pg_config)
    old.data.mkdir()
    (old.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(MadpyError, match="the private cluster is of PostgreSQL 9"):
        cluster.initialise(old)


def test_extension_is_made_anew_when_its_script_changed(
    other: State, capfd: pytest.CaptureFixture[str]
) -> None:
    address = start(other)
    with closing(address.connect()) as connection:

        def oid() -> int:
            return int(
                connection.query("SELECT oid FROM pg_extension WHERE extname = 'madpy'").getresult()[0][0]
            )

        update_extension(other, address)
        first = oid()
        update_extension(other, address)
        assert oid() == first
        (other.folder / "extension-made").write_text("of another script")
        connection.query("CREATE VIEW mine AS SELECT madlib.version()")
        update_extension(other, address)
        assert oid() == first
        assert "view mine depends on function madlib.version()" in capfd.readouterr().err
        connection.query("DROP VIEW mine")
        update_extension(other, address)
        assert oid() != first


def test_extension_with_projects_is_kept_until_they_are_dropped(
    other: State, capfd: pytest.CaptureFixture[str]
) -> None:
    address = start(other)
    update_extension(other, address)
    with closing(address.connect()) as connection:
        oid = "SELECT oid FROM pg_extension WHERE extname = 'madpy'"
        first = connection.query(oid).getresult()
        connection.query("SELECT pgml.__write('add_project', 'P'::text, 'regression'::text)")
        (other.folder / "extension-made").write_text("of another script")
        update_extension(other, address)
        assert connection.query(oid).getresult() == first
        assert "it has tables with your data in them" in capfd.readouterr().err
        connection.query("SELECT pgml.drop_project('P')")
        update_extension(other, address)
        assert connection.query(oid).getresult() != first


def test_extension_that_keeps_data_is_not_dropped(
    other: State, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    present = {"oid": 1, "version": __version__, "keeps_data": True}
    monkeypatch.setattr("madpy.dev.server.extension", lambda connection: present)
    update_extension(other, start(other))
    assert "it has tables with your data in them" in capfd.readouterr().err


# --- files ---


def test_mirror_replaces_by_rename_what_differs_and_removes_what_went(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for name, text in {"same.py": "1", "new.py": "2", "sub/changed.py": "3", "left.o": "x"}.items():
        place_file(source / name, text)
    for name, text in {"same.py": "1", "sub/changed.py": "old", "gone/gone.py": "4", "kept.o": "5"}.items():
        place_file(target / name, text)
    untouched = (target / "same.py").stat().st_ino
    with (target / "sub" / "changed.py").open() as still_open:
        changed = place.mirror(source, target, lambda path: path.suffix == ".py")
        assert still_open.read() == "old"
    assert {str(path) for path in changed} == {"new.py", "sub/changed.py", "gone/gone.py"}
    assert sorted(str(path) for path in place.files_below(target)) == [
        "kept.o",
        "new.py",
        "same.py",
        "sub/changed.py",
    ]
    assert (target / "same.py").stat().st_ino == untouched
    assert not (target / "gone").exists()


def place_file(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_each_checkout_has_a_state_folder_of_its_own(tmp_path: Path) -> None:
    folders = [state_folder(BOOTSTRAP)]
    for name in ("one", "two"):
        (tmp_path / name / "madpy" / "dev").mkdir(parents=True)
        folders.append(state_folder(Path(shutil.copy(BOOTSTRAP, tmp_path / name / "madpy" / "dev"))))
    assert len(set(folders)) == 3
    parent = "/var/lib/madpy" if os.geteuid() == 0 else str(CHECKOUT)
    assert str(Path(folders[0]).parent) == parent


def test_an_extra_that_there_is_not_is_refused(tmp_path: Path) -> None:
    for name in ("tests", "", ".*"):
        result = subprocess.run(
            [BOOTSTRAP, "--with", name, "true"],
            env={**os.environ, "MADPY_STATE": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 1
        assert result.stderr == (
            f"madpy: --with {name}: pyproject.toml has no such extra, only base gpu onnx test check bench\n"
        )
    assert list(tmp_path.iterdir()) == []


def bootstrap(state: Path, venv: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MADPY_STATE": str(state), **environment}
    words = [BOOTSTRAP, "--venv", venv, *command]
    return subprocess.run(words, env=environment, capture_output=True, text=True)


def test_one_server_has_one_pg_config_by_whatever_name_it_is_called(tmp_path: Path) -> None:
    """Debian has one in /usr/bin beside the version's own; all would be compiled again for another name."""
    other_name = tmp_path / "another_pg_config"
    other_name.write_text(f'#!/bin/sh\nexec {here().pg_config} "$@"\n')
    other_name.chmod(0o755)
    result = bootstrap(tmp_path, Path(sys.prefix), "sh", "-c", 'echo "$PG_CONFIG"', PG_CONFIG=str(other_name))
    assert result.stdout == f"{here().pg['bindir']}/pg_config\n", result.stderr
    assert (tmp_path / "pg_config").read_text() == result.stdout


def test_variables_that_steer_python_and_make_are_gone(tmp_path: Path) -> None:
    steering = ["PYTHONPATH", "PYTHONPYCACHEPREFIX", "PYTHONUSERBASE", "PIP_TARGET", "MAKEFILES", "COPT"]
    result = bootstrap(tmp_path, Path(sys.prefix), "env", **dict.fromkeys([*steering, "CDPATH"], "/nowhere"))
    assert "/nowhere" not in result.stdout
    assert f"MADPY_STATE={tmp_path}\n" in result.stdout


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n" * 5
            + "ERROR: Could not find a version that satisfies the requirement setuptools>=77",
            "the index of packages cannot be reached",
        ),
        ("ERROR: No matching distribution found for x\nERROR: y", "No matching distribution found for x"),
    ],
)
def test_what_pip_cannot_do_is_told_in_a_line(tmp_path: Path, said: str, told: str) -> None:
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = Path(sys.prefix, "madpy-made").read_text().split(" in ")[0]
    (venv / "madpy-made").write_text(f"{python} in {venv}\n")
    (venv / "bin" / "python").write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    (venv / "bin" / "python").chmod(0o755)
    result = bootstrap(tmp_path, venv, "true")
    expected = f'madpy: the Python packages of "base" cannot be installed: {told} ({tmp_path}/pip.log)\n'
    assert result.stderr.partition("\n")[2] == expected
    assert result.returncode == 1


def test_every_postgresql_here_is_compiled_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own, and one for each folder of packages that has the files, unless it is too old."""
    for version, files in {"14": True, "16": True, "17": False}.items():
        program = tmp_path / version / "bin" / "pg_config"
        place_file(program, PG_CONFIG.format(folder=tmp_path, version=version))
        program.chmod(0o755)
        if files:
            place_file(tmp_path / version / "include" / "postgres.h", "")
    monkeypatch.setattr(place, "BINARIES", (str(tmp_path.relative_to("/") / "*" / "bin"),))
    found = [one.pg_config for one in place.development_files(here())]
    assert found == [here().pg_config, f"{tmp_path}/16/bin/pg_config"]


def state_folder(script: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "MADPY_STATE"}
    return subprocess.run(
        [script, "--state"], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
