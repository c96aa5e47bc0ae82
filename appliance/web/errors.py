"""Operating errors as answers: a status for each family, and the reader's sentence."""

from __future__ import annotations

from appliance.domain.errors import (
    ConflictError,
    CorruptionError,
    ExamroomError,
    InvalidInputError,
    NotFoundError,
    PermanentSyncError,
    RefusedError,
    TransientError,
    fill_in,
)
from appliance.formats.kept_sentence import KeptSentence
from appliance.web.languages import gettext

STATUS_BY_KEY = {
    "client_unknown": 401,
    "signed_out": 401,
    "staff_signed_out": 401,
    "staff_secret_wrong": 401,
    "code_unknown": 403,
    "peer_unknown": 403,
    "request_unsigned": 401,
    "right_missing": 403,
    "cross_site": 403,
    "request_too_large": 413,
    "upload_too_large": 413,
    "too_many_tries": 429,
    "seb_client_unknown": 401,
    "locked_browser_missing": 403,
    "locked_browser_unfit": 403,
    "page_elsewhere": 403,
    "tls_missing": 403,
}
STATUS_BY_FAMILY: tuple[tuple[type[ExamroomError], int], ...] = (
    (InvalidInputError, 400),
    (NotFoundError, 404),
    (ConflictError, 409),
    (RefusedError, 409),
    (TransientError, 503),
    (PermanentSyncError, 502),
    (CorruptionError, 500),
)
"""A key's own status wins over its family's."""


def status_of(error: ExamroomError) -> int:
    """Return the HTTP status of an error."""
    if error.key in STATUS_BY_KEY:
        return STATUS_BY_KEY[error.key]
    return next(status for family, status in STATUS_BY_FAMILY if isinstance(error, family))


def sentence_for_staff(error: ExamroomError) -> str:
    """Return the translated sentence for staff, its fields filled in."""
    return fill_in(gettext(error.staff_message), error.fields)


def sentence_for_candidate(error: ExamroomError) -> str:
    """Return the translated sentence for a candidate: calm, and without details."""
    if error.candidate_message is None:
        return gettext("Something is not right here. Please ask the invigilator.")
    return fill_in(gettext(error.candidate_message), error.fields)


def kept_words(kept: KeptSentence) -> str:
    """Return why something was refused, translated now."""
    return kept.filled(gettext(kept.message))
