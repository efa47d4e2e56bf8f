"""The statements of `make demo` run, and run again."""

import pytest

from madpy.dev.demo import show
from madpy.dev.server import Address
from madpy.dev.state import here


def test_demonstration_runs_twice(database: Address, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        show(here(), database)
        shown, said = capfd.readouterr()
        assert "SELECT * FROM madlib.regr_summary('diabetes_model');\n" in shown
        assert "| (Intercept) | -199.069" in shown
        assert said == ""
