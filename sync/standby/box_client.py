"""Talking to another box on the room's network.  The one place that translates its HTTP errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.ssl_ import create_urllib3_context

from appliance.domain.errors import RefusedError, TransientError
from appliance.formats.bundle import BUNDLE_MAX_BYTES
from appliance.formats.canonical import CanonicalDocument, DocumentMalformedError
from appliance.formats.keys import BoxIdentity
from appliance.formats.request_signature import SignedRequest, sign_request
from appliance.formats.standby_requests import HEAD_HEADER
from appliance.platform.clock import Clock
from appliance.services.peers import BoxView

CONNECT_SECONDS = 1
READ_SECONDS = 5
LOOK_SECONDS = 1
VIEW_MAX_BYTES = 32 * 1024
READ_AT_ONCE_BYTES = 64 * 1024
AT_ONCE_MAX = 8
NOTHING = 204

T = TypeVar("T")


class BoxOutOfReachError(TransientError):
    """No connection to the other box, no reply in time, or not a reply of a box."""

    key = "box_out_of_reach"
    staff_message = (
        "The box that leads cannot be reached. Look whether it is on and its cable is in. "
        "If it does not come back, take over on this page."
    )


class BoxRefusedError(RefusedError):
    """The other box answered, and said no."""

    key = "box_refused"
    staff_message = "The box that leads refused this one ({reason}). A technician should look."


class _RoomAdapter(HTTPAdapter):
    """Trusts the site's authority besides the public ones, which requests adds."""

    def __init__(self, authority: Path) -> None:
        self._context = create_urllib3_context()
        self._context.load_verify_locations(cafile=str(authority))
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """See HTTPAdapter."""
        super().init_poolmanager(*given, ssl_context=self._context, **named)


def room_session(authority: Path) -> requests.Session:
    """Return a session for the room's own network; `authority` need not be there yet."""
    session = requests.Session()
    # The environment's proxies and .netrc are not for the room's own network.
    session.trust_env = False
    if authority.exists():
        session.mount("https://", _RoomAdapter(authority))
    return session


@dataclass(frozen=True, slots=True)
class Reply:
    """What another box answered: `data` is empty for "nothing new"; `head_seq` where it ends."""

    data: bytes
    head_seq: int


class BoxClient:
    """Another box at an address.  One thread at a time."""

    def __init__(self, origin: str, box: BoxIdentity, clock: Clock, authority: Path) -> None:
        self.origin = origin.rstrip("/")
        self._box = box
        self._clock = clock
        self._offset_ms = 0
        self._http = room_session(authority)

    def view(self) -> BoxView:
        """Ask what the box says of itself, and learn its time.  Raises BoxOutOfReachError."""
        status, data, _ = self._exchange(
            "GET", "/api/v1/box", b"", {}, bytes_max=VIEW_MAX_BYTES, read_seconds=LOOK_SECONDS
        )
        if status != requests.codes.ok:
            raise BoxOutOfReachError
        try:
            view = BoxView.from_value(json.loads(data))
        except (ValueError, DocumentMalformedError) as problem:
            raise BoxOutOfReachError from problem
        # No clock in a room is trusted: a request is signed with the time of whoever receives it.
        self._offset_ms = view.now_ms - self._clock.wall_ms()
        return view

    def ask(
        self,
        path: str,
        body: CanonicalDocument | bytes,
        *,
        read_seconds: float = READ_SECONDS,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send a signed request; raises BoxOutOfReachError or BoxRefusedError with the key."""
        target = f"/api/v1/box/{path}"
        sent = body if isinstance(body, bytes) else body.to_bytes()
        now_ms = self._clock.wall_ms() + self._offset_ms
        signed = sign_request(SignedRequest("POST", target, sent), box=self._box, now_ms=now_ms)
        status, data, head = self._exchange(
            "POST", target, sent, signed | (headers or {}), read_seconds=read_seconds
        )
        if status not in {requests.codes.ok, NOTHING}:
            raise BoxRefusedError(reason=_key_of(data) or f"HTTP {status}")
        return Reply(data, head)

    def _exchange(
        self,
        method: str,
        target: str,
        body: bytes,
        headers: dict[str, str],
        *,
        bytes_max: int = BUNDLE_MAX_BYTES,
        read_seconds: float,
    ) -> tuple[int, bytes, int]:
        try:
            with self._http.request(
                method,
                self.origin + target,
                data=body,
                headers={"Content-Type": "application/octet-stream", **headers},
                timeout=(CONNECT_SECONDS, read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                data = bytearray()
                for chunk in response.iter_content(READ_AT_ONCE_BYTES):
                    data += chunk
                    if len(data) > bytes_max:
                        raise BoxOutOfReachError
                head = response.headers.get(HEAD_HEADER, "0")
                status = response.status_code
        except requests.RequestException as problem:
            raise BoxOutOfReachError from problem
        if status >= requests.codes.internal_server_error:
            raise BoxOutOfReachError
        return status, bytes(data), int(head) if head.isdecimal() else 0


def _key_of(data: bytes) -> str:
    """Return the key of the error another box answered with, if it is one."""
    try:
        value = json.loads(data)
    except ValueError:
        return ""
    key = value.get("error", "") if isinstance(value, dict) else ""
    return key if isinstance(key, str) and key.isidentifier() else ""


class RoomLineByHttp:
    """See appliance.services.following.RoomLine."""

    def __init__(self, authority: Path) -> None:
        self._authority = authority

    def proofs(self, journal_id: str, origins: Sequence[str]) -> list[bytes]:
        """See RoomLine."""
        views = _all(self._look, origins)
        return [
            view.proof.encode()
            for view in views
            if view is not None and view.journal_id == journal_id and view.proof is not None
        ]

    def show_proof(self, proof: bytes, origins: Sequence[str]) -> None:
        """See RoomLine."""
        _all(lambda origin: self._show(origin, proof), origins)

    def _look(self, origin: str) -> BoxView | None:
        try:
            with room_session(self._authority) as session:
                answer = session.get(f"{origin}/api/v1/box", timeout=LOOK_SECONDS)
                return BoxView.from_value(answer.json())
        except (requests.RequestException, ValueError, DocumentMalformedError):
            return None

    def _show(self, origin: str, proof: bytes) -> None:
        address = f"{origin}/api/v1/box/epoch-proof"
        with suppress(requests.RequestException), room_session(self._authority) as session:
            session.post(address, data=proof, timeout=LOOK_SECONDS)


def _all(ask: Callable[[str], T], origins: Sequence[str]) -> list[T]:
    """Ask several boxes at once: one that is gone must not make the others late."""
    with ThreadPoolExecutor(AT_ONCE_MAX) as pool:
        return list(pool.map(ask, origins[:AT_ONCE_MAX]))
