"""Who signed a file that firmware starts is read from the file; what is odd is signed by nobody."""

from __future__ import annotations

import pytest

from appliance.formats.kernel_signature import signers_of
from tests.rig.signed_kernel import HEADER_AT, ImageSigner, pe_file

CONTENT = b"a kernel " * 100


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> ImageSigner:
    """Return somebody with a key."""
    return ImageSigner.make(tmp_path_factory.mktemp("key") / "secure-boot")


def test_signer_is_who_signed(signer: ImageSigner) -> None:
    """The certificate stands beside the signature."""
    assert {signer.der} == signers_of(pe_file(CONTENT, signer))


def test_file_without_a_signature_has_no_signer() -> None:
    """As an image is that was built without a key."""
    assert frozenset() == signers_of(pe_file(CONTENT, None))


def test_file_that_is_cut_or_no_program_has_no_signer(signer: ImageSigner) -> None:
    """Nothing of it is believed, and nothing of it makes the reader fall over."""
    whole = pe_file(CONTENT, signer)
    for cut in (0, HEADER_AT - 1, HEADER_AT + 24, HEADER_AT + 180, len(whole) - 200):
        assert frozenset() == signers_of(whole[:cut])
    assert frozenset() == signers_of(whole.replace(b"PE\0\0", b"NE\0\0"))


def test_signature_that_says_it_is_too_long_is_not_read(signer: ImageSigner) -> None:
    """A length is bounded before anything is read by it."""
    whole = bytearray(pe_file(CONTENT, signer))
    place = len(whole) - (-(-(8 + len(signer.sign(CONTENT))) // 8) * 8)
    whole[place : place + 4] = (2**31).to_bytes(4, "little")
    assert frozenset() == signers_of(bytes(whole))
