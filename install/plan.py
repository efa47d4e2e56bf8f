"""The steps of an installation or an upgrade: titled SQL, with every placeholder filled."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from madpy import __version__
from madpy.config import HOME, Config, Module
from madpy.errors import MadpyError
from madpy.install.expand import expanded
from madpy.install.statements import created_names, repeatable

Product = Literal["extension", "plain"]

OLDER_RELEASES: tuple[str, ...] = ()  # those an upgrade can start from, oldest first
MODULE_PATHNAME = "madpy"  # found along the server's dynamic_library_path


@dataclass(frozen=True)
class Step:
    """A part of a script: `title` for people, `sql` for the server."""

    title: str
    sql: str


@dataclass(frozen=True)
class Release:
    """A version of the templates under `home`, to be installed as `config` says."""

    config: Config
    version: str = __version__
    older: tuple[str, ...] = OLDER_RELEASES
    home: Path = HOME

    @property
    def schema(self) -> str:
        return self.config.schema


def install_steps(release: Release, product: Product) -> list[Step]:
    """Return the steps: checks, templates of the port and the modules, rights, a record for `plain`."""
    own = _own_steps(release)
    steps = [own("guard", "check that madpy can be installed")]
    if product == "plain":
        steps += [own("schema", "schema")]
    steps += [own("owned", "who may use the schema"), *template_steps(release)]
    steps += [own("grants", "rights on functions")]
    if product == "plain":
        steps += [own("record", "record what was made")]
    return [step if product == "extension" else _with_library(step) for step in steps]


def upgrade_steps(release: Release, product: Product, old: str) -> list[Step]:
    """Return the steps from `old`: migrations written by hand, then the templates, made repeatable."""
    if old not in release.older:
        known = ", ".join(release.older) or "none yet"
        raise MadpyError(
            f"there is no way to upgrade from madpy {old} to {release.version}",
            sqlstate="0A000",
            hint=f"run madpy uninstall, then madpy install.  Versions that can be upgraded: {known}.",
        )
    templates = template_steps(release)
    names = [name for step in templates for name in created_names(step.sql)]
    own = _own_steps(release, MADLIB_OLD_VERSION=old, MADLIB_NAMES=f"'{{{','.join(names)}}}'::text[]")
    steps = [own("guard_upgrade", f"check that madpy {old} is there"), *_migrations(release, old)]
    steps += [Step(step.title, repeatable(step.sql, step.title)) for step in templates]
    steps += [own("grants", "rights on new functions")]
    if product == "plain":
        steps += [own("record", "record what was made")]
    return [step if product == "extension" else _with_library(step) for step in steps]


def template_steps(release: Release) -> list[Step]:
    """Return a step for each template: common.sql, the port's others, then modules after their needs."""
    port = release.home / "ports" / release.config.port
    others = sorted(path for path in port.glob("*.sql") if path.name != "common.sql")
    paths = [port / "common.sql", *others]
    steps = [_template_step(release, path, f"ports/{port.name}/{path.name}") for path in paths]
    for module in release.config.modules:
        folder = release.home / "modules" / module.name
        first = folder / f"{module.name}.sql"
        for path in [first, *sorted(set(folder.rglob("*.sql")) - {first, folder / "check.sql"})]:
            title = f"module {module.name}" if path == first else f"module {module.name}, {path.stem}"
            steps.append(_template_step(release, path, title, module))
    return steps


def filled(template: str, release: Release, **placeholders: str) -> str:
    """Return `template` with its placeholders replaced; schema and version are always among them."""
    values = {
        **placeholders,
        "MADLIB_SCHEMAS": f"'{{{','.join(release.config.schemas)}}}'::pg_catalog.text[]",
        "MADLIB_OWN_SCHEMAS": json.dumps(
            {module.name: module.schema for module in release.config.modules if module.schema}
        ),
        "MADLIB_SCHEMA": release.schema,
        "MADLIB_VERSION": release.version,
    }
    for name, value in values.items():
        template = template.replace(name, value)
    return template


def own_schema(module: Module) -> dict[str, str]:
    """Return the placeholder of the schema of a module, if it has one of its own."""
    return {} if module.schema is None else {"MODULE_SCHEMA": module.schema}


def own_sql(release: Release, name: str, **placeholders: str) -> str:
    """Return the installer's own `sql/<name>.sql` with its placeholders replaced."""
    folder = release.home / "install" / "sql"
    objects = _read(folder / "objects.sql").rstrip()
    return filled(_read(folder / f"{name}.sql"), release, MADLIB_OBJECTS=objects, **placeholders)


def _own_steps(release: Release, **placeholders: str) -> Callable[[str, str], Step]:
    return lambda name, title: Step(title, own_sql(release, name, **placeholders))


def _template_step(release: Release, path: Path, title: str, module: Module | None = None) -> Step:
    template = expanded(_read(path), "" if module is None else module.label)
    return Step(title, filled(template, release, **({} if module is None else own_schema(module))))


def _migrations(release: Release, old: str) -> list[Step]:
    """Hand-written changes, `install/migrations/<from>--<to>.sql`, of every release since `old`."""
    releases = [*release.older[release.older.index(old) :], release.version]
    paths = [
        release.home / "install" / "migrations" / f"{earlier}--{later}.sql"
        for earlier, later in itertools.pairwise(releases)
    ]
    return [_template_step(release, path, f"migration {path.stem}") for path in paths if path.exists()]


def _with_library(step: Step) -> Step:
    return Step(step.title, step.sql.replace("MODULE_PATHNAME", MODULE_PATHNAME))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise MadpyError(f'cannot read template "{path}": {error.strerror}', sqlstate="58P01") from error
