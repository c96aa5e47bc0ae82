"""Every operating error has a key, a sentence, a status, and somebody who knows what to do."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from appliance.domain.errors import ExamroomError
from appliance.web.errors import STATUS_BY_KEY, status_of
from docs.error_advice import ADVICE
from docs.generate import DOCS, error_classes, family_of
from tests.tidy.source_tree import product, told

FAMILIES = {
    "RefusedError",
    "InvalidInputError",
    "NotFoundError",
    "ConflictError",
    "TransientError",
    "PermanentSyncError",
    "CorruptionError",
}
ERRORS = error_classes()


def test_every_key_is_used_once() -> None:
    """A key names one thing to do; two errors under one key are told apart by nobody."""
    counts = Counter(error.key for error in ERRORS)
    found = [
        f"{key}: {', '.join(one.__name__ for one in ERRORS if one.key == key)}"
        for key, count in counts.items()
        if count > 1
    ]
    assert found == [], told("A key is unique: give one of them a key of its own.", found)


def test_no_error_takes_its_key_from_the_one_above() -> None:
    """A class without a key of its own would be documented as another."""
    found = [error.__name__ for error in ERRORS if "key" not in vars(error)]
    assert found == [], told("Give each error class a key of its own.", found)


def test_every_error_that_is_raised_has_a_key() -> None:
    """A family is not raised itself: it says nothing to anybody."""
    found = [
        source.where(node)
        for source in product()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Raise)
        and node.exc is not None
        and ast.unparse(node.exc).split("(")[0].rpartition(".")[2] in FAMILIES
    ]
    assert found == [], told("Raise an error with a key and a sentence, not its family.", found)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.key)
def test_error_is_complete(error: type[ExamroomError]) -> None:
    """Key in snake_case, a sentence, a family, a status, and what the person does."""
    assert error.key == error.key.lower().replace("-", "_"), "keys are snake_case and stay"
    assert error.staff_message.strip(), "somebody meets it and must know what to do"
    assert family_of(error) in FAMILIES, "an error belongs to a family: what to do follows from it"
    assert 400 <= status_of(error()) < 600, "give it a status in appliance/web/errors.py"
    assert error.key in ADVICE, "say in docs/error_advice.py who meets it and what they do"
    assert f"`{error.key}`" in (DOCS / "errors.md").read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.key)
def test_sentence_begins_and_ends_like_one(error: type[ExamroomError]) -> None:
    """People read it under stress."""
    for sentence in (error.staff_message, error.candidate_message):
        if sentence is not None:
            assert sentence[0].isupper() or sentence[0] == "{"
            assert sentence.rstrip()[-1] in ".:?}", "a sentence ends"


def test_nothing_is_said_about_errors_that_are_gone() -> None:
    """Stale advice hides the missing one."""
    keys = {error.key for error in ERRORS}
    found = sorted((ADVICE.keys() | STATUS_BY_KEY.keys()) - keys)
    assert found == [], told("Take these out: there is no such error.", found)
