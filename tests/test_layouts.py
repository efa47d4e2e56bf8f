"""C headers are the source of the layouts that C and Python share: Python's names are compared with them.

A Python file with a line C_HEADER = "engine/kernel.h" declares names of that header, and nothing else:

    NAME = 128                   a number, or a text as bytes: a #define or an enumerator of that name
    class Kind(IntEnum)          its members are enumerators
    ARRAY_HEADER = np.dtype(..)  struct ArrayHeader, whole; a length word before it is left out
    ARRAY_HEADER = {...}         its members and their codes in Python's struct, where numpy is not loaded
    def body_size(m: int)        a function or macro of whole numbers that the header defines

A small C program with the header prints what C says of each.
"""

import importlib
import inspect
import itertools
import subprocess
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from madpy.dev.state import here

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path.relative_to(ROOT)
    for folder in ("modules", "ports", "tests", "worker")
    for path in ROOT.glob(f"{folder}/**/*.py")
    if "\nC_HEADER = " in path.read_text()
)
# The options of the extension (ports/postgres/Makefile); -O1 drops inline functions that are not used.
OPTIONS = ["-include", "src/engine/compat.h", "-Isrc", "-I../../modules", "-O1", "-w"]
ARGUMENTS = (0, 1, 2, 3, 8, 64)
PROGRAM = """\
#include "postgres.h"
#include "{header}"
#include <stdio.h>
#undef printf

/* 'f', 'i' or 'u' for a type of numbers. */
#define KIND(type) ((type) 0.5 != 0 ? 'f' : (type) -1 < (type) 0 ? 'i' : 'u')

int
main(void)
{{
{lines}
\treturn 0;
}}
"""


@pytest.mark.parametrize("path", FILES, ids=str)
def test_python_has_the_layout_of_the_c_header(path: Path, tmp_path: Path) -> None:
    parts = path.with_suffix("").parts
    module = importlib.import_module(".".join(parts if parts[0] == "tests" else ("madpy", *parts)))
    declared = dict(entry for name, value in names_of(module) for entry in expected(name, value))
    assert printed(module.C_HEADER, list(declared), tmp_path) == declared


def names_of(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the names that a file defines itself."""
    for name, value in vars(module).items():
        constant = isinstance(value, int | float | bytes | dict | np.dtype)
        own = getattr(value, "__module__", None) == module.__name__
        if (constant or own) and not name.startswith("_"):
            yield name, value


def expected(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield statements of C that print something, each with what Python expects to be printed."""
    match value:
        case int():
            yield f'printf("%lld", (long long) ({name}))', str(value)
        case float():
            yield f'printf("%.17g", (double) ({name}))', f"{value:.17g}"
        case bytes():
            yield f'printf("%s", {name})', value.decode()
        case dict():
            yield from expected(name, np.dtype([(member, dtype_of(code)) for member, code in value.items()]))
        case np.dtype():
            yield from of_struct("".join(part.capitalize() for part in name.split("_")), value)
        case type() if issubclass(value, IntEnum):
            for member in value:
                yield f'printf("%d", (int) {member.name})', str(int(member))
        case _ if inspect.isfunction(value):
            for given in itertools.product(ARGUMENTS, repeat=len(inspect.signature(value).parameters)):
                call = f"{name}({', '.join(map(str, given))})"
                yield f'printf("%lld", (long long) {call})', str(value(*given))
        case _:
            raise TypeError(f"{name} is nothing that a C header declares")


def dtype_of(code: str) -> str:
    """Return numpy's name of a type of Python's struct."""
    return f"S{code[:-1]}" if code.endswith("s") else f"<{code}"


def of_struct(struct: str, dtype: np.dtype[Any]) -> Iterator[tuple[str, str]]:
    """Yield the size of a struct and the place, size and kind of its members, counted from the first one."""
    assert dtype.fields is not None
    assert dtype.names is not None
    first = dtype.names[0]
    for name, (field, offset, *_) in dtype.fields.items():
        place = f"(int) (offsetof({struct}, {name}) - offsetof({struct}, {first}))"
        size = f"(int) sizeof((({struct} *) 0)->{name})"
        yield f'printf("%d %d", {place}, {size})', f"{offset} {field.itemsize}"
        if field.kind in "fiu":
            yield f'printf("%c", KIND(__typeof__((({struct} *) 0)->{name})))', field.kind
    size = f"(int) (sizeof({struct}) - offsetof({struct}, {first}))"
    yield f'printf("%d", {size})', str(dtype.itemsize)


def printed(header: str, statements: list[str], folder: Path) -> dict[str, str]:
    """Return what each statement prints in a program that includes the header."""
    lines = "\n".join(f'\t{statement};\n\tputs("");' for statement in statements)
    source, program = folder / "layout.c", folder / "layout"
    source.write_text(PROGRAM.format(header=header, lines=lines))
    include = ["-I", here().pg["includedir-server"]]
    compiler = ["cc", *OPTIONS, *include, str(source), "-o", str(program), "-lm"]
    made = subprocess.run(compiler, cwd=ROOT / "ports" / "postgres", capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    output = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    return dict(zip(statements, output.split("\n")[:-1], strict=True))
