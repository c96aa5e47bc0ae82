"""Throttling of sign-ins and enrolment: guessing is slow, and nothing else is ever limited.

Counted in memory for each process: with several copies behind a load balancer the limit is as many
times higher, and Argon2id and 60-bit codes carry the rest.
"""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

SIGN_INS = "10 per minute; 60 per hour"
ENROLMENTS = "20 per minute"

limiter = Limiter(
    get_remote_address,
    storage_uri="memory://",
    strategy="moving-window",
    default_limits=[],  # only where it is said
    headers_enabled=False,  # an attacker is not told how many are left
)
