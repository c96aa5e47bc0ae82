"""The key of what a workstation keeps."""

from __future__ import annotations

import hashlib
import hmac

from appliance.formats.workstation_key import workstation_key

SECRET = bytes(range(32))
VOLUME = "0b5c8f2e-6a1d-4e3f-9b7a-2c4d6e8f0a1b"
EXPECTED = "6c765c1d7e914d58213d6c25d04dc8133d3dbbb1be8827a2985312a359f15b7f"
"""Computed once with OpenSSL's own HKDF; whoever writes another box must come to the same."""


def test_key_is_what_the_protocol_says() -> None:
    """RFC 5869 by hand, and a vector: any box of the site opens what another one closed."""
    info = b"examroom/workstation-key/1|" + VOLUME.encode()
    extracted = hmac.digest(bytes(32), SECRET, "sha256")
    expanded = hmac.new(extracted, info + b"\x01", hashlib.sha256).hexdigest()
    assert EXPECTED == expanded == workstation_key(SECRET, VOLUME).hex()


def test_every_place_and_every_site_has_a_key_of_its_own() -> None:
    """A stick that is made anew is closed with another key."""
    other = VOLUME.replace("0", "1")
    keys = {workstation_key(SECRET, VOLUME), workstation_key(SECRET, other)}
    assert 3 == len(keys | {workstation_key(bytes(32), VOLUME)})
