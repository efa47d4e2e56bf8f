"""`fault`: calls of sk_train that misbehave, as tests/worker/faults.py has it."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from madpy.dev.state import here
from tests.session import Session
from tests.worker.package import copied, within, workers


class Faults:
    """fault("segfaults") is a statement; `root` is the folder of the packages that it needs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, how: str, output: str = "m", source: str = "t") -> str:
        parameters = f'{{"how": "{how}"}}'
        return f"SELECT madlib.sk_train('{source}', '{output}', 'y', 'x', 'fault', '{parameters}')"

    @staticmethod
    def links(pid: int) -> list[str]:
        """Return what a process has open."""
        found = []
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(re.sub(r"^(socket|pipe):.*", r"\1", str(entry.readlink())))
        return sorted(found)


@pytest.fixture(scope="module")
def faulty(shared_session: list[Session]) -> Iterator[Path]:
    site = here().site
    _end(shared_session)  # it may have a worker of the other folder
    with copied(site, site / "madpy") as root:
        yield root
    _end(shared_session)  # it has imported modules from a folder that is gone


def _end(sessions: list[Session]) -> None:
    for session in sessions:
        session.connection.close()
    sessions.clear()


@pytest.fixture
def fault(sql, faulty) -> Iterator[Faults]:
    sql(f"SET madpy.python_path = '{faulty}'")
    for pid in workers(faulty):  # that wait for the next request of a session
        os.kill(pid, signal.SIGKILL)
    assert within(5, lambda: not workers(faulty))
    yield Faults(faulty)
