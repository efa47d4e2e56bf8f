"""The examples of dbt/docs are files of the integration tests, which are built here."""

import re
from pathlib import Path

import pytest

from tests.dbt.conftest import Dbt

FOLDER = Path(__file__).resolve().parents[2] / "dbt"
MODELS = FOLDER / "integration_tests" / "models"


@pytest.mark.parametrize("document", ["macros.md", "tests.md"])
def test_examples_are_files(document: str) -> None:
    blocks = re.findall(r"```(sql|yaml)\n(.*?)```", (FOLDER / "docs" / document).read_text(), re.DOTALL)
    assert blocks
    for kind, text in blocks:
        if kind == "sql":
            name, _, statement = text.partition("\n")
            assert name.startswith("-- models/")
            assert (MODELS / "documented" / name.removeprefix("-- models/")).read_text() == statement
        else:
            assert any(text in path.read_text() for path in MODELS.glob("*/*.yml")), text


def test_examples_run(dbt: Dbt) -> None:
    outcome = dbt("build", "--select", "+path:models/documented")
    assert outcome.success
    assert len(outcome.statuses) == 20
