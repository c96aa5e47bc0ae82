"""Too many tries."""

from __future__ import annotations

from appliance.domain.errors import RefusedError


class TooManyTriesError(RefusedError):
    """Somebody, or a machine, is guessing."""

    key = "too_many_tries"
    staff_message = "Too many failed tries from here. Wait a minute, then try again."
    candidate_message = "Too many tries from this computer. Please wait a minute or ask for help."
