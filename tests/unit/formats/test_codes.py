"""Codes are forgiving to people and strict to slips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.candidate_code import (
    CandidateCodeMistypedError,
    create_candidate_code,
    create_code_key,
    hash_candidate_code,
)
from appliance.formats.crockford import ALPHABET
from appliance.formats.release_code import (
    ReleaseCodeMistypedError,
    create_release_code,
    derive_release_secret,
    normalise_release_code,
)
from appliance.formats.staff_secret import (
    create_staff_pin,
    hash_staff_secret,
    matches_staff_secret,
)


def test_release_code_is_read_as_people_write_it() -> None:
    """Case, spaces, hyphens and the letters O, I and L do not matter."""
    code = create_release_code()
    written = code.replace("-", " ").lower().replace("0", "o").replace("1", "l")

    assert code.replace("-", "") == normalise_release_code(f"  {written} ")


@given(st.integers(0, 15), st.sampled_from(ALPHABET))
def test_release_code_is_refused_when_one_symbol_is_wrong(place: int, symbol: str) -> None:
    """Every single wrong symbol is caught before the costly key derivation."""
    code = create_release_code().replace("-", "")
    wrong = code[:place] + symbol + code[place + 1 :]
    if wrong == code:
        return

    with pytest.raises(ReleaseCodeMistypedError):
        normalise_release_code(wrong)


@given(st.integers(0, 14))
def test_release_code_is_refused_when_neighbours_are_swapped(place: int) -> None:
    """Two symbols in the wrong order are caught."""
    code = create_release_code().replace("-", "")
    wrong = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    if wrong == code:
        return

    with pytest.raises(ReleaseCodeMistypedError):
        normalise_release_code(wrong)


@pytest.mark.parametrize("typed", ["", "ABCD", "U" * 16, "é" * 16, "A" * 17, "0" * 10_000])
def test_release_code_is_refused_when_it_is_no_code(typed: str) -> None:
    """Other lengths and letters are refused."""
    with pytest.raises(ReleaseCodeMistypedError):
        normalise_release_code(typed)


def test_release_secret_depends_on_code_and_salt() -> None:
    """The same code gives another secret under another salt, and the same under the same."""
    code = create_release_code()
    secret = derive_release_secret(code, bytes(16))

    assert secret == derive_release_secret(code.lower(), bytes(16))
    assert secret != derive_release_secret(code, bytes([1] * 16))


def test_candidate_code_hash_is_the_same_however_it_is_typed() -> None:
    """A slip typed in lower case without hyphens is the same code."""
    key, code = create_code_key(), create_candidate_code()

    assert hash_candidate_code(key, code) == hash_candidate_code(key, code.replace("-", "").lower())
    assert hash_candidate_code(key, code) != hash_candidate_code(create_code_key(), code)


def test_candidate_code_is_refused_when_too_short() -> None:
    """A code of another length is refused with a sentence for the candidate."""
    with pytest.raises(CandidateCodeMistypedError) as refusal:
        hash_candidate_code(bytes(32), "ABCD-EFGH")

    assert refusal.value.candidate_message is not None


def test_staff_pin_matches_only_itself() -> None:
    """A PIN matches its hash, another does not, and a damaged hash matches nothing."""
    pin = create_staff_pin()
    secret_hash = hash_staff_secret(pin)

    assert matches_staff_secret(secret_hash, pin)
    assert not matches_staff_secret(secret_hash, pin + "0")
    assert not matches_staff_secret("damaged", pin)
