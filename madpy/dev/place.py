"""Build the library and put it in place: for the private cluster, or into the system's PostgreSQL.

Files are put in place by rename and only where they differ.  A session that has the old library open keeps
it, new sessions load the new one, and nothing has to be started again.
"""

import compileall
import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from madpy.dev.state import CHECKOUT, State, here, say
from madpy.errors import MadpyError
from madpy.install.doctor import OLDEST_POSTGRES

C_SOURCES = ("ports/postgres", "modules")  # folders with C in them
BINARIES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/pgsql/bin")  # where packages put them
PACKAGED = (".py", ".sql", ".yml", ".md", ".csv", ".csv.gz", ".control")


def main(command: str) -> None:
    """Run `build` for the private cluster, `install` into the system, or `check`: warnings are errors."""
    state = here()
    match command:
        case "build":
            refresh(state)
            print(f"built: {state.root}")
        case "install":
            install(state)
        case "check":
            check(state)


def refresh(state: State) -> list[str]:
    """Bring the private cluster's copy of the library up to date; return the names of changed files."""
    changed = refresh_package(state.site / "madpy")
    if not state.root.exists():
        say("building the C library")
    stage = state.folder / "stage"
    build(state, c_folder(state, "private"), stage)
    changed += mirror(stage, state.root)
    return [path.name for path in changed]


def install(state: State) -> None:
    """Install into the system's PostgreSQL, and list the files beside the Python part for uninstalling."""
    home = Path(sys.prefix)
    refresh_package(state.site / "madpy")
    stage = state.folder / "stage-install"
    build(state, c_folder(state, "install"), stage, python_path=state.site)
    program, link = home / "bin" / "madpy", home.parents[1] / "bin" / "madpy"
    files = [Path("/") / path for path in files_below(stage)]
    listed = home / "installed"
    before = [Path(line) for line in listed.read_text().splitlines()] if listed.exists() else []
    try:
        listed.write_text("".join(f"{path}\n" for path in {*before, *files}))
        for path in files:
            replace(stage / path.relative_to("/"), path)
        if link in before or not os.path.lexists(link):
            link.unlink(missing_ok=True)
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(program)
            files.append(link)
        for path in set(before) - set(files):
            path.unlink(missing_ok=True)
        listed.write_text("".join(f"{path}\n" for path in files))
    except PermissionError as error:
        raise MadpyError(f'"{error.filename}" is not writable', hint="run sudo make install") from None
    print("installed:", home, *files, sep="\n  ")
    print("In a database of that server, as superuser: CREATE EXTENSION madpy CASCADE;")


def check(state: State) -> None:
    """Compile for every PostgreSQL of this machine that madpy supports; a warning is an error."""
    for one in development_files(state):
        make(c_folder(one, f"check-{one.major}"), one, "warnings")
        say(f"compiles without a warning: {one.pg['version']}")


def development_files(state: State) -> list[State]:
    """Return the state for each PostgreSQL of this machine with headers to compile for, its own first."""
    installed = [path for folder in BINARIES for path in sorted(Path("/").glob(f"{folder}/pg_config"))]
    paths = dict.fromkeys([state.pg_config, *map(str, installed)])
    states = [dataclasses.replace(state, pg_config=path) for path in paths]
    return [
        other
        for other in states
        if int(other.major) >= OLDEST_POSTGRES and Path(other.pg["includedir-server"], "postgres.h").exists()
    ]


def refresh_package(target: Path) -> list[Path]:
    """Copy the Python package; compiled at once, because the server's user may not write beside it."""
    changed = mirror(CHECKOUT / "madpy", target, lambda path: path.name.endswith(PACKAGED))
    if changed:
        compileall.compile_dir(target, quiet=2)
    return changed


def build(state: State, folder: Path, stage: Path, python_path: Path | None = None) -> None:
    """Compile, render the SQL, and lay out the files of an installation under `stage`."""
    extension = folder / "extension"
    shutil.rmtree(extension, ignore_errors=True)
    call(
        [sys.executable, "-m", "madpy.install.build", str(extension)],
        "the SQL cannot be rendered",
        cwd=CHECKOUT,
    )
    options = [f"EXTDIR={extension.name}"]
    if python_path:
        options.append(f"PYTHON_PATH={python_path}")
    make(folder, state, "all", *options)
    shutil.rmtree(stage, ignore_errors=True)
    make(folder, state, "install", f"DESTDIR={stage}", *options)


def c_folder(state: State, purpose: str) -> Path:
    """Return a folder to compile in, with the current sources; it is created again for another PostgreSQL."""
    folder = state.folder / "c" / purpose
    made_for = f"{state.pg['version']} {state.pg_config} {sys.prefix}"
    mark = folder / "made-for"
    if not mark.exists() or mark.read_text() != made_for:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        mark.write_text(made_for)
    version = Path("madpy", "__init__.py")  # the Makefile reads the version from it
    if not same(CHECKOUT / version, folder / version):
        replace(CHECKOUT / version, folder / version)
    sources = folder / "ports" / "postgres"
    changed = [
        folder / name / path
        for name in C_SOURCES
        for path in mirror(CHECKOUT / name, folder / name, is_compiled_from)
    ]
    if any(not path.exists() for path in changed):  # a part of the library has no source any more
        make(sources, state, "clean")
    for compiled in folder.rglob("*.o"):
        if not compiled.with_suffix(".c").exists():
            compiled.unlink()
    return sources


def is_compiled_from(path: Path) -> bool:
    return path.suffix in (".c", ".h") or path.name == "Makefile"


def make(folder: Path, state: State, target: str, *options: str) -> str:
    command = ["make", "-s", f"-j{os.cpu_count()}", "-C", str(folder), target, "with_llvm=no"]
    return call([*command, f"PG_CONFIG={state.pg_config}", *options], "the C library cannot be built")


def call(command: list[str], failure: str, cwd: Path | None = None) -> str:
    """Run a program and return its output; if it fails, the error shows the output."""
    result = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        raise MadpyError(f"{failure}:\n$ {' '.join(command)}\n{result.stdout.strip()}")
    return result.stdout


def mirror(source: Path, target: Path, wanted: Callable[[Path], bool] = lambda path: True) -> list[Path]:
    """Make the wanted files below `target` equal to those below `source`; return the paths that changed."""
    files = {path for path in files_below(source) if wanted(path)}
    stale = {path for path in files_below(target) if wanted(path)} - files
    changed = [path for path in sorted(files) if not same(source / path, target / path)]
    for path in changed:
        replace(source / path, target / path)
    for path in stale:
        (target / path).unlink()
        shutil.rmtree(target / path.parent / "__pycache__", ignore_errors=True)
        remove_empty(target / path.parent, target)
    return changed + sorted(stale)


def files_below(folder: Path) -> Iterator[Path]:
    """List relative paths of the files below a folder; follow links, but those that dbt makes to packages.

    Compiled Python is left out.
    """
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if name not in ("__pycache__", "dbt_packages")]
        yield from (Path(parent, name).relative_to(folder) for name in names)


def same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()


def replace(source: Path, target: Path) -> None:
    """Copy by rename.  The copy gets the current time: make sees a change if git restored an old file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copyfile(source, temporary)
    temporary.chmod(0o755 if target.suffix == ".so" else 0o644)
    temporary.replace(target)


def remove_empty(folder: Path, top: Path) -> None:
    while folder != top and folder.exists() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except MadpyError as error:
        sys.exit("\n".join(filter(None, (f"madpy: {error.message}", error.detail, error.hint))))
