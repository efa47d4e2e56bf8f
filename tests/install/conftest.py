"""A small library of its own for the installer to install, and databases to install it into."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from madpy import config
from madpy.config import Config, Module
from madpy.dev.server import Address
from madpy.dev.state import here
from madpy.install import apply
from madpy.install.build import build
from madpy.install.plan import Product, Release
from madpy.install.state import Installation
from madpy.ports.postgres import plpy
from madpy.ports.postgres.session.db import Database

NUMBERS = count(1)

TEMPLATES = {
    "ports/postgres/common.sql": """
        CREATE DOMAIN MADLIB_SCHEMA.percent AS double precision CHECK (value BETWEEN 0 AND 100);
        CREATE TYPE MADLIB_SCHEMA.pair AS (first integer, second integer);
        CREATE FUNCTION MADLIB_SCHEMA.__c_version() RETURNS text
        LANGUAGE c IMMUTABLE AS 'MODULE_PATHNAME', 'madpy_version';
    """,
    "modules/a/a.sql": """
        CREATE FUNCTION MADLIB_SCHEMA.version() RETURNS text LANGUAGE sql AS $$SELECT 'MADLIB_VERSION'$$;
        CREATE FUNCTION MADLIB_SCHEMA.twice(x integer) RETURNS integer LANGUAGE sql AS $$SELECT 2 * x$$;
        CREATE FUNCTION MADLIB_SCHEMA.to_pair(x integer) RETURNS MADLIB_SCHEMA.pair
        LANGUAGE sql AS $$SELECT x, x$$;
        CREATE CAST (integer AS MADLIB_SCHEMA.pair) WITH FUNCTION MADLIB_SCHEMA.to_pair(integer);
    """,
    "modules/b/b.sql": """
        CREATE AGGREGATE MADLIB_SCHEMA.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
        CREATE VIEW MADLIB_SCHEMA.four AS SELECT MADLIB_SCHEMA.twice(2) AS four;
        CREATE FUNCTION MADLIB_SCHEMA.thrice(x integer) RETURNS integer
        LANGUAGE plpython3u AS $$return 3 * x$$;
    """,
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A tree with the installer's own SQL and the templates above."""
    shutil.copytree(config.HOME / "install" / "sql", tmp_path / "install" / "sql")
    for name, text in TEMPLATES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copy(config.HOME / "ports" / "postgres" / "madpy.control", tmp_path / "ports" / "postgres")
    return tmp_path


@pytest.fixture
def release(home: Path) -> Release:
    """Version 2 of it, which 1 can be upgraded to; module b, listed first, needs module a."""
    modules = (Module("a"), Module("b", ("a",)))
    return Release(Config("madlib", "postgres", modules), version="2", older=("1",), home=home)


@pytest.fixture
def older(release: Release) -> Release:
    return Release(release.config, version="1", home=release.home)


@pytest.fixture
def name(server: Address) -> Iterator[str]:
    """A fresh database."""
    name = f"madpy_install_{os.getpid()}_{next(NUMBERS)}"
    with closing(server.connect("postgres")) as maintenance:
        maintenance.query(f"CREATE DATABASE {name}")
        yield name
        maintenance.query(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def db(server: Address, name: str) -> Iterator[Database]:
    """A connection to it, from outside the server."""
    plpy.connect(name, server.host, server.port, server.user)
    yield Database(plpy)
    plpy.close()


@pytest.fixture
def offer(server: Address, name: str) -> Iterator[Callable[[Release], None]]:
    """Puts a release's extension files where the server finds them, in this database: offer(release)."""
    root = Path(tempfile.mkdtemp(prefix="madpy-", dir="/tmp"))  # the server's user cannot read tmp_path
    root.chmod(0o755)
    folder = root / Path(here().pg["sharedir"]).relative_to("/") / "extension"

    def put(release: Release) -> None:
        build(folder, release)
        with closing(server.connect(name)) as session:
            settings = dict(session.query("SELECT name, context FROM pg_settings").getresult())
            if "extension_destdir" in settings:
                session.query(f"ALTER DATABASE {name} SET extension_destdir = '{root}'")
            elif "extension_control_path" in settings:
                path = f"{folder.parent}:$system"
                session.query(f"ALTER DATABASE {name} SET extension_control_path = '{path}'")
            else:
                pytest.skip("this server finds extensions in its own folder only")

    yield put
    shutil.rmtree(root)


@pytest.fixture(params=["extension", "plain"])
def product(request: pytest.FixtureRequest) -> Product:
    return request.param


@pytest.fixture
def install(
    product: Product, offer: Callable[[Release], None], db: Database, server: Address, name: str
) -> Callable[[Release], Installation]:
    """Installs a release as the product that the test runs with."""

    def install(release: Release) -> Installation:
        if product == "extension":
            offer(release)
            plpy.connect(name, server.host, server.port, server.user)
        return apply.install(db, release, plain=product == "plain")

    return install
