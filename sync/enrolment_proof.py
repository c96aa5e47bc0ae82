"""The proof by which a box and a centre recognise each other under a one-time code.

Each side sends HMAC-SHA256 of its identity under the code; the code itself never travels.
"""

from __future__ import annotations

import hashlib
import hmac

from appliance.domain.errors import InvalidInputError
from appliance.formats.crockford import normalise
from appliance.formats.keys import PublicIdentity


class EnrolmentRefusedError(InvalidInputError):
    """The reply does not prove that it is from the centre that gave out the code."""

    key = "enrolment_refused"
    staff_message = (
        "The centre could not be recognised with this code. Check the address and the code; "
        "a code works once and for a limited time."
    )


def prove_identity(code: str, side: str, identity: PublicIdentity, other_id: str) -> bytes:
    """Return HMAC-SHA256 of an identity under an enrolment code, for one `side` and addressee."""
    symbols = normalise(code)
    if symbols is None:
        raise EnrolmentRefusedError
    message = b"\x00".join([side.encode(), other_id.encode(), identity.to_bytes()])
    return hmac.new(symbols.encode("ascii"), message, hashlib.sha256).digest()
