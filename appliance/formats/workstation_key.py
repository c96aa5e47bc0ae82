"""The key of what one workstation keeps on its own stick.

It follows from the secret that all boxes of a site share and from the name of that one place, so
any box of the site gives the same key and no stick carries it.  docs/kiosk-protocol.md, section 5.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
VOLUME_ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""The UUID that a LUKS header carries, in small letters."""


def workstation_key(client_secret: bytes, volume_id: str) -> bytes:
    """Return the 32 bytes that open the place called `volume_id` (RFC 5869, without salt)."""
    info = b"examroom/workstation-key/1|" + volume_id.encode("ascii")
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(client_secret)
