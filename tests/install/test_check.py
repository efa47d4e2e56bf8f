"""The self-test: one answer per module, nothing left of it."""

from pathlib import Path

import pytest

from madpy.config import load
from madpy.install import apply
from madpy.install.check import check
from madpy.install.plan import Release
from madpy.ports.postgres.session.db import Database


@pytest.mark.parametrize(
    ("test", "ok", "detail"),
    [
        ("SELECT MADLIB_SCHEMA.twice(2) = 4 AS ok, 'twice two is four' AS detail", True, "twice two is four"),
        ("SELECT false AS ok, 'wrong' AS detail", False, "wrong"),
        ("SELECT NULL::boolean AS ok, 'unknown' AS detail", False, "unknown"),
        ("SELECT 1 / 0", False, "division by zero"),
        ("SELECT 1 AS one", False, "check.sql did not return one row (ok, detail)"),
        ("CREATE TABLE public.left (); SELECT true AS ok, 'made' AS detail", True, "made"),
        (None, None, "has no self-test"),
    ],
)
def test_an_answer(db: Database, release: Release, test: str | None, ok: bool | None, detail: str) -> None:
    installation = apply.install(db, release, plain=True)
    if test is not None:
        Path(release.home, "modules", "a", "check.sql").write_text(test)
    answers = list(check(db, installation, release))
    assert [answer.module for answer in answers] == ["a", "b"]
    assert (answers[0].ok, answers[0].detail) == (ok, detail)
    assert db.value("SELECT to_regclass('public.left')") is None


def test_the_real_modules_pass(db: Database) -> None:
    release = Release(load())
    installation = apply.install(db, release, plain=True)
    assert [(answer.module, answer.ok) for answer in check(db, installation, release)] == [
        (module.name, True) for module in release.config.modules
    ]
