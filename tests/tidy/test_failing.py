"""How the product fails: what may be caught, and what may not be asserted."""

from __future__ import annotations

import ast

from tests.tidy.source_tree import Source, product, told

BROAD = {"Exception", "BaseException"}


def _caught(handler: ast.ExceptHandler) -> set[str]:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {one.id for one in kinds if isinstance(one, ast.Name)}


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise)


def _has_reason(source: Source, handler: ast.ExceptHandler) -> bool:
    """Say whether the line, or the first one below it, explains itself in a comment."""
    at = handler.lineno - 1
    first = handler.body[0].lineno
    return any("# " in line for line in source.lines[at:first])


def test_nothing_is_caught_without_saying_what() -> None:
    """A bare except also swallows the signal that ends the process."""
    found = [
        source.where(node)
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert found == [], told("Name what is caught: a bare except hides every mistake.", found)


def test_everything_is_caught_only_with_a_reason() -> None:
    """Programmer errors are to stop the process, not to be swallowed."""
    found = [
        source.where(node)
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and _caught(node) & BROAD
        and not _raises_again(node)
        and not _has_reason(source, node)
    ]
    assert found == [], told(
        "`except Exception` hides programmer errors. Catch what is expected, raise it again, or "
        "say in a comment beside it why everything is meant.",
        found,
    )


def test_the_product_does_not_assert() -> None:
    """Python drops assertions when it optimises; a rule that can vanish is none."""
    found = [
        source.where(node)
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == [], told(
        "Raise an error of ours, or InvariantViolated: `python -O` drops every assert.", found
    )


def test_the_root_of_all_errors_is_never_raised_itself() -> None:
    """It has no key and no sentence, so nobody could say what to do."""
    found = [
        source.where(node)
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Raise)
        and "ExamroomError" in ast.unparse(node.exc or ast.Constant(None)).split("(")[0].split(".")
    ]
    assert found == [], told("Raise an error with a key and a sentence of its own.", found)
