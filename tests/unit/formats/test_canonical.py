"""Canonical JSON has one spelling, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.canonical import (
    INTEGER_MAX,
    DocumentMalformedError,
    DocumentTooLargeError,
    encode_canonical,
    parse_canonical,
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_value_round_trips(value: object) -> None:
    """What was encoded is read back as it was."""
    assert value == parse_canonical(encode_canonical(value))


@given(st.binary(max_size=60))
def test_foreign_bytes_are_read_only_when_canonical(data: bytes) -> None:
    """Any bytes either are the one spelling of a value or are refused with our error."""
    try:
        value = parse_canonical(data)
    except DocumentMalformedError:
        return
    assert data == encode_canonical(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b"1.0",
        b"NaN",
        b"1e3",
        b"9007199254740992",
        b'"\\u0041"',
        b'"\\ud800"',
        b'\xef\xbb\xbf"a"',
        b'"\xff"',
        b"",
        b"[1]\n",
    ],
)
def test_other_spelling_is_refused(data: bytes) -> None:
    """Duplicate keys, order, spaces, floats, escapes and invalid UTF-8 are refused."""
    with pytest.raises(DocumentMalformedError):
        parse_canonical(data)


def test_nesting_is_refused_before_it_costs_the_stack() -> None:
    """A million brackets are refused by counting, not by recursion."""
    with pytest.raises(DocumentMalformedError):
        parse_canonical(b"[" * 1_000_000)


def test_brackets_in_text_do_not_count_as_depth() -> None:
    """Text may hold brackets and escaped quotes."""
    value = ['"[[[[' * 50 + "\\"]

    assert value == parse_canonical(encode_canonical(value), depth_max=1)


def test_size_is_refused_first() -> None:
    """A document over its limit is refused as too large."""
    with pytest.raises(DocumentTooLargeError):
        parse_canonical(b"[1,2,3]", bytes_max=6)


@pytest.mark.parametrize("value", [1.5, {1: "a"}, 2**53, b"bytes", {"a": {1, 2}}])
def test_value_without_a_spelling_is_refused(value: object) -> None:
    """Floats, other keys than text and large integers are programming errors here."""
    with pytest.raises(TypeError):
        encode_canonical(value)
