"""Finding what is to be translated in Python: what gettext finds, and the sentences of errors.

An error's sentences are class attributes, so that they can be documented and tested; no function
marks them.  `babel.cfg` names this method; `make translations` runs it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

from babel.messages.extract import extract_python

SENTENCES = frozenset({"staff_message", "candidate_message"})


def extract_with_errors(
    file: BinaryIO,
    keywords: Mapping[str, Any],
    comment_tags: Collection[str],
    options: Mapping[str, Any],
) -> Iterator[tuple[Any, ...]]:
    """Yield the messages of a Python file, as Babel wants them from an extraction method."""
    yield from extract_python(file, keywords, comment_tags, options)  # type: ignore[arg-type]
    file.seek(0)
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.ClassDef):
            yield from _sentences(node)


def _sentences(error: ast.ClassDef) -> Iterator[tuple[Any, ...]]:
    for line in error.body:
        if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.Constant):
            continue
        names = {one.id for one in line.targets if isinstance(one, ast.Name)}
        if names & SENTENCES and isinstance(line.value.value, str) and line.value.value:
            yield line.lineno, None, line.value.value, []
