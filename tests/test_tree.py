"""The tree keeps its rules: layout, names of the SQL interface, and manuals whose examples run.

That a method is added by its folder, its tests folder and its entry in Config.yml alone is in
tests/test_add_method.py.
"""

import ast
import importlib
import inspect
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from madpy.config import load
from madpy.dev import place
from madpy.dev.server import Address
from madpy.dev.state import here
from tests.drivers.drivers import DRIVERS
from tests.manuals import run_examples
from tests.session import Session
from tests.shards.methods import METHODS

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = sorted(path.name for path in ROOT.glob("modules/[a-z]*") if path.is_dir() and path.name != "common")
MANUALS = [ROOT / "README.md", *sorted(ROOT.glob("modules/*/README.md"))]
DOCUMENTS = sorted(
    {
        *(
            path
            for name in ("*.md", "*/README.md", "docs/**/*.md", "dbt/**/*.md")
            for path in ROOT.glob(name)
        ),
        *MANUALS,
    }
)


def source_files() -> list[Path]:
    """Return the files of the repository, those of the next commit included."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "-C",
        str(ROOT),
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return [path for path in map(ROOT.joinpath, listed) if path.is_file() and not path.is_symlink()]


# --- folders ---


def test_config_lists_the_folders_of_modules() -> None:
    assert sorted(module.name for module in load().modules) == FOLDERS


@pytest.mark.parametrize("method", FOLDERS)
def test_a_method_is_a_folder_of_four_files_and_its_tests(method: str) -> None:
    files = [f"modules/{method}/{name}" for name in (f"{method}.sql", "driver.py", "core.py", "README.md")]
    tests = [f"tests/{method}/{name}" for name in ("calls.py", "test_core.py", "test_sql.py")]
    assert [name for name in files + tests if not (ROOT / name).is_file()] == []


def test_lists_of_trainings_in_tests_miss_none() -> None:
    """tests/drivers/test_arguments.py compares DRIVERS with the functions of the extension."""
    calls = [method.call for method in METHODS.values()]
    assert {call.split("(")[0] for call in calls} == DRIVERS.keys()


def test_a_top_level_folder_is_the_package_of_its_name() -> None:
    setup = runpy.run_path(str(ROOT / "setup.py"))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - setup["NOT_SHIPPED"]
    links = {path.name: path.readlink() for path in ROOT.glob("madpy/*") if path.is_symlink()}
    assert links == {name: Path("..", name) for name in packages}


def test_the_package_for_dbt_is_sql_and_yaml() -> None:
    """There is no Python package in it: dbt reads it, and nothing of it is in a wheel."""
    suffixes = {path.suffix for path in source_files() if path.relative_to(ROOT).parts[0] == "dbt"}
    assert suffixes == {".sql", ".yml", ".yaml", ".csv", ".md", ".txt"}


def test_every_folder_at_the_top_says_what_it_is() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in source_files() if path.parent != ROOT}
    without = {name for name in folders if not (ROOT / name / "README.md").is_file()}
    assert {name for name in without if not name.startswith(".")} == set()


def test_a_wheel_has_the_files_that_the_private_cluster_gets() -> None:
    setup = runpy.run_path(str(ROOT / "setup.py"))
    in_wheel = {
        Path(*package.split(".")[1:], path.name)
        for package, folder in setup["package_folders"]().items()
        for pattern in ["*.py", *setup["DATA"]]
        for path in ROOT.glob(f"{folder}/{pattern}")
    }
    copied = {path for path in place.files_below(ROOT / "madpy") if path.name.endswith(place.PACKAGED)}
    assert in_wheel == copied


def test_packed_models_have_the_numbers_of_the_config() -> None:
    """A method's layout.py has them too, which tests/test_layouts.py compares with C."""
    numbers = {module.name: {module.model} - {None} for module in load().modules}
    found: dict[str, set[int]] = {name: set() for name in numbers}
    for path in ROOT.glob("modules/*/layout.py"):
        layout = importlib.import_module(f"madpy.modules.{path.parent.name}.layout")
        found[path.parent.name] = {value for name, value in vars(layout).items() if name.startswith("MODEL_")}
    assert found == numbers


# --- C ---


def symbols(path: Path) -> tuple[set[str], set[str]]:
    """Return the symbols that an object file defines for others, and those that it takes from them."""
    lines = subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()
    parts = [line.split()[-2:] for line in lines]
    return {name for kind, name in parts if kind in "TDBRi"}, {name for kind, name in parts if kind == "U"}


@pytest.fixture(scope="module")
def uses(server: Address) -> dict[Path, dict[str, Path]]:
    """For each object file of the library the symbols of others that it uses, and where these are."""
    folder = here().folder / "c" / "private"
    objects = {path.relative_to(folder): symbols(path) for path in sorted(folder.rglob("*.o"))}
    home = {name: path for path, (defined, _) in objects.items() for name in defined}
    return {
        path: {name: home[name] for name in used & home.keys() if home[name] != path}
        for path, (_, used) in objects.items()
    }


def test_no_methods_object_uses_a_symbol_of_anothers(uses: dict[Path, dict[str, Path]]) -> None:
    """The engine uses no method either; common arithmetic, modules/common, is there for all."""
    shared = {("ports", "postgres"), ("modules", "common")}
    taken = {
        f"{path.name} uses {name} of {source.name}"
        for path, used in uses.items()
        for name, source in used.items()
        if source.parts[:2] not in {path.parts[:2], *shared}
    }
    assert taken == set()
    folders = {path.parts[1] for path in uses}
    assert folders >= {"common", "dtree", "kmeans", "nb", "postgres", "regr"}


def test_no_object_files_use_each_other_in_a_circle(uses: dict[Path, dict[str, Path]]) -> None:
    """Nor by way of others: each can be understood after those that it uses."""
    after = {path: set(used.values()) for path, used in uses.items()}
    while True:
        free = {path for path, used in after.items() if not used & after.keys()}
        if not free:
            break
        after = {path: used for path, used in after.items() if path not in free}
    assert {path.stem for path in after if any(path in used for used in after.values())} == set()


# --- Python ---


@pytest.mark.parametrize("method", FOLDERS)
def test_core_imports_numpy_and_scipy_only(method: str) -> None:
    """Besides them what methods share, and the names of its own C headers (tests/test_layouts.py)."""
    nodes = list(ast.walk(ast.parse((ROOT / "modules" / method / "core.py").read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)]
    allowed = sys.stdlib_module_names | {"numpy", "scipy"}
    ours = ("madpy.modules.common.", f"madpy.modules.{method}.layout", "madpy.ports.postgres.layouts.")
    others = [name for name in names if name.split(".")[0] not in allowed]
    assert [name for name in others if not name.startswith(ours)] == []


def test_a_layout_imports_numpy_only() -> None:
    """A file of names of a C header, as core.py takes them, knows nothing else."""
    for path in (path for path in source_files() if "\nC_HEADER = " in path.read_text(errors="replace")):
        nodes = ast.walk(ast.parse(path.read_text()))
        modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
        assert set(modules) <= {"enum"}, path


def test_no_file_names_a_home_or_a_registry() -> None:
    forbidden = re.compile(
        rb"/(?:ro[o]t|ho[m]e)/\w|\bpypi[.]org|pythonhosted[.]org|\bdeb[.]debian[.]org|\.pyen[v]"
    )
    named = {
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in source_files()
        for match in forbidden.finditer(path.read_bytes())
    }
    assert named == set()


def test_one_c_source_knows_the_versions_of_postgresql() -> None:
    sources = [*ROOT.glob("ports/postgres/src/*/*.[ch]"), *ROOT.glob("modules/**/*.[ch]")]
    assert [path.name for path in sources if "PG_VERSION_NUM" in path.read_text()] == ["compat.h"]


def test_c_builds_with_the_headers_of_the_servers_packages() -> None:
    """Most headers of libpq/ include libpq-be.h, which wants Kerberos's; no package of the server has it."""
    sources = [*ROOT.glob("ports/postgres/src/*/*.[ch]"), *ROOT.glob("modules/**/*.[ch]")]
    named = {header for path in sources for header in re.findall(r'#include "(libpq/\S+)"', path.read_text())}
    assert named == {"libpq/pqformat.h"}


# --- SQL, as the installed extension has it ---


def test_every_function_and_type_has_a_comment(sql: Session) -> None:
    without = sql(
        """
        SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
        WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
            AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'madpy')
            AND classid IN ('pg_proc'::regclass, 'pg_type'::regclass)
            AND obj_description(objid, classid::regclass::text) IS NULL
            -- from PostgreSQL 17 on members too: the array type of a type, the row type of a view
            AND NOT (classid = 'pg_type'::regclass AND objid IN (
                SELECT typarray FROM pg_type UNION SELECT reltype FROM pg_class WHERE relkind <> 'c'))
        """
    )
    assert without == []


# Functions that others call in C, and whose errors begin with the name of the one that a user called.
CALLED = {"pgml.__models_of_table(text)": "pgml.explain"}


def test_arguments_have_the_names_of_the_drivers_parameters(sql: Session) -> None:
    wrappers = sql(
        """
        SELECT oid::regprocedure::text, prosrc,
               coalesce(proargnames[1:pronargs], '{}') FROM pg_proc
        WHERE pronamespace IN ('madlib'::regnamespace, 'pgml'::regnamespace)
            AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpython3u')
        """
    )
    for name, text, arguments in wrappers:
        pattern = r"SD\['run'\]\(plpy, '\w+', '(\w+)(?:\.(\w+(?:\.\w+)?))?\.(\w+)', args, '([\w.]*)'\)"
        call = re.search(pattern, text)
        assert call is not None, f"{name} does not go through udf.run"
        module, file, function, prefix = call.groups()
        label = prefix if prefix.startswith("pgml.") else f"madlib.{prefix}"
        begin = CALLED.get(name, name.split("(")[0])
        assert f"{label}{function}" == begin, f"errors do not begin with {begin}"
        driver = importlib.import_module(f"madpy.modules.{module}.{file or 'driver'}")
        parameters = list(inspect.signature(getattr(driver, function)).parameters)[1:]
        assert arguments == parameters, name


# --- documents ---


@pytest.mark.parametrize("manual", MANUALS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of_a_manual_run(manual: Path, database: Address, sql: Session, schema: str) -> None:
    run_examples(manual, database, schema)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_in_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
    assert [name for name in targets if "://" not in name and not (document.parent / name).exists()] == []


def test_files_that_the_architecture_mentions_exist() -> None:
    """Whatever stands in backquotes and looks like a path: with a slash or a suffix that files here have."""
    words = re.findall(r"`([\w./*<>-]+)`", (ROOT / "ARCHITECTURE.md").read_text())
    names = {
        word
        for word in words
        if "/" in word or Path(word).suffix in (".py", ".sql", ".md", ".c", ".yml", ".sh")
    }
    names = {re.sub(r"<\w+>", "*", name).rstrip("/") for name in names if not name.startswith(("/", ".."))}
    assert sorted(name for name in names if not any(ROOT.glob(name)) and not any(ROOT.rglob(name))) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_files_that_a_document_names_are_there(document: Path) -> None:
    """A path in backquotes, from the root or from within; decisions name files as they are called now."""
    named = set(re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|c|h|sql|sh|yml))`", document.read_text()))
    assert sorted(name for name in named if not any(ROOT.glob(name)) and not any(ROOT.rglob(name))) == []
