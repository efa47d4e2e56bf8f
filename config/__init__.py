"""The contents of an installation: `Config.yml`, checked as it is read, so that later code can rely on it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from madpy.errors import MadpyError

HOME = Path(__file__).parent.parent  # the folder that holds config/, install/, modules/ and ports/

COMMON = "common"  # the folder under modules/ with what methods share: no module


@dataclass(frozen=True)
class Module:
    """One folder under modules/."""

    name: str
    needs: tuple[str, ...] = ()  # names of those that must be installed before it
    prefix: str = ""  # prefix of the SQL names of its drivers
    model: int | None = None  # the number that its packed models have in their header
    schema: str | None = None  # a schema of its own beside the library's

    @property
    def label(self) -> str:
        """The beginning of the names of its drivers in error messages."""
        return f"{self.schema}.{self.prefix}" if self.schema else self.prefix


@dataclass(frozen=True)
class Config:
    """A checked configuration; `modules` come in the order in which they are installed."""

    schema: str
    port: str
    modules: tuple[Module, ...]

    @property
    def schemas(self) -> tuple[str, ...]:
        """The library's schema, and those of modules that have their own."""
        return (self.schema, *(module.schema for module in self.modules if module.schema))

    def with_schema(self, schema: str | None) -> "Config":
        """Return the configuration with another schema, or unchanged for None."""
        return self if schema is None else _distinct(replace(self, schema=check_schema(schema)))

    def with_own_schemas(self, schemas: Mapping[str, str]) -> "Config":
        """Return the configuration with other schemas for modules that have their own, by module."""
        for name in schemas:
            _one_of(name, "modules", [module.name for module in self.modules if module.schema])
        modules = (
            replace(module, schema=check_schema(schemas[module.name])) if module.name in schemas else module
            for module in self.modules
        )
        return _distinct(replace(self, modules=tuple(modules)))


def load(path: Path | None = None, home: Path = HOME) -> Config:
    """Read and check `path`, by default the `Config.yml` that comes with madpy."""
    path = path or home / "config" / "Config.yml"
    content = _mapping(_parse(path), path.name, known=("schema", "port", "modules"))
    for key in ("schema", "port", "modules"):
        if content.get(key) is None:
            raise MadpyError(f'"{key}" is missing from {path.name}')
    port = _one_of(_text(content["port"], "port"), "port", _folders(home / "ports"))
    known = [name for name in _folders(home / "modules") if name != COMMON]
    modules = list(_modules(content["modules"], known))
    _check_models(modules)
    schema = check_schema(_text(content["schema"], "schema"))
    return _distinct(Config(schema, port, tuple(in_needed_order(modules))))


def check_schema(name: str) -> str:
    """Return `name` if it needs no quotes in SQL: it is put into the text of templates."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name.startswith("pg_"):
        raise MadpyError(
            f'schema "{name}" is not a simple identifier',
            sqlstate="42602",
            hint="Use lower-case letters, digits and underscores, not starting with a digit or with pg_.",
        )
    return name


def in_needed_order(modules: list[Module]) -> list[Module]:
    """Sort modules so that each comes after those that it needs; raise an error that shows a cycle."""
    by_name = {module.name: module for module in modules}
    ordered: dict[str, Module] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = (*path[path.index(name) :], name)
            raise MadpyError(f"modules need each other in a circle: {' -> '.join(circle)}")
        for needed in by_name[name].needs:
            visit(needed, (*path, name))
        ordered.setdefault(name, by_name[name])

    for module in modules:
        visit(module.name, ())
    return list(ordered.values())


def _parse(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MadpyError(f'cannot read "{path}": {error.strerror}', sqlstate="58P01") from error
    except yaml.YAMLError as error:
        raise MadpyError(f'"{path}" is not valid YAML', detail=str(error)) from error


def _modules(entries: Any, folders: list[str]) -> Iterator[Module]:
    listed = _mapping(entries, "modules", known=folders, what="module")
    for name, options in listed.items():
        where = f"modules.{name}"
        given = _mapping(options or {}, where, known=("needs", "prefix", "model", "schema"))
        needs = given.get("needs") or []
        if not isinstance(needs, list):
            raise MadpyError(f'"{where}.needs" must be a list of modules, not {needs!r}')
        for needed in needs:
            _one_of(_text(needed, f"{where}.needs"), f"{where}.needs", listed)
        prefix = _text(given.get("prefix", f"{name}_"), f"{where}.prefix")
        if not re.fullmatch(r"([a-z][a-z0-9_]*)?", prefix):
            raise MadpyError(f'"{where}.prefix" must be the beginning of a name, not {prefix!r}')
        schema = given.get("schema")
        if schema is not None:
            check_schema(_text(schema, f"{where}.schema"))
        yield Module(name, tuple(needs), prefix, _model(given.get("model"), f"{where}.model"), schema)


def _model(number: Any, where: str) -> int | None:
    if number is not None and (type(number) is not int or number < 1):
        raise MadpyError(f'"{where}" must be a number from 1 on, not {number!r}')
    return number


def _check_models(modules: Iterable[Module]) -> None:
    """Raise where two modules' packed models would have the same number."""
    seen: dict[int, str] = {}
    for module in modules:
        if module.model is not None and seen.setdefault(module.model, module.name) != module.name:
            raise MadpyError(
                f"models of {seen[module.model]} and {module.name} have the same number, {module.model}",
                hint=f"Give {module.name} a number that no release has had.",
            )


def _distinct(config: Config) -> Config:
    """Return the configuration; raise an error where two parts of it would have one schema."""
    twice = sorted({name for name in config.schemas if config.schemas.count(name) > 1})
    if twice:
        raise MadpyError(
            f'schema "{twice[0]}" is named twice', hint="Give each module that has a schema another one."
        )
    return config


def _mapping(value: Any, where: str, known: Iterable[str], what: str = "key") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise MadpyError(f'"{where}" must be a mapping of {what}s, not {value!r}')
    for key in value:
        if key not in known:
            raise MadpyError(f'unknown {what} "{key}" in {where}', hint=f"Known are: {', '.join(known)}.")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise MadpyError(f'"{where}" must be text, not {value!r}')
    return value


def _one_of(value: str, where: str, known: Iterable[str]) -> str:
    if value not in known:
        raise MadpyError(f'"{where}" names an unknown "{value}"', hint=f"Known are: {', '.join(known)}.")
    return value


def _folders(parent: Path) -> list[str]:
    folders = (entry.name for entry in parent.iterdir() if entry.is_dir())
    return sorted(name for name in folders if not name.startswith(("_", ".")))
