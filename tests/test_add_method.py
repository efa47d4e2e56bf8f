"""A method is its folder, its tests folder and its entry in Config.yml: no other file is edited to add it.

tests/example/range becomes modules/range and tests/range of a copy of the checkout, which is built, installed
into a server of its own, called and tested there.  What is compiled stays in the state folder, so that a
second run is quick.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from madpy.dev import cluster
from madpy.dev.server import Address
from madpy.dev.state import State, here
from tests.session import Session
from tests.test_tree import ROOT

METHOD = ROOT / "tests" / "example" / "range"
ENTRY = "  range:\n    needs: [general]\n"
COPIED = ("benchmarks", "config", "helper", "install", "madpy", "modules", "ports", "tests", "worker")
# The tests of the method, its manual, and tests of all methods; with all of tests/drivers it takes minutes.
TESTS = (
    "tests/range",
    "tests/test_tree.py::test_a_method_is_a_folder_of_four_files_and_its_tests",
    "tests/test_tree.py::test_lists_of_trainings_in_tests_miss_none",
    "tests/test_tree.py::test_the_examples_of_a_manual_run[modules/range/README.md]",
    "tests/test_cancel.py::test_every_driver_is_among_the_calls",
    "tests/drivers/test_arguments.py",
    "tests/test_rights.py",
    "tests/test_statements.py",
    "tests/test_features_given_again.py",
    "tests/test_benchmarks.py::test_growth_is_measured_of_every_training",
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is installed and of its tests, with the method added."""
    folder = tmp_path_factory.mktemp("checkout")
    copy(ROOT / "pyproject.toml", folder)
    for name in COPIED:
        copytree(ROOT / name, folder / name, symlinks=True)
    copytree(METHOD, folder / "modules" / "range", ignore=ignore_patterns("tests"))
    copytree(METHOD / "tests", folder / "tests" / "range")
    with (folder / "config" / "Config.yml").open("a") as file:
        file.write(ENTRY)
    return folder


@pytest.fixture(scope="module")
def state(server: Address) -> State:
    """A state folder within the checkout's own, with an environment that has all its packages but madpy."""
    state = State(here().folder / "example", here().pg_config)
    state.folder.mkdir(mode=0o755, exist_ok=True)
    (state.folder / "pg_config").write_text(state.pg_config)
    packages = Path(sysconfig.get_path("purelib"))
    site = state.folder / "venv" / packages.relative_to(sys.prefix)
    if not site.is_dir():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", state.folder / "venv"], check=True)
    for package in packages.iterdir():
        if package.name != "madpy" and not (site / package.name).is_symlink():
            (site / package.name).symlink_to(package)
    return state


@pytest.fixture(scope="module")
def changed(state: State, checkout: Path) -> Iterator[Session]:
    """A session in a database with the copy's extension."""
    run(state, checkout, "madpy.dev.server", "start")
    try:
        with closing(Address(str(cluster.socket_folder(state))).connect()) as connection:
            connection.set_notice_receiver(lambda notice: None)
            yield Session(connection)
    finally:
        run(state, checkout, "madpy.dev.server", "stop")


def run(state: State, checkout: Path, *arguments: str) -> str:
    """Return what a module of the copy prints."""
    environment = {
        **os.environ,
        "MADPY_STATE": str(state.folder),
        "PGHOST": str(cluster.socket_folder(state)),
    }
    command = [state.folder / "venv" / "bin" / "python", "-m", *arguments]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_added_method_is_called(changed: Session) -> None:
    changed(
        """
        DROP TABLE IF EXISTS t, ranges, ranges_summary;
        CREATE TABLE t AS
        SELECT i % 2 AS g, i, nullif(i, 8) * 0.5::float8 AS a FROM generate_series(1, 10) AS i
        """
    )
    call = "madlib.range_train('t', 'ranges', 'ARRAY[i, a]', 'g')"
    result = changed(f"SELECT method, num_groups, num_rows_processed, num_missing_rows_skipped FROM {call}")
    assert result == [("range", 2, 9, 1)]
    assert changed("SELECT g, low, high FROM ranges ORDER BY g") == [
        (0, [2, 1], [10, 5]),
        (1, [1, 0.5], [9, 4.5]),
    ]


def test_its_errors_begin_with_its_name(changed: Session) -> None:
    error = changed.fails("SELECT madlib.range_train('nowhere', 'm', 'i')")
    assert error.message == 'range_train: table "nowhere" does not exist'


def test_its_states_are_an_aggregate(changed: Session) -> None:
    states = "SELECT madlib.column_range_state(ARRAY[i]::float8[]) AS s FROM generate_series(1, 9) AS i"
    merged = f"SELECT madlib.column_range_merge(s) FROM ({states} GROUP BY i % 3) AS parts"
    assert changed.value(f"SELECT ({merged}) = ({states})") is True


def test_its_self_test_is_run(changed: Session, state: State, checkout: Path) -> None:
    said = run(state, checkout, "madpy.cli", "check", "-d", "madpy", "-U", cluster.SUPERUSER)
    assert "range" in said


def test_its_tests_and_those_of_every_training_pass(changed: Session, state: State, checkout: Path) -> None:
    run(state, checkout, "pytest", "--tb=short", *TESTS)
