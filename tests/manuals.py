"""The examples of a manual as one psql session, and what they have to print."""

import re
import subprocess
from pathlib import Path

from madpy.dev.server import Address, client_environment
from madpy.dev.state import here

MARK = "-- end of a block of the manual --"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$(?:\s*^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def run_examples(manual: Path, database: Address, schema: str) -> None:
    """Run the sql blocks of a manual.  A text block right after one is what it prints.

    Printed is what `psql -q` prints, warnings included, blanks at the ends of lines aside; `...` stands for
    anything.
    """
    blocks = [match.groups() for match in BLOCK.finditer(manual.read_text()) if match[1] == "sql"]
    script = "".join(f"{block}\n\\echo {MARK}\n" for _, block, _ in blocks)
    environment = client_environment(database) | {"PGOPTIONS": f"-c search_path={schema},public"}
    psql = subprocess.run(
        [here().program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-f", "-"],
        input=script, text=True, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    printed = re.sub(r"^psql:<stdin>:\d+: ", "", psql.stdout, flags=re.MULTILINE).split(f"{MARK}\n")
    assert psql.returncode == 0, printed[-1]
    for (_, block, expected), output in zip(blocks, printed, strict=False):
        if expected is not None and not matches(tidy(expected), tidy(output)):
            assert tidy(output) == tidy(expected), block


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def matches(expected: str, output: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, output, re.DOTALL) is not None
