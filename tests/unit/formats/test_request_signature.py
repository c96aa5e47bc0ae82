"""Requests count once, in time, from the box that signed them."""

from __future__ import annotations

import pytest

from appliance.domain.errors import ExamroomError
from appliance.formats.keys import BoxIdentity
from appliance.formats.request_signature import (
    NONCE_HEADER,
    WINDOW_MS,
    RequestOutOfTimeError,
    RequestRepeatedError,
    RequestUnsignedError,
    SignedRequest,
    sign_request,
    verify_request,
)
from appliance.formats.signing import SignatureWrongError

REQUEST = SignedRequest("POST", "/api/v1/bundles?x=1", b"body")
NOW_MS = 10_000_000


class Nonces:
    """The simplest store of nonces."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()

    def remember(self, box_id: str, nonce: str, at_ms: int) -> bool:
        """See NonceStore."""
        is_new = (box_id, nonce) not in self.seen
        self.seen.add((box_id, nonce))
        return is_new


def test_request_is_refused_when_repeated(box: BoxIdentity) -> None:
    """The same signed request counts once."""
    headers, nonces = sign_request(REQUEST, box=box, now_ms=NOW_MS), Nonces()
    verify_request(REQUEST, headers, box=box.public, now_ms=NOW_MS, nonces=nonces)

    with pytest.raises(RequestRepeatedError):
        verify_request(REQUEST, headers, box=box.public, now_ms=NOW_MS, nonces=nonces)


@pytest.mark.parametrize(
    "other",
    [
        SignedRequest("GET", REQUEST.target, REQUEST.body),
        SignedRequest("POST", "/api/v1/bundles?x=2", REQUEST.body),
        SignedRequest("POST", REQUEST.target, b"other"),
    ],
)
def test_request_is_refused_when_something_differs(box: BoxIdentity, other: SignedRequest) -> None:
    """Method, target and body are what was signed."""
    headers = sign_request(REQUEST, box=box, now_ms=NOW_MS)

    with pytest.raises(SignatureWrongError):
        verify_request(other, headers, box=box.public, now_ms=NOW_MS, nonces=Nonces())


@pytest.mark.parametrize("offset_ms", [WINDOW_MS + 1, -WINDOW_MS - 1])
def test_request_is_refused_when_out_of_time(box: BoxIdentity, offset_ms: int) -> None:
    """A request is good for five minutes around the centre's clock."""
    headers = sign_request(REQUEST, box=box, now_ms=NOW_MS)

    with pytest.raises(RequestOutOfTimeError):
        verify_request(REQUEST, headers, box=box.public, now_ms=NOW_MS + offset_ms, nonces=Nonces())


def test_request_is_refused_from_another_box(box: BoxIdentity, other_box: BoxIdentity) -> None:
    """One box cannot speak for another."""
    headers = sign_request(REQUEST, box=other_box, now_ms=NOW_MS)

    with pytest.raises(RequestUnsignedError):
        verify_request(REQUEST, headers, box=box.public, now_ms=NOW_MS, nonces=Nonces())
    headers["X-Examroom-Box"] = box.id
    with pytest.raises(SignatureWrongError):
        verify_request(REQUEST, headers, box=box.public, now_ms=NOW_MS, nonces=Nonces())


@pytest.mark.parametrize("nonce", ["", "x", "0" * 33, "G" * 32])
def test_request_is_refused_when_a_header_is_not_of_its_form(box: BoxIdentity, nonce: str) -> None:
    """Headers are read strictly."""
    headers = sign_request(REQUEST, box=box, now_ms=NOW_MS)
    headers[NONCE_HEADER] = nonce

    with pytest.raises(ExamroomError):
        verify_request(REQUEST, headers, box=box.public, now_ms=NOW_MS, nonces=Nonces())
