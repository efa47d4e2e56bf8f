"""The tutorial on red wine, where the data lie beside the checkout."""

from pathlib import Path

import pytest

from madpy.dev.server import Address
from tests.manuals import run_examples
from tests.session import Session

ROOT = Path(__file__).resolve().parents[2]
WINE = ROOT.parent / "shared" / "data" / "winequality-red.csv"


@pytest.mark.skipif(not WINE.exists(), reason="the data of the tutorial are not beside the checkout")
def test_the_examples_run(database: Address, sql: Session, schema: str) -> None:
    text = (ROOT / "docs" / "tutorial-projects.md").read_text()
    create = text[text.index("CREATE TABLE") : text.index("\\copy")]
    sql(create)
    with WINE.open() as file:
        columns = file.readline().count(",") + 1
        rows = [line.strip().split(",") for line in file]
    assert (columns, len(rows)) == (12, 1599)
    sql.connection.inserttable("wine_quality_red", [[*map(float, row[:-1]), int(row[-1])] for row in rows])
    run_examples(ROOT / "docs" / "tutorial-projects.md", database, schema)
