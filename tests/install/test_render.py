"""The scripts, as text."""

import re

import pytest

from madpy import __version__
from madpy.config import load
from madpy.errors import MadpyError
from madpy.install.build import build
from madpy.install.plan import Product, Release
from madpy.install.render import install_script, render, upgrade_script

PLACEHOLDERS = re.compile(r"MADLIB_\w+")


def test_templates_come_in_needed_order(release: Release) -> None:
    (release.home / "ports" / "postgres" / "another.sql").write_text("SELECT 'another';")
    titles = re.findall(r"^-- ---- (.*) ----$", install_script(release, "extension"), re.MULTILINE)
    assert titles == [
        "check that madpy can be installed",
        "who may use the schema",
        "ports/postgres/common.sql",
        "ports/postgres/another.sql",
        "module a",
        "module b",
        "rights on functions",
    ]


@pytest.mark.parametrize("product", ["extension", "plain"])
def test_every_placeholder_is_filled(product: Product) -> None:
    script = render(load(), product)
    assert PLACEHOLDERS.findall(script) == []
    assert f"madpy {__version__}" in script


def test_the_schema_is_the_one_of_the_configuration() -> None:
    script = re.sub("--.*", "", render(load().with_schema("ml"), "plain"))
    assert "CREATE SCHEMA IF NOT EXISTS ml;" in script
    assert "madlib" not in script


def test_the_plain_script_is_one_transaction(release: Release) -> None:
    lines = install_script(release, "plain").splitlines()
    assert lines[1:3] == ["\\set ON_ERROR_STOP on", "BEGIN;"]
    assert lines[-1] == "COMMIT;"


def test_where_the_library_is(release: Release) -> None:
    assert "AS 'madpy', 'madpy_version'" in install_script(release, "plain")
    assert "AS 'MODULE_PATHNAME', 'madpy_version'" in install_script(release, "extension")


def test_a_missing_template_is_named(release: Release) -> None:
    (release.home / "modules" / "b" / "b.sql").unlink()
    with pytest.raises(MadpyError, match=r'cannot read template ".*/modules/b/b.sql": No such file'):
        install_script(release, "plain")


def test_the_files_of_the_extension(release: Release) -> None:
    folder = release.home / "built"
    assert [path.name for path in build(folder, release)] == [
        "madpy.control",
        "madpy--2.sql",
        "madpy--1--2.sql",
    ]
    control = (folder / "madpy.control").read_text()
    assert "default_version = '2'" in control
    assert "schema = madlib" in control


def test_no_upgrade_from_an_unknown_version(release: Release) -> None:
    with pytest.raises(MadpyError, match="there is no way to upgrade from madpy 7 to 2"):
        upgrade_script(release, "plain", "7")


def test_this_version_can_be_upgraded_to_itself() -> None:
    """Whatever is in the templates, an upgrade can repeat it: found out now, not at the next release."""
    script = upgrade_script(Release(load(), "next", older=(__version__,)), "extension", __version__)
    assert PLACEHOLDERS.findall(script) == []
