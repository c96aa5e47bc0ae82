"""A token in the header of a box's encrypted disk (LUKS2): its key, for the centre alone.

With it the disk of a box whose security chip is dead is opened by whoever holds the centre's
recovery key.  LUKS2 tokens are JSON with a type and the slots they open; what else stands in them
is their maker's (LUKS2 on-disk format, section 3.5).
"""

from __future__ import annotations

import json

from appliance.formats.canonical import DocumentMalformedError
from appliance.formats.keys import RecoveryKey
from appliance.formats.recovery import read_recovery_copy, write_recovery_copy

DISK_TOKEN_MAX_BYTES = 16 * 1024
_TYPE = "examroom-recovery"
_DISK = "disk-"


def write_disk_token(box_id: str, key: bytes, *, recovery: bytes) -> bytes:
    """Return the token; `recovery` is the centre's 32 public bytes."""
    copy = write_recovery_copy(f"{_DISK}{box_id}", key, recovery=recovery)
    return json.dumps({"type": _TYPE, "keyslots": [], "copy": copy.decode("ascii")}).encode()


def read_disk_token(data: bytes, *, recovery: RecoveryKey) -> tuple[str, bytes]:
    """Return (box_id, key); raises DocumentMalformedError or SealBrokenError."""
    if len(data) > DISK_TOKEN_MAX_BYTES:
        raise DocumentMalformedError
    try:
        token = json.loads(data)
        copy = token["copy"].encode() if token["type"] == _TYPE else b""
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise DocumentMalformedError from problem
    name, key = read_recovery_copy(copy, recovery=recovery)
    if not name.startswith(_DISK):
        raise DocumentMalformedError
    return name.removeprefix(_DISK), key
