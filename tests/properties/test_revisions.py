"""Revisions: whatever is written is read back, and a long essay stays small."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.revisions import (
    SPLICES_MAX,
    RevisionDamagedError,
    decode_revision,
    encode_revision,
    is_splice,
)

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=400)
values = st.one_of(st.none(), texts, st.lists(texts, max_size=5))


@given(values, values, st.integers(0, SPLICES_MAX + 1))
def test_value_is_read_back_when_the_one_before_is_known(
    previous: object, value: object, splices: int
) -> None:
    """Decoding gives what was encoded, through JSON as the journal stores it."""
    body = json.loads(json.dumps(encode_revision(previous, value, splices_before=splices)))

    assert value == decode_revision(previous, body)


@given(texts, st.lists(st.tuples(st.integers(0, 500), st.integers(0, 40), texts), max_size=30))
def test_edits_in_a_row_are_read_back(start: str, edits: list[tuple[int, int, str]]) -> None:
    """A chain of insertions and deletions survives, whole copies in between included."""
    written: object = None
    read: object = None
    splices, text = 0, start
    for at, delete, insert in [(0, 0, ""), *edits]:
        text = text[:at] + insert + text[at + delete :]
        body = encode_revision(written, text, splices_before=splices)
        splices = splices + 1 if is_splice(body) else 0
        assert splices <= SPLICES_MAX
        written, read = text, decode_revision(read, body)
        assert text == read


def test_keystroke_in_a_long_essay_costs_little() -> None:
    """A few words more cost a few words, not the essay."""
    essay = "The lake turns over in spring. " * 160
    body = encode_revision(essay, essay + "And again in autumn.", splices_before=3)

    assert {"s": [len(essay), 0, "And again in autumn."]} == body


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"s": [-1, 0, "x"]},
        {"s": [0, 99, "x"]},
        {"s": [0, "1", "x"]},
        {"z": "no base64"},
        {"z": 7},
        {"z": "eJwDAAAAAAE="[:-4]},
    ],
)
def test_damaged_revision_is_refused(body: dict[str, object]) -> None:
    """What cannot be a revision raises, and never gives a wrong value."""
    with pytest.raises(RevisionDamagedError):
        decode_revision("short", body)
