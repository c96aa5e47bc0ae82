"""Asking a box, and trusting nothing before TLS has shown a certificate of the room's authority.

Addresses come from the network, from a keyboard and from other boxes.  None of them is believed:
a connection ends before the first byte of a request unless the authority vouches for the host.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from urllib3.exceptions import HTTPError

from appliance.domain.errors import InvalidInputError, RefusedError, TransientError

ADDRESS_CHARACTERS_MAX = 200
ANSWER_BYTES_MAX = 64 * 1024
BOXES_MAX = 16
CONNECT_SECONDS = 3
ANSWER_SECONDS = 3
NOT_YET_VALID, EXPIRED = 9, 10
"""OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""


class AuthorityUnusableError(InvalidInputError):
    """There is no certificate to trust boxes by."""

    key = "authority_unusable"
    staff_message = "The certificate of the authority cannot be read: {path}. Install it anew."


class AddressUnreadableError(InvalidInputError):
    """Not the address of a box."""

    key = "address_unreadable"
    staff_message = "This is not the address of a box. It looks like https://box.example."


class BoxSilentError(TransientError):
    """Nobody answers there."""

    key = "box_silent"
    staff_message = "Nothing answers at {address}. See that the box is on and connected."


class BoxUntrustedError(RefusedError):
    """Whoever answers there is not vouched for."""

    key = "box_untrusted"
    staff_message = "What answers at {address} is not a box of this authority. Do not use it."


class ClockWrongError(RefusedError):
    """The box's certificate is not valid at the time that this computer believes it is."""

    key = "clock_wrong"
    staff_message = (
        "The certificate of {address} is not valid today, by the clock of this computer. "
        "Look at the clock first; if it is right, the box needs a new certificate."
    )


class NotABoxError(InvalidInputError):
    """Trusted, and not a box, or one of another version."""

    key = "answer_foreign"
    staff_message = "What answers at {address} does not speak as a box does. Use the same version."


Address = Annotated[str, Field(max_length=ADDRESS_CHARACTERS_MAX)]


class _Answer(BaseModel):
    """What a box answers.  Fields of a later version are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class BoxSeen(_Answer):
    """What a trusted box says of itself: docs/standby-protocol.md, section 2."""

    box_id: Annotated[str, Field(max_length=128)]
    leads: bool
    epoch: Annotated[int, Field(ge=0)]
    leader: Address
    boxes: Annotated[list[Address], Field(max_length=BOXES_MAX)]
    room: Annotated[str, Field(max_length=60)]


class Wanted(_Answer):
    """What a trusted box wants of this workstation: docs/kiosk-protocol.md, section 2."""

    release: bool
    restart_browser: Annotated[int, Field(ge=0)]
    poll_seconds: Annotated[int, Field(ge=2, le=60)]
    conduct: Annotated[str, Field(max_length=32)] = ""


class _KeyGiven(_Answer):
    """What opens the place on this computer's stick: docs/kiosk-protocol.md, section 5."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Refusal(_Answer):
    """Why a box does not do what it was asked."""

    error: Annotated[str, Field(max_length=60)]


Answer = TypeVar("Answer", bound=_Answer)


def read_address(text: str) -> str:
    """Return the origin that somebody typed or scanned; raises AddressUnreadableError."""
    text = text.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError as problem:
        raise AddressUnreadableError from problem
    host = parts.hostname or ""
    plain = host.isascii() and all(char.isalnum() or char in ".-:" for char in host)
    if parts.scheme != "https" or not host or not plain or parts.username is not None:
        raise AddressUnreadableError
    origin = f"https://{f'[{host}]' if ':' in host else host}{port}"
    if len(origin) > ADDRESS_CHARACTERS_MAX:
        raise AddressUnreadableError
    return origin


class Authority:
    """The authority whose word is taken for who is a box."""

    def __init__(self, path: Path, *, may_come_later: bool = False) -> None:
        """Raises AuthorityUnusableError, unless it may come later: see `is_there`."""
        self._path = path
        self.certificates: list[str] = []
        if not may_come_later:
            self._read()

    def _read(self) -> None:
        try:
            ssl.create_default_context(cafile=str(self._path))
            self.certificates = _certificates(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError) as problem:
            raise AuthorityUnusableError(path=str(self._path)) from problem

    def is_there(self) -> bool:
        """Say whether its certificate could be read by now; before that nobody may be asked."""
        if not self.certificates:
            with suppress(AuthorityUnusableError):
                self._read()
        return bool(self.certificates)

    def look(self, origin: str) -> BoxSeen:
        """Ask a box what it is.

        Raises BoxSilentError, BoxUntrustedError, ClockWrongError or NotABoxError.
        """
        return self._ask("GET", origin, "/api/v1/box", None, BoxSeen)

    def report(self, origin: str, workstation_id: str, body: dict[str, object]) -> Wanted:
        """Report to a box and return what it wants; raises what `look` raises."""
        path = f"/api/v1/workstations/{workstation_id}/report"
        return self._ask("POST", origin, path, body, Wanted)

    def workstation_key(self, origin: str, workstation_id: str, volume_id: str) -> str:
        """Ask for the key of the place on this computer's stick, 64 hexadecimal digits.

        Raises what `look` raises; the `refusal` of a NotABoxError is the box's key for why not.
        """
        path = f"/api/v1/workstations/{workstation_id}/key"
        return self._ask("POST", origin, path, {"volume": volume_id}, _KeyGiven).key

    def _ask(
        self, method: str, origin: str, path: str, body: object, model: type[Answer]
    ) -> Answer:
        with requests.Session() as session:
            # No proxy and no authorities from the environment: only what was pinned.
            session.trust_env = False
            session.verify = str(self._path)
            try:
                with session.request(
                    method,
                    origin + path,
                    json=body,
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as answer:
                    data = answer.raw.read(ANSWER_BYTES_MAX, decode_content=True)
                    if answer.status_code != requests.codes.ok:
                        raise NotABoxError(address=origin, refusal=_refusal(data))
                    return model.model_validate_json(data)
            except requests.exceptions.SSLError as problem:
                raise _untrusted(problem, origin) from problem
            except ValidationError as problem:
                raise NotABoxError(address=origin, refusal="") from problem
            except (requests.RequestException, HTTPError, OSError) as problem:
                # `raw` does not translate what urllib3 says of an answer that breaks off.
                raise BoxSilentError(address=origin) from problem


def _refusal(data: bytes) -> str:
    """Return the key of a box's refusal; empty when it is none."""
    try:
        return _Refusal.model_validate_json(data).error
    except ValidationError:
        return ""


def _untrusted(problem: BaseException, origin: str) -> BoxUntrustedError | ClockWrongError:
    """Tell a wrong clock from a wrong box: OpenSSL's reason is at the bottom of the chain."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            if cause.verify_code in {NOT_YET_VALID, EXPIRED}:
                return ClockWrongError(address=origin)
            break
        inner = next((one for one in cause.args if isinstance(one, BaseException)), None)
        cause = inner or getattr(cause, "reason", None) or cause.__cause__ or cause.__context__
    return BoxUntrustedError(address=origin)


def _certificates(text: str) -> list[str]:
    """Return each certificate as the base64 of its DER, as browsers' policies want it."""
    parts = text.split("-----BEGIN CERTIFICATE-----")[1:]
    found = ["".join(one.partition("-----END CERTIFICATE-----")[0].split()) for one in parts]
    if not found:
        raise ValueError("no certificate")
    return found
