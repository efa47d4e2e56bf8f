"""The examples of the documents in dbt/ are parts of files of projects, which are built."""

import re
from pathlib import Path

import pytest

from tests.dbt.conftest import Dbt

FOLDER = Path(__file__).resolve().parents[2] / "dbt"
DOCUMENTS = {
    "README.md": "integration_tests",
    "docs/macros.md": "integration_tests",
    "docs/tests.md": "integration_tests",
    "examples/titanic_like/README.md": "examples/titanic_like",
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_examples_are_in_files(document: str) -> None:
    blocks = re.findall(r"```(sql|yaml)\n(.*?)```", (FOLDER / document).read_text(), re.DOTALL)
    project = FOLDER / DOCUMENTS[document]
    assert blocks
    for kind, text in blocks:
        if kind == "sql":
            name, _, statement = text.partition("\n")
            assert name.startswith("-- models/")
            (file,) = (project / "models").rglob(name.removeprefix("-- models/"))
            assert statement in file.read_text(), name
        else:
            assert any(text in path.read_text() for path in project.rglob("*.yml")), text


def test_examples_run(dbt: Dbt) -> None:
    outcome = dbt("build", "--select", "+path:models/documented")
    assert outcome.success
    assert len(outcome.statuses) == 20
