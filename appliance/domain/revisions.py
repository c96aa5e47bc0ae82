"""How a revision of a response is written: whole now and then, else as what changed.

A response value is JSON without floats.  A revision's body carries it in one of three forms:

    "v": value                          whole, when it is small
    "z": base64(zlib(JSON of value))    whole, when it is large
    "s": [keep, delete, insert]         splice of the text of the revision before: keep the first
                                        `keep` characters, drop `delete`, put `insert` there

A splice is written only for text, only when it is much smaller than the whole, and at most
SPLICES_MAX times in a row, so that one damaged entry never costs more than that.  DESIGN section 5:
a four-hour essay must cost a few megabytes, not hundreds.
"""

from __future__ import annotations

import base64
import json
import zlib

from appliance.domain.errors import CorruptionError

ResponseValue = object
"""null, a string, a list of strings, or an upload's name, media type, size and hash."""

SPLICES_MAX = 100
WHOLE_PLAIN_MAX_BYTES = 160
VALUE_MAX_BYTES = 8 * 1024 * 1024


class RevisionDamagedError(CorruptionError):
    """A stored revision cannot be read back."""

    key = "revision_damaged"
    staff_message = "One saved revision cannot be read. The ones before and after it still can."


def encode_revision(
    previous: ResponseValue, value: ResponseValue, *, splices_before: int
) -> dict[str, object]:
    """Return the part of an entry's body that carries `value` after `previous`."""
    if isinstance(previous, str) and isinstance(value, str) and splices_before < SPLICES_MAX:
        keep, delete, insert = _splice(previous, value)
        if 2 * len(insert) < len(value):
            return {"s": [keep, delete, insert]}
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(text) <= WHOLE_PLAIN_MAX_BYTES:
        return {"v": value}
    return {"z": base64.b64encode(zlib.compress(text.encode(), 6)).decode("ascii")}


def decode_revision(previous: ResponseValue, body: dict[str, object]) -> ResponseValue:
    """Return the value that a revision's body carries, given the value before it."""
    if "v" in body:
        return body["v"]
    if "z" in body:
        return _unpack(body["z"])
    match body.get("s"):
        case [int(keep), int(delete), str(insert)] if isinstance(
            previous, str
        ) and 0 <= keep <= keep + delete <= len(previous):
            return previous[:keep] + insert + previous[keep + delete :]
    raise RevisionDamagedError


def is_splice(body: dict[str, object]) -> bool:
    """Say whether this body needs the revision before it."""
    return "s" in body


def _unpack(packed: object) -> ResponseValue:
    if not isinstance(packed, str):
        raise RevisionDamagedError
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(packed, validate=True), VALUE_MAX_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof:
            raise RevisionDamagedError
        return json.loads(text)
    except (ValueError, zlib.error) as damage:
        raise RevisionDamagedError from damage


def _splice(old: str, new: str) -> tuple[int, int, str]:
    """Return (keep, delete, insert) that turns `old` into `new`."""
    keep = _common_prefix(old, new)
    tail = _common_suffix(old, new, min(len(old), len(new)) - keep)
    return keep, len(old) - keep - tail, new[keep : len(new) - tail]


def _common_prefix(old: str, new: str) -> int:
    """Length of the common start, by bisection: slices compare at memory speed."""
    low, high = 0, min(len(old), len(new))
    if old[:high] == new[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_suffix(old: str, new: str, at_most: int) -> int:
    low, high = 0, at_most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low
