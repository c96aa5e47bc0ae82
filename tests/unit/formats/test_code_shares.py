"""Any two of three shares give the release code; one tells nothing."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.formats.code_shares import (
    CodeShareMistypedError,
    join_release_code,
    split_release_code,
)
from appliance.formats.crockford import ALPHABET, multiply
from appliance.formats.release_code import ReleaseCodeMistypedError, create_release_code

VALUES = st.integers(0, 31)


@pytest.mark.parametrize("pair", list(permutations(range(3), 2)))
def test_any_two_shares_give_the_code(pair: tuple[int, int]) -> None:
    """The order and who of the three comes do not matter."""
    code = create_release_code()
    shares = split_release_code(code)

    assert code == join_release_code(shares[pair[0]].lower(), shares[pair[1]])


def test_one_share_twice_is_refused() -> None:
    """Two people are needed, not one who types twice."""
    share = split_release_code(create_release_code())[0]

    with pytest.raises(CodeShareMistypedError):
        join_release_code(share, share)


def test_shares_of_two_codes_are_refused() -> None:
    """The check symbol of the code shows it, but for one time in 32."""
    refused = 0
    for _ in range(60):
        first = split_release_code(create_release_code())[0]
        second = split_release_code(create_release_code())[1]
        try:
            join_release_code(first, second)
        except ReleaseCodeMistypedError:
            refused += 1

    assert refused > 40


@given(st.integers(0, 17), st.sampled_from(ALPHABET))
def test_share_is_refused_when_one_symbol_is_wrong(place: int, symbol: str) -> None:
    """Every single wrong symbol of a share is caught."""
    first, second, _ = (share.replace("-", "") for share in split_release_code("0" * 16))
    wrong = first[:place] + symbol + first[place + 1 :]
    if wrong == first:
        return

    with pytest.raises(CodeShareMistypedError):
        join_release_code(wrong, second)


@given(VALUES, VALUES, VALUES)
def test_multiplication_is_that_of_a_field(a: int, b: int, c: int) -> None:
    """Commutative, associative, distributive over XOR, with 1 neutral and inverses."""
    assert multiply(a, b) == multiply(b, a)
    assert multiply(a, multiply(b, c)) == multiply(multiply(a, b), c)
    assert multiply(a, b ^ c) == multiply(a, b) ^ multiply(a, c)
    assert a == multiply(a, 1)
    assert a == 0 or any(multiply(a, z) == 1 for z in range(32))
