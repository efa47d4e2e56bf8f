"""Config.yml is checked as it is read: what is wrong is named, and what would have been right."""

from pathlib import Path

import pytest

from madpy import config
from madpy.errors import MadpyError

GOOD = {"schema": "madlib", "port": "postgres", "modules": "{a: , b: {needs: [c]}, c: {needs: [a]}}"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("config", "ports/postgres", "modules/a", "modules/b", "modules/c", "modules/__pycache__"):
        (tmp_path / folder).mkdir(parents=True)
    return tmp_path


def load(home: Path, **changes: str) -> config.Config:
    lines = {**GOOD, **changes}
    (home / "config" / "Config.yml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))
    return config.load(home=home)


def test_the_shipped_file_is_good():
    shipped = config.load()
    assert (shipped.schema, shipped.port) == ("madlib", "postgres")
    assert {"general", "regr"} <= {module.name for module in shipped.modules}


def test_a_prefix_is_the_name_of_the_folder_unless_there_is_another(home):
    modules = load(home, modules="{a: {prefix: ''}, b: {prefix: x_, model: 7}, c: }").modules
    assert [(module.prefix, module.model) for module in modules] == [("", None), ("x_", 7), ("c_", None)]


def test_modules_come_after_what_they_need(home):
    assert [module.name for module in load(home).modules] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"colour": "red"}, 'unknown key "colour" in Config.yml', "Known are: schema, port, modules."),
        ({"port": "oracle"}, '"port" names an unknown "oracle"', "Known are: postgres."),
        ({"port": "[postgres]"}, "\"port\" must be text, not ['postgres']", None),
        ({"schema": "12"}, '"schema" must be text, not 12', None),
        ({"schema": ""}, '"schema" is missing from Config.yml', None),
        ({"modules": "[a, b]"}, "\"modules\" must be a mapping of modules, not ['a', 'b']", None),
        ({"modules": "{a: , z: }"}, 'unknown module "z" in modules', "Known are: a, b, c."),
        (
            {"modules": "{a: {need: [b]}}"},
            'unknown key "need" in modules.a',
            "Known are: needs, prefix, model, schema.",
        ),
        ({"modules": "{a: {needs: b}, b: }"}, "\"modules.a.needs\" must be a list of modules, not 'b'", None),
        ({"modules": "{a: {needs: [b]}}"}, '"modules.a.needs" names an unknown "b"', "Known are: a."),
        ({"modules": "{a: {prefix: 1}}"}, '"modules.a.prefix" must be text, not 1', None),
        (
            {"modules": "{a: {prefix: 'A-'}}"},
            "\"modules.a.prefix\" must be the beginning of a name, not 'A-'",
            None,
        ),
        ({"modules": "{a: {model: x}}"}, "\"modules.a.model\" must be a number from 1 on, not 'x'", None),
        ({"modules": "{a: {model: 0}}"}, '"modules.a.model" must be a number from 1 on, not 0', None),
        (
            {"modules": "{a: {model: 3}, b: {model: 3}}"},
            "models of a and b have the same number, 3",
            "Give b a number that no release has had.",
        ),
        ({"modules": "{a: {needs: [a]}}"}, "modules need each other in a circle: a -> a", None),
        (
            {"modules": "{a: , b: {needs: [a, c]}, c: {needs: [b]}}"},
            "modules need each other in a circle: b -> c -> b",
            None,
        ),
    ],
)
def test_what_is_wrong_is_named(home, changes, message, hint):
    with pytest.raises(MadpyError) as caught:
        load(home, **changes)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("name", ["Madlib", "mad lib", "1st", "pg_madlib", 'a"b', "a;b", "é", "a" * 64, ""])
def test_a_schema_is_a_simple_identifier(name):
    with pytest.raises(MadpyError, match="is not a simple identifier"):
        config.load().with_schema(name)


def test_a_missing_file_and_bad_yaml(tmp_path):
    with pytest.raises(MadpyError, match="No such file"):
        config.load(tmp_path / "none.yml")
    (tmp_path / "bad.yml").write_text("a: [")
    with pytest.raises(MadpyError, match="is not valid YAML"):
        config.load(tmp_path / "bad.yml")
