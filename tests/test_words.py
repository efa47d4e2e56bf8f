"""The language of the tree: how docstrings open, hints that say what to do, plain names, no metaphors.

The rules are in CONTRIBUTING.md; docs/decisions/0033-rules-for-words.md says why they are as they are.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_tree import ROOT, source_files

SOURCES = [path for path in source_files() if path.suffix in (".py", ".c", ".h", ".sql")]
SHIPPED = [path for path in SOURCES if path.relative_to(ROOT).parts[0] not in ("tests", "benchmarks")]
OPENER = re.compile(r"(?:of|the same|what|it)\b", re.IGNORECASE)
FRAGMENT = re.compile(
    r"(?:of|the same|what|it|that|which|whose|who|and|by) ", re.IGNORECASE
)  # half a sentence
VAGUE = {"found", "kept", "told"}  # said of anything: a name says what there is, as columns or row_count do
DEFINED = VAGUE | {"place", "explained"}  # nor are functions, classes and constants called so
METAPHOR = re.compile(r"\b(?:rooms?|house|piles?|tellers?)\b", re.IGNORECASE)
PRIVATE = (
    re.compile(  # ways to say it that only this tree had: any user, consecutive, again, in memory, figures of
        r"""\b(?:
        anybody | somebody | nobody's | (?:come|comes|bytes)\ from\ anywhere |
        one\ behind\ the\ other | anew | looked\ at\ once | (?:is|are|be)\ had |
        as\ (?:they|it)\ lies?\ in\ memory | (?:stand|lie|come)s?\ behind | behind\ (?:it|them) |
        (?:what\ )?is\ said\ of | what\ became\ of | the\ least\ that\ a |
        beside\ (?:what|counts|those|its\ result)
    )\b""",
        re.IGNORECASE | re.VERBOSE,
    )
)
INVERTED = re.compile(
    r"(?:^|[.:;]\s+)Of\ (?:an?|the|this|such)\b"
)  # "Of a boolean it is not known": say the subject
C_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
C_STRINGS = r'(?:"(?:[^"\\]|\\.)*"\s*)+'
C_HINT = re.compile(rf"errhint(?:_plural)?\(\s*({C_STRINGS})")
SQL_HINT = re.compile(r"\bhint\s*=\s*(?:format\()?'([^']*)", re.IGNORECASE)
DBT_HINT = re.compile(r"dbt_madpy\.fail\((?:(?!%}).)*?,\s*'([A-Z][^']*)", re.DOTALL)
SQL_COMMENT = re.compile(r"^COMMENT ON [^']* IS\s+'([^']*)", re.MULTILINE)

# A hint begins with one of these verbs; or it lists what there is; or it is a command to run.
VERB = re.compile(
    r"""(?:
        add | ask | begin | build | call | cast | change | check | choose | compare | connect |
        convert | create | declare | deploy | divide | do | drop | fill | free | give | group | install |
        keep | leave | list | load | lower | make | merge | move | multiply | name | pass | predict | put |
        raise | read | remove | rename | restart | run | scale | separate | set | start | take |
        train | try | update | use | write
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
LISTS = re.compile(r"(?:known are|there are|these are):|did you mean ", re.IGNORECASE)
COMMAND = re.compile(r"[A-Z]{2,} ")


def test_docstrings_open_with_a_verb_or_with_what_is_returned() -> None:
    wrong = [f"{where}: {text}" for where, text in docstrings() if OPENER.match(text) and text[0].isupper()]
    assert wrong == []


def test_comments_in_c_open_with_a_verb_or_with_a_noun() -> None:
    """Only comments at the beginning of a line: they stand before a function, a type or a file."""
    wrong = [f"{where}: {text}" for where, text, at in c_comments() if at == 0 and OPENER.match(text)]
    assert wrong == []


def test_comments_are_more_than_the_rest_of_a_line() -> None:
    """A comment after code says what a number or a name is, and does not continue the code."""
    texts = [*((where, text) for where, text, _ in c_comments()), *opening_python_comments()]
    assert [f"{where}: {text}" for where, text in texts if shipped(where) and FRAGMENT.match(text)] == []


def test_comments_have_the_words_and_the_order_of_textbooks() -> None:
    texts = [
        *docstrings(),
        *((where, text) for where, text, _ in c_comments()),
        *python_comments(),
        *sql_comments(),
    ]
    wrong = [f"{where}: {text}" for where, text in texts if PRIVATE.search(text) or INVERTED.search(text)]
    assert [text for text in wrong if shipped(text)] == []


def test_manuals_have_the_words_and_the_order_of_textbooks() -> None:
    manuals = [
        path
        for name in ("README.md", "modules/*/README.md", "docs/*.md", "dbt/**/*.md")
        for path in ROOT.glob(name)
    ]
    lines = [
        (path.relative_to(ROOT), n, line)
        for path in manuals
        for n, line in enumerate(path.read_text().split("\n"), 1)
    ]
    wrong = [
        f"{path}:{n}: {line}" for path, n, line in lines if PRIVATE.search(line) or INVERTED.search(line)
    ]
    assert wrong == []


def test_comments_in_the_database_open_with_a_verb_or_with_a_noun() -> None:
    texts = [
        (path, match[1])
        for path in SHIPPED
        if path.suffix == ".sql"
        for match in SQL_COMMENT.finditer(path.read_text())
    ]
    assert [f"{path.relative_to(ROOT)}: {text}" for path, text in texts if OPENER.match(text)] == []


def test_comments_have_no_metaphors() -> None:
    texts = [*docstrings(), *((where, text) for where, text, _ in c_comments()), *python_comments()]
    assert [f"{where}: {text}" for where, text in texts if METAPHOR.search(text)] == []


def test_names_say_what_there_is() -> None:
    """Local variables and parameters; of functions, classes and constants "place" and "explained" neither."""
    assert [f"{where}: {name}" for where, name in local_names() if name in VAGUE] == []
    assert [
        f"{where}: {name}" for where, name in defined_names() if name in VAGUE | {"place", "explained"}
    ] == []


def test_a_hint_is_something_to_do() -> None:
    all_hints = list(hints())
    assert len(all_hints) > 100
    assert [f"{where}: {text}" for where, text in all_hints if not is_action(text)] == []


@pytest.mark.parametrize(
    "text", ["train the model again", "Known are: a.", "CREATE EXTENSION madpy", "make install"]
)
def test_actions(text: str) -> None:
    assert is_action(text)


@pytest.mark.parametrize("text", ["there is nothing to learn from", "two are needed", "A weight is 1.", ""])
def test_statements_are_no_actions(text: str) -> None:
    assert not is_action(text)


def is_action(hint: str) -> bool:
    return any(pattern.match(hint) for pattern in (VERB, LISTS, COMMAND))


# --- where texts are ---


def python_files() -> Iterator[tuple[Path, str]]:
    return ((path, path.read_text()) for path in SOURCES if path.suffix == ".py")


def docstrings() -> Iterator[tuple[str, str]]:
    for path, source in python_files():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node)
                if text:
                    yield f"{path.relative_to(ROOT)}:{node.body[0].lineno}", text


def python_comments() -> Iterator[tuple[str, str]]:
    for path, source in python_files():
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def opening_python_comments() -> Iterator[tuple[str, str]]:
    """Yield where each comment is and its text; of a comment of several lines, the first one."""
    for path, source in python_files():
        last = 0
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                line, is_alone = token.start[0], token.line.lstrip().startswith("#")
                if not (is_alone and last == line - 1):
                    yield f"{path.relative_to(ROOT)}:{line}", token.string.lstrip("# ")
                last = line if is_alone else last


def sql_comments() -> Iterator[tuple[str, str]]:
    """Yield the comments of templates, and those that they put into the database."""
    for path in SHIPPED:
        if path.suffix == ".sql":
            for n, line in enumerate(path.read_text().split("\n"), 1):
                comment = re.search(r"--\s+(.*)|^\s+'(.*)';$|\sIS '(.*)';$", line)
                if comment:
                    yield f"{path.relative_to(ROOT)}:{n}", next(filter(None, comment.groups()), "")


def shipped(where: str) -> bool:
    return where.split("/")[0] not in ("tests", "benchmarks")


def c_comments() -> Iterator[tuple[str, str, int]]:
    """Yield where each comment is, its text, and the column in which it begins."""
    for path in SOURCES:
        if path.suffix in (".c", ".h"):
            source = path.read_text()
            for match in C_COMMENT.finditer(source):
                line = source.count("\n", 0, match.start()) + 1
                text = re.sub(r"^[/*\s]+", "", match[0])
                column = match.start() - source.rfind("\n", 0, match.start()) - 1
                yield f"{path.relative_to(ROOT)}:{line}", text.rstrip("/* \n"), column


# --- names ---


def local_names() -> Iterator[tuple[str, str]]:
    """Yield the parameters of functions, and the names that functions assign to."""
    for path, source in python_files():
        if path in SHIPPED:
            for function in ast.walk(ast.parse(source)):
                if isinstance(function, ast.FunctionDef | ast.Lambda):
                    for node in ast.walk(function):
                        if isinstance(node, ast.arg):
                            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.arg
                        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.id


def defined_names() -> Iterator[tuple[str, str]]:
    """Yield the names of functions and classes, and of what modules assign to."""
    for path, source in python_files():
        if path in SHIPPED:
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.name
            for node in tree.body:
                targets = getattr(node, "targets", [getattr(node, "target", None)])
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", target.id


# --- hints ---


def hints() -> Iterator[tuple[str, str]]:
    """Yield where each hint is given, and how it begins, as far as the source says it."""
    for path in SHIPPED:
        name, source = path.relative_to(ROOT), path.read_text()
        if path.suffix == ".sql":
            yield from ((str(name), match[1]) for match in SQL_HINT.finditer(source))
            yield from ((str(name), match[1]) for match in DBT_HINT.finditer(source))
        elif path.suffix in (".c", ".h"):
            for match in C_HINT.finditer(source):
                yield str(name), "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match[1]))
        else:
            tree = ast.parse(source)
            for node in ast.walk(tree):
                if isinstance(node, ast.keyword) and node.arg == "hint":
                    yield from ((f"{name}:{node.value.lineno}", text) for text in texts(node.value, tree, 3))


def texts(value: ast.expr, tree: ast.Module, depth: int) -> Iterator[str]:
    """Yield the texts that an expression may begin with; nothing where only a run would tell."""
    if isinstance(value, ast.Constant):
        if isinstance(value.value, str):
            yield value.value
    elif isinstance(value, ast.JoinedStr):
        if isinstance(value.values[0], ast.Constant):
            yield str(value.values[0].value)
    elif isinstance(value, ast.BinOp):
        yield from texts(value.left, tree, depth)
    elif isinstance(value, ast.IfExp):
        yield from texts(value.body, tree, depth)
        yield from texts(value.orelse, tree, depth)
    elif isinstance(value, ast.Name) and depth:
        for assigned in assignments(tree, value.id) or constants().get(value.id, []):
            yield from texts(assigned, tree, depth - 1)
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and depth:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name == value.func.id:
                for node in ast.walk(function):
                    if isinstance(node, ast.Return) and node.value is not None:
                        yield from texts(node.value, tree, depth - 1)


def assignments(tree: ast.Module, name: str) -> list[ast.expr]:
    """List what a file assigns to a name, items of tuples too."""
    values: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            else:
                pairs = [(target, node.value)]
            values += [value for part, value in pairs if isinstance(part, ast.Name) and part.id == name]
    return values


@cache
def constants() -> dict[str, list[ast.expr]]:
    """Return the constants of all files, by name: those of hints are imported under their names."""
    values: dict[str, list[ast.expr]] = {}
    for _, source in python_files():
        for node in ast.parse(source).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)]) if name.isupper():
                    values.setdefault(name, []).append(node.value)
    return values
