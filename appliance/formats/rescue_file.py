"""Work rescued from a candidate's computer: a file that only a box of that sitting can open.

The page seals what the box does not have with AES-256-GCM, under a key that it got when it signed
in.  The key is made of the roster's code key and the attempt, so that every box to which the centre
gave the sitting can make it again, and nobody else.

    {"format": "rescue/1", "attempt_id", "client_id", "nonce", "sealed"}      bytes in base64

The first three are bound to what is sealed.  docs/candidate-protocol.md, section 13.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.domain.errors import InvalidInputError

FORMAT = "rescue/1"
RESCUE_FILE_MAX_BYTES = 12 * 1024 * 1024
NONCE_BYTES = 12


class RescueFileUnfitError(InvalidInputError):
    """Not a rescue file, or damaged."""

    key = "rescue_file_unfit"
    staff_message = (
        "This file is not work saved from a candidate's computer, or it was damaged. Nothing was "
        "changed. Save it once more on that computer."
    )


class RescueFileForeignError(InvalidInputError):
    """The file is another candidate's, or of another sitting."""

    key = "rescue_file_foreign"
    staff_message = (
        "This file is not of this candidate and this exam. Nothing was changed. Look whose "
        "computer it was saved on, and take it in on that candidate's page."
    )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal["rescue/1"]
    attempt_id: Annotated[str, Field(min_length=1, max_length=64)]
    client_id: Annotated[str, Field(pattern=r"^[0-9a-z]{8,32}$")]
    nonce: Annotated[str, Field(max_length=64)]
    sealed: Annotated[str, Field(max_length=RESCUE_FILE_MAX_BYTES)]


@dataclass(frozen=True, slots=True)
class RescuedWork:
    """What was in a rescue file: the browser it is from, and its changes as JSON."""

    client_id: str
    plain: bytes


def rescue_key(code_key: bytes, attempt_id: str) -> bytes:
    """Return the 32 bytes under which a page seals the work of one attempt."""
    return hmac.new(code_key, b"rescue/1|" + attempt_id.encode(), hashlib.sha256).digest()


def write_rescue_file(
    plain: bytes, *, attempt_id: str, client_id: str, key: bytes, nonce: bytes
) -> bytes:
    """Return the file that a page would write; `nonce` must be new for every file."""
    sealed = AESGCM(key).encrypt(nonce, plain, _bound(attempt_id, client_id))
    value = {
        "format": FORMAT,
        "attempt_id": attempt_id,
        "client_id": client_id,
        "nonce": base64.b64encode(nonce).decode(),
        "sealed": base64.b64encode(sealed).decode(),
    }
    return json.dumps(value).encode()


def read_rescue_file(data: bytes, *, attempt_id: str, code_keys: Iterable[bytes]) -> RescuedWork:
    """Open a file for one attempt; raises RescueFileUnfitError or RescueFileForeignError."""
    if len(data) > RESCUE_FILE_MAX_BYTES:
        raise RescueFileUnfitError
    try:
        file = _File.model_validate_json(data)
        nonce = base64.b64decode(file.nonce, validate=True)
        sealed = base64.b64decode(file.sealed, validate=True)
    except (ValidationError, ValueError, binascii.Error) as problem:
        raise RescueFileUnfitError from problem
    if file.attempt_id != attempt_id:
        raise RescueFileForeignError
    if len(nonce) != NONCE_BYTES:
        raise RescueFileUnfitError
    for code_key in code_keys:
        try:
            key = AESGCM(rescue_key(code_key, attempt_id))
            plain = key.decrypt(nonce, sealed, _bound(attempt_id, file.client_id))
        except InvalidTag:
            continue
        return RescuedWork(file.client_id, plain)
    raise RescueFileForeignError


def _bound(attempt_id: str, client_id: str) -> bytes:
    return f"{FORMAT}|{attempt_id}|{client_id}".encode()
