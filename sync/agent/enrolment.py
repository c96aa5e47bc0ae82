"""Making a box and a centre known to each other, once.

By network a one-time code proves each side to the other and is itself never sent: both send
HMAC-SHA256 under it.  By stick the two public keys files are carried over by somebody trusted.
"""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from appliance.formats.canonical import DocumentMalformedError, encode_canonical, parse_canonical
from appliance.formats.keys import BoxIdentity, PublicIdentity, pin_centre, read_public_identity
from sync.agent.centre_client import Centre
from sync.enrolment_proof import EnrolmentRefusedError, prove_identity

ENROLMENTS_TARGET = "/api/v1/enrolments"


def enrol_by_network(
    centre: Centre, *, box: BoxIdentity, code: str, keys_dir: Path
) -> PublicIdentity:
    """Enrol at the centre with a one-time code and pin the centre; returns its identity."""
    request = {
        "identity": parse_canonical(box.public.to_bytes()),
        "proof": prove_identity(code, "box", box.public, "").hex(),
    }
    reply = centre.send("POST", ENROLMENTS_TARGET, encode_canonical(request))
    try:
        found = read_public_identity(encode_canonical(reply.value.get("centre")))
        proof = bytes.fromhex(_hex(reply.value.get("proof")))
    except (DocumentMalformedError, ValueError) as problem:
        raise EnrolmentRefusedError from problem
    expected = prove_identity(code, "centre", found, box.id)
    if found.kind != "centre" or not hmac.compare_digest(expected, proof):
        raise EnrolmentRefusedError
    pin_centre(keys_dir, found)
    return found


def enrol_by_file(centre_keys: bytes, *, keys_dir: Path) -> PublicIdentity:
    """Pin the centre whose public keys file somebody trusted has carried here."""
    found = read_public_identity(centre_keys)
    if found.kind != "centre":
        raise EnrolmentRefusedError
    pin_centre(keys_dir, found)
    return found


def _hex(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise DocumentMalformedError
    return value
