"""Reading the fields of a form."""

from __future__ import annotations

from flask import request

from appliance.domain.errors import InvalidInputError


class NumberUnfitError(InvalidInputError):
    """Not a whole number."""

    key = "number_unfit"
    staff_message = "Please write a whole number."


def whole_number(name: str) -> int:
    """Return a field as a whole number of at most nine digits; raises NumberUnfitError."""
    text = request.form.get(name, "").strip()
    if len(text) > 9:
        raise NumberUnfitError
    try:
        return int(text)
    except ValueError:
        raise NumberUnfitError from None
