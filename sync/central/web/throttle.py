"""Throttling of sign-ins and enrolment: guessing is slow, and nothing else is ever limited.

Counted in memory for each process: with several copies behind a load balancer the limit is as many
times higher, and Argon2id and 60-bit codes carry the rest.
"""

from __future__ import annotations

from flask import request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

SIGN_INS = "10 per minute; 60 per hour"
ENROLMENTS = "120 per minute"  # a whole district behind one address; the codes have 60 bits

limiter = Limiter(
    get_remote_address,
    storage_uri="memory://",
    strategy="moving-window",
    default_limits=[],  # only where it is said
    headers_enabled=False,  # an attacker is not told how many are left
)


def address_and_name() -> str:
    """Count sign-ins by address and name: behind a proxy all people share one address."""
    return f"{get_remote_address()}|{request.form.get('name', '').strip().lower()[:100]}"
