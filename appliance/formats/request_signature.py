"""Signed HTTP requests of boxes, so that TLS may end in front of the centre.

    signed   "examroom/request/1" NUL  method LF  target LF  hex SHA-256 of body LF  time LF  nonce
    headers  X-Examroom-Box, X-Examroom-Time (ms), X-Examroom-Nonce, X-Examroom-Signature (hex)

`target` is the path with its query exactly as sent.  A request is good for 300 s around the
centre's clock and once: the centre remembers nonces for that long.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from appliance.domain.errors import RefusedError, TransientError
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.signing import require_signature, sign

WINDOW_MS = 300_000
NONCE_BYTES = 16
BOX_HEADER = "X-Examroom-Box"
TIME_HEADER = "X-Examroom-Time"
NONCE_HEADER = "X-Examroom-Nonce"
SIGNATURE_HEADER = "X-Examroom-Signature"

_PURPOSE = "request/1"
_HEADER_FORMS = {
    BOX_HEADER: re.compile(r"[0-9a-f]{16}"),
    TIME_HEADER: re.compile(r"[0-9]{1,16}"),
    NONCE_HEADER: re.compile(r"[0-9a-f]{32}"),
    SIGNATURE_HEADER: re.compile(r"[0-9a-f]{128}"),
}


class RequestUnsignedError(RefusedError):
    """Headers are missing or not of their form."""

    key = "request_unsigned"
    staff_message = "The centre accepts this only from an enrolled box. Nothing was changed."


class RequestOutOfTimeError(TransientError):
    """Signed too long ago or in the future: the box's clock differs from the centre's."""

    key = "request_out_of_time"
    staff_message = "The clock of this box differs from the centre's. It is trying again."


class RequestRepeatedError(RefusedError):
    """The same signed request came before."""

    key = "request_repeated"
    staff_message = "This request was made before. Nothing was changed."


class NonceStore(Protocol):
    """Remembers nonces at least for twice the window."""

    def remember(self, box_id: str, nonce: str, at_ms: int) -> bool:
        """Store a nonce; say whether it is new."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers besides the time and the nonce."""

    method: str
    target: str
    body: bytes


def sign_request(request: SignedRequest, *, box: BoxIdentity, now_ms: int) -> dict[str, str]:
    """Return the headers that make this request the box's."""
    nonce = secrets.token_hex(NONCE_BYTES)
    signature = sign(box.signing, _PURPOSE, _signed_bytes(request, str(now_ms), nonce))
    return {
        BOX_HEADER: box.id,
        TIME_HEADER: str(now_ms),
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: signature.hex(),
    }


def claimed_box_id(headers: Mapping[str, str]) -> str:
    """Return the box a request says it is from; raises RequestUnsignedError."""
    for name, form in _HEADER_FORMS.items():
        if not form.fullmatch(headers.get(name, "")):
            raise RequestUnsignedError
    return headers[BOX_HEADER]


def verify_request(
    request: SignedRequest,
    headers: Mapping[str, str],
    *,
    box: PublicIdentity,
    now_ms: int,
    nonces: NonceStore,
) -> None:
    """Raise unless `box` signed this request within the window and for the first time.

    Raises RequestUnsignedError, SignatureWrongError, RequestOutOfTimeError or
    RequestRepeatedError.  The nonce is remembered only for a request that is good otherwise.
    """
    if claimed_box_id(headers) != box.id:
        raise RequestUnsignedError
    time, nonce = headers[TIME_HEADER], headers[NONCE_HEADER]
    signature = bytes.fromhex(headers[SIGNATURE_HEADER])
    require_signature(box.signing, _PURPOSE, _signed_bytes(request, time, nonce), signature)
    if abs(now_ms - int(time)) > WINDOW_MS:
        raise RequestOutOfTimeError
    if not nonces.remember(box.id, nonce, now_ms):
        raise RequestRepeatedError


def _signed_bytes(request: SignedRequest, time: str, nonce: str) -> bytes:
    body_hash = hashlib.sha256(request.body).hexdigest()
    return "\n".join([request.method, request.target, body_hash, time, nonce]).encode()
