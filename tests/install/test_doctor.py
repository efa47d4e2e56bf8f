"""Findings of `madpy doctor`, and their remedies."""

import sys

from madpy import __version__
from madpy.install import apply
from madpy.install.backend import report
from madpy.install.citus import judged
from madpy.install.doctor import _interpreter, examine
from madpy.install.finding import Finding
from madpy.install.plan import Release
from madpy.install.state import Installation
from madpy.ports.postgres.session.db import Database
from madpy.ports.postgres.shards.servers import Worker


def findings(db: Database) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(db)}


def test_an_empty_database(db: Database) -> None:
    found = findings(db)
    assert [finding for finding in found.values() if finding.state == "bad"] == []
    assert found["madpy in SQL"] == Finding(
        "madpy in SQL", "not installed in this database", "note", "madpy install"
    )
    assert found["Python"].fact.startswith("3.")
    assert found["numpy"].fact.split(",")[0] >= "2"
    assert found["madpy"].fact.startswith(__version__)
    assert db.value("SELECT count(*) FROM pg_extension WHERE extname = 'plpython3u'") == 0


def test_versions_that_differ(db: Database, release: Release) -> None:
    apply.install(db, release, plain=True)
    found = findings(db)
    assert found["madpy in SQL"].state == "bad"
    assert found["madpy in SQL"].remedy == "madpy upgrade, or use the command of the same version"
    assert found["madpy.so"].fact == f"{__version__}, but SQL has 2"


def test_the_device_of_fits(db: Database) -> None:
    assert "device of fits" not in findings(db)
    db.execute("CREATE EXTENSION madpy CASCADE")
    db.execute("SET madpy.device = 'cpu'")
    assert findings(db)["device of fits"] == Finding("device of fits", "cpu: madpy.device is cpu")
    db.execute("SET madpy.device = 'cuda'")
    facts = db.execute("SELECT * FROM madlib.sk_device()")[0]
    if facts["device"] is None:
        fact = f"madpy.device is cuda, but: {facts['detail']}"
        expected = Finding("device of fits", fact, "bad", "set madpy.device to auto or to cpu")
    else:
        expected = Finding("device of fits", f"cuda: {facts['detail']}")
    assert findings(db)["device of fits"] == expected


def test_a_schema_that_was_renamed(db: Database) -> None:
    db.execute("CREATE EXTENSION madpy CASCADE")
    db.execute("CREATE FUNCTION madlib.own() RETURNS int LANGUAGE plpython3u AS 'return 1'")
    assert "schema" not in findings(db)
    db.execute("ALTER SCHEMA madlib RENAME TO other")
    found = findings(db)["schema"]
    assert (found.state, found.fact) == ("bad", '"other" had another name when madpy was installed')
    assert "ALTER SCHEMA ... RENAME TO" in (found.remedy or "")


def test_a_python_path_that_leads_nowhere(db: Database) -> None:
    db.execute("LOAD 'madpy'; SET madpy.python_path = '/nowhere'")
    found = findings(db)
    assert found["madpy.python_path"].fact == "/nowhere is no folder that the server can see"
    assert "ALTER SYSTEM SET madpy.python_path" in (found["madpy.python_path"].remedy or "")
    assert found["madpy"].state == "bad"
    assert "No module named 'madpy'" in found["madpy"].fact


def test_no_library(db: Database) -> None:
    db.execute("SET dynamic_library_path = '/nowhere'")
    found = findings(db)
    assert found["madpy.so"].state == "bad"
    assert "make install; it is looked for in /nowhere" in (found["madpy.so"].remedy or "")


def test_without_superuser(db: Database) -> None:
    db.execute("CREATE ROLE madpy_without_rights")
    try:
        db.execute("SET ROLE madpy_without_rights")
        found = findings(db)
    finally:
        db.execute("RESET ROLE; DROP ROLE madpy_without_rights")
    assert found["role"].fact == "madpy_without_rights, not a superuser"
    assert found["Python"].state == "note"


def test_a_python_inside_another_program_may_have_no_executable() -> None:
    """As Python 3.13 says it inside a server."""
    facts = {"python": "3.13.5", "executable": "", "prefix": "/usr", "user": "postgres", "machine": "Linux"}
    assert next(_interpreter(facts)).fact == "3.13.5, prefix /usr, as user postgres"


def test_the_report_of_a_python_without_packages(monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "numpy", None)
    facts = report("/nowhere")
    assert facts["path_is_folder"] is False
    assert facts["packages"]["numpy"]["error"].startswith("ModuleNotFoundError")
    assert facts["packages"]["madpy"]["version"] == __version__


def test_workers_of_citus() -> None:
    """Findings about the workers of Citus: another version, or no madpy."""
    here = Installation("madlib", "2", "extension")
    good = judged(Worker("10.0.0.1:5432", "2", None), here)
    assert good == Finding("worker 10.0.0.1:5432", "madpy 2, the same as here")
    old = judged(Worker("10.0.0.1:5432", "1", None), here)
    assert (old.state, old.fact) == ("bad", "madpy 1, but 2 here")
    lacking = judged(Worker("10.0.0.1:5432", None, 'could not access file "madpy"'), here)
    assert (lacking.state, lacking.fact) == ("bad", 'could not access file "madpy"')
    assert lacking.remedy == "make install of madpy 2 on that machine"
    none = judged(Worker("10.0.0.1:5432", None, "function madlib.__c_version() does not exist"), here)
    assert none.remedy == f"{lacking.remedy}; then there, as a superuser: CREATE EXTENSION madpy CASCADE"
