"""Names and sizes: one word for a thing, and nothing longer than a person reads at a time."""

from __future__ import annotations

import ast
import re

import pytest

from tests.tidy.source_tree import Source, all_tests, product, told

BANNED_WORDS = {
    "student": "candidate",
    "examinee": "candidate",
    "proctor": "invigilator",
    "quiz": "exam",
    "manager": "a name that says what it does",
}
BANNED_IN_MODULES = {
    "utils": "a name that says what is inside",
    "helpers": "a name that says what is inside",
    "common": "a name that says what is inside",
}
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 600
PARAMETERS_MAX = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _words(name: str) -> set[str]:
    """Return the words of a snake_case, CamelCase or dotted name, singular and as written."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return {part.lower() for part in parts} | {part.lower().removesuffix("s") for part in parts}


def _names(source: Source) -> list[tuple[str, str]]:
    return [
        (source.where(node), node.name)
        for node in ast.walk(source.tree)
        if isinstance(node, Function | ast.ClassDef)
    ]


def test_no_name_holds_a_banned_word() -> None:
    """One word per thing, in code as in the pages people read."""
    found = [
        f"{where} {name}: say {BANNED_WORDS[word]}"
        for source in product()
        for where, name in [(source.path, source.module), *_names(source)]
        for word in _words(name) & BANNED_WORDS.keys()
    ]
    found += [
        f"{source.path}: say {BANNED_IN_MODULES[word]}"
        for source in product()
        for word in _words(source.module) & BANNED_IN_MODULES.keys()
    ]
    assert found == [], told("One word per thing, from docs/glossary.md.", found)


@pytest.mark.parametrize(
    ("name", "word"),
    [("StudentList", "student"), ("make_quizzes_quiz", "quiz"), ("utils", "utils")],
)
def test_a_banned_word_is_found_inside_a_name(name: str, word: str) -> None:
    """The rule above sees every way of writing a name."""
    assert word in _words(name)


def _functions(source: Source) -> list[Function]:
    return [node for node in ast.walk(source.tree) if isinstance(node, Function)]


def test_functions_are_short() -> None:
    """What does not fit a screen is not understood as a whole."""
    found = [
        f"{source.where(node)} {node.name} has {length} lines"
        for source in (*product(), *all_tests())
        for node in _functions(source)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert found == [], told(
        f"At most {FUNCTION_LINES_MAX} lines in a function: longer ones do several things.", found
    )


def test_files_are_short() -> None:
    """A file is about one thing."""
    found = [
        f"{source.path} has {len(source.lines)} lines"
        for sources, limit in ((product(), FILE_LINES_MAX), (all_tests(), TEST_FILE_LINES_MAX))
        for source in sources
        if len(source.lines) > limit
    ]
    assert found == [], told(
        f"At most {FILE_LINES_MAX} lines in a file, {TEST_FILE_LINES_MAX} in a test: split it by "
        "what it is about.",
        found,
    )


def _parameter_count(node: Function) -> int:
    arguments = node.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(1 for one in named if one.arg not in {"self", "cls"})


def _excused(source: Source, node: Function) -> bool:
    """Say whether the definition carries a noqa and a reason after it."""
    head = source.lines[node.lineno - 1 : node.body[0].lineno - 1]
    return any(re.search(r"# noqa: PLR0913(, PLR0917)? - \S+", line) for line in head)


def test_functions_take_few_parameters() -> None:
    """More than a reader keeps apart is a thing that wants a name."""
    found = [
        f"{source.where(node)} {node.name} takes {_parameter_count(node)}"
        for source in product()
        for node in _functions(source)
        if _parameter_count(node) > PARAMETERS_MAX and not _excused(source, node)
    ]
    assert found == [], told(
        f"At most {PARAMETERS_MAX} parameters: give what belongs together a class, or say why not "
        "in `# noqa: PLR0913 - reason`. Command-line options are excused that way.",
        found,
    )
