"""Talking to the centre over HTTPS.  The one place that translates the errors of `requests`."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from typing import Protocol

import requests

from appliance.domain.errors import InvalidInputError, PermanentSyncError, TransientError
from appliance.formats.canonical import DocumentMalformedError, parse_canonical
from appliance.formats.keys import BoxIdentity
from appliance.formats.request_signature import (
    RequestOutOfTimeError,
    SignedRequest,
    sign_request,
)
from appliance.platform.clock import Clock

CONNECT_SECONDS = 5
READ_SECONDS = 30
REPLY_MAX_BYTES = 1024 * 1024
DOCUMENT_MAX_BYTES = 512 * 1024 * 1024
READ_AT_ONCE_BYTES = 64 * 1024
CONFLICT_STATUS = 409
TOO_LARGE_STATUS = 413
# Statuses after which the same request may well succeed: the proxy or the centre is busy.
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
AUTHORITY_VARIABLE = "REQUESTS_CA_BUNDLE"
"""Names the certificate of a centre's own authority; without it the public ones are trusted."""


class CentreUnreachableError(TransientError):
    """No connection, no reply in time, or a reply cut short."""

    key = "centre_unreachable"
    staff_message = (
        "The centre cannot be reached. Nothing is lost: results are kept here and sent when the "
        "network is back, or taken along on a stick."
    )


class CentreBusyError(TransientError):
    """The centre answered that it cannot now."""

    key = "centre_busy"
    staff_message = "The centre is busy. Results are kept here and sent again in a moment."


class CentreRefusedError(PermanentSyncError):
    """The centre said no for good."""

    key = "centre_refused"
    staff_message = (
        "The centre refused what this box sent ({reason}). Everything is kept here. "
        "Tell the centre, or carry the results there on a stick."
    )


class CentreAuthorityUnreadableError(InvalidInputError):
    """The settings name an authority for the centre's certificate, and it is no such file."""

    key = "centre_authority_unreadable"
    staff_message = (
        "The certificate of the centre's authority cannot be read from {path}: {problem}. "
        "Put the file there, or correct REQUESTS_CA_BUNDLE in the settings of the sync agent."
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What the centre answered: `value` is its JSON, `key` names the reason of a refusal."""

    status: int
    value: dict[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the key of the error, or nothing."""
        return str(self.value.get("key", ""))


class Centre(Protocol):
    """What the agent asks of a centre."""

    def send(self, method: str, target: str, body: bytes = b"") -> Reply:
        """Exchange JSON; raises TransientError or CentreRefusedError (but returns 409 and 413)."""

    def fetch(self, target: str) -> bytes:
        """Return the bytes of a document; raises as `send` does."""


class CentreClient:
    """A centre at an address, for one box."""

    def __init__(self, url: str, box: BoxIdentity, clock: Clock) -> None:
        """Raise CentreAuthorityUnreadableError where the authority that is named is none."""
        self._url = url.rstrip("/")
        self._box = box
        self._clock = clock
        self._offset_ms = 0
        self._http = requests.Session()
        # The environment's proxies and .netrc are not for a box that talks to one place only.
        self._http.trust_env = False
        self._http.verify = _named_authority() or True

    def send(self, method: str, target: str, body: bytes = b"") -> Reply:
        """See Centre.  A clock that differs from the centre's is allowed for once."""
        reply = self._exchange(method, target, body)
        if reply.key == RequestOutOfTimeError.key and self._learn_time(reply):
            reply = self._exchange(method, target, body)
        if reply.status >= 400 and reply.status not in {CONFLICT_STATUS, TOO_LARGE_STATUS}:
            raise CentreRefusedError(reason=reply.key or f"HTTP {reply.status}")
        return reply

    def fetch(self, target: str) -> bytes:
        """See Centre."""
        status, data = self._request("GET", target, b"", bytes_max=DOCUMENT_MAX_BYTES)
        if status != requests.codes.ok:
            raise CentreRefusedError(reason=f"HTTP {status}")
        return data

    def _exchange(self, method: str, target: str, body: bytes) -> Reply:
        status, data = self._request(method, target, body, bytes_max=REPLY_MAX_BYTES)
        try:
            value = parse_canonical(data, bytes_max=REPLY_MAX_BYTES)
        except DocumentMalformedError as problem:
            # Not the centre, but something in between: a captive portal, a proxy's error page.
            raise CentreUnreachableError from problem
        if not isinstance(value, dict):
            raise CentreUnreachableError
        return Reply(status, value)

    def _learn_time(self, reply: Reply) -> bool:
        centre_at_ms = reply.value.get("centre_at_ms")
        if not isinstance(centre_at_ms, int):
            return False
        self._offset_ms = centre_at_ms - self._clock.wall_ms()
        return True

    def _request(
        self, method: str, target: str, body: bytes, *, bytes_max: int
    ) -> tuple[int, bytes]:
        now_ms = self._clock.wall_ms() + self._offset_ms
        headers = sign_request(SignedRequest(method, target, body), box=self._box, now_ms=now_ms)
        headers["Content-Type"] = "application/octet-stream"
        try:
            with self._http.request(
                method,
                self._url + target,
                data=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,  # a signed request is for one address
                stream=True,  # so that an endless reply ends at the limit
            ) as response:
                data = _read_bounded(response, bytes_max)
                status = response.status_code
        except requests.RequestException as problem:
            raise CentreUnreachableError from problem
        if status in TRANSIENT_STATUSES:
            raise CentreBusyError
        return status, data


def _named_authority() -> str:
    path = os.environ.get(AUTHORITY_VARIABLE, "")
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError as problem:
            said = problem.strerror or str(problem)
            raise CentreAuthorityUnreadableError(path=path, problem=said) from problem
    return path


def _read_bounded(response: requests.Response, bytes_max: int) -> bytes:
    data = bytearray()
    for chunk in response.iter_content(READ_AT_ONCE_BYTES):
        data += chunk
        if len(data) > bytes_max:
            raise CentreUnreachableError
    expected = response.headers.get("Content-Length")
    is_plain = "Content-Encoding" not in response.headers
    if expected is not None and is_plain and expected != str(len(data)):
        raise CentreUnreachableError
    return bytes(data)
