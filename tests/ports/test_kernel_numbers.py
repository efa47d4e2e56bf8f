"""Numbers and names of kernels are part of the format of states: no two kernels share one.

The library refuses to load where two do (kernel_check_list), which a test of the sources says earlier.
"""

import re
from collections import Counter

from tests.test_tree import source_files

ENTERED = re.compile(r"^MADPY_KERNEL\((\w+)\)", re.MULTILINE)
# A kernel is written out, or made by a macro whose first arguments are its name and its number.
NUMBERS = (
    re.compile(r'^const Kernel (\w+)_kernel = \{\s*\.name = "\1",\s*\.id = (\d+),', re.MULTILINE),
    re.compile(r"^[A-Z]+_KERNEL\((\w+), (\d+),", re.MULTILINE),
)


def test_kernels_have_names_and_numbers_of_their_own() -> None:
    sources = [path.read_text() for path in source_files() if path.suffix == ".c"]
    entered = [name for source in sources for name in ENTERED.findall(source)]
    numbered = [pair for source in sources for pattern in NUMBERS for pair in pattern.findall(source)]
    assert sorted(name for name, _ in numbered) == sorted(entered) != []
    taken = Counter(int(number) for _, number in numbered)
    free = min(set(range(1, max(taken) + 2)) - taken.keys())
    assert {number for number, count in taken.items() if count > 1} == set(), f"{free} is a free number"
    assert len(set(entered)) == len(entered)
