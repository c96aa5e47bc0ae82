"""The settings of Safe Exam Browser for an exam, as data.

Values and what they do: SEB's manual and the default values of its clients; docs/seb.md says why
each that is not a default.  All of them come from the sitting's `LockedBrowser` and who sits there,
so that every box of the room makes the same, and with it the same Config Keys.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from appliance.domain.locked_browser import LockedBrowser
from appliance.formats.crockford import ALPHABET
from appliance.formats.seb_settings import config_key

PING_EVERY_MS = 5000
KEYS_KEPT_MAX = 4096
QUIT_PASSWORD_CHARACTERS = 12
"""60 bits: its plain hash stands in every file, and is tried out without asking anybody."""
OPENING_PASSWORD_CHARACTERS = 16
"""80 bits: what clients make of a password is soon tried out (see `seb_container`)."""
VERSIONS_MIN = ["Win.3.5.min", "Mac.3.3.min", "iOS.3.3.min"]
_DEFAULT_PORTS = {"http": 80, "https": 443}

Form = Literal["file", "given"]
"""`file` is what is fetched by link; `given` is what a client that reports gets there."""

LOCKED: dict[str, object] = {
    "sebConfigPurpose": 0,
    "sendBrowserExamKey": True,
    # The modern engine with its JavaScript API, which shows the hashes instead of headers.
    "browserWindowWebView": 3,
    "allowQuit": True,
    "quitURLConfirm": False,
    "allowPreferencesWindow": False,
    "examSessionReconfigureAllow": False,
    "downloadAndOpenSebConfig": False,
    "examSessionClearCookiesOnStart": True,
    "examSessionClearCookiesOnEnd": True,
    "URLFilterEnable": True,
    # On macOS the content filter would force the old engine; the page's own policy does its work.
    "URLFilterEnableContentFilter": False,
    "browserWindowAllowReload": True,
    "showReloadWarning": False,
    "newBrowserWindowAllowReload": False,
    "newBrowserWindowByLinkPolicy": 0,
    "newBrowserWindowByScriptPolicy": 0,
    "allowBrowsingBackForward": False,
    "browserWindowAllowAddressBar": False,
    "allowDeveloperConsole": False,
    "allowPrint": False,
    "allowDownUploads": False,
    "allowDownloads": False,
    # An item may ask for a file.
    "allowUploads": True,
    "allowDictionaryLookup": False,
    "allowDictation": False,
    "allowSiri": False,
    "allowSwitchToApplications": False,
    "permittedProcesses": [],
    "createNewDesktop": True,
    "killExplorerShell": False,
    "clipboardPolicy": 2,
    "enablePrivateClipboard": True,
    "enablePrintScreen": False,
    "allowScreenSharing": False,
    "allowVirtualMachine": False,
    "allowUserSwitching": False,
    "allowDisplayMirroring": False,
    "allowedDisplaysMaxNumber": 1,
    "enableRightMouse": False,
    "enableAltTab": False,
    "enableEsc": True,
    "enableF5": True,
    # A room's network is not the Internet: a service that is missing is said, and no obstacle.
    "sebServicePolicy": 1,
    "sebAllowedVersions": VERSIONS_MIN,
    "enableLogging": True,
    "logLevel": 2,
    "showTime": True,
    "showTaskBar": True,
    "allowWlan": True,
    "enableZoomPage": True,
}


@dataclass(frozen=True, slots=True)
class Seat:
    """Whom a file is for: one attempt, or with an empty `attempt_id` anybody of the sitting."""

    sitting_id: str
    attempt_id: str = ""
    may_spell_check: bool = False

    @property
    def name(self) -> str:
        """Return the name under which its clients sign in at the box."""
        return f"{self.sitting_id}.{self.attempt_id}"


def derived(browser: LockedBrowser, purpose: str) -> bytes:
    """Return 32 bytes that follow from the sitting's key, others for every purpose."""
    return hmac.digest(bytes.fromhex(browser.key), purpose.encode(), "sha256")


def quit_password(browser: LockedBrowser) -> str:
    """Return what an invigilator types to leave SEB before the candidate has handed in."""
    return _typed(derived(browser, "quit password"))[:QUIT_PASSWORD_CHARACTERS]


def opening_password(browser: LockedBrowser) -> str | None:
    """Return what SEB asks for when the file is opened, or None."""
    if not browser.is_encrypted:
        return None
    return _typed(derived(browser, "opening password"))[:OPENING_PASSWORD_CHARACTERS]


def _typed(data: bytes) -> str:
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in data).lower()


def client_secret(browser: LockedBrowser, seat: Seat) -> str:
    """Return the secret with which the clients of a file sign in at the box."""
    return derived(browser, f"client {seat.name}").hex()


def start_path(browser: LockedBrowser, sitting_id: str) -> str:
    """Return the path that SEB opens first."""
    return f"/seb/start/{sitting_id}/{derived(browser, 'start').hex()[:32]}"


def quit_path(browser: LockedBrowser) -> str:
    """Return the path at which SEB ends; the box tells it only to who has handed in."""
    return f"/seb/quit/{derived(browser, 'quit link').hex()[:32]}"


def exam_settings(browser: LockedBrowser, seat: Seat, form: Form) -> dict[str, object]:
    """Return the settings of a seat."""
    origin = browser.origins[0]
    settings = LOCKED | {
        "startURL": origin + start_path(browser, seat.sitting_id),
        "quitURL": origin + quit_path(browser),
        "examKeySalt": derived(browser, f"salt {seat.name}"),
        "hashedQuitPassword": hashlib.sha256(quit_password(browser).encode()).hexdigest(),
        # Nobody knows this one: settings are not changed on the computer.
        "hashedAdminPassword": derived(browser, "settings password").hex(),
        "URLFilterRules": [_rule(one) for one in browser.origins],
        "allowSpellCheck": seat.may_spell_check,
        "sebMode": 0,
    }
    if browser.authority:
        settings["embeddedCertificates"] = [_certificate(browser.authority)]
    if form == "file" and browser.is_watched:
        settings |= _reporting(browser, seat)
    return settings


def _rule(origin: str) -> dict[str, object]:
    address = urlsplit(origin)
    port = address.port or _DEFAULT_PORTS[address.scheme]
    return {
        "active": True,
        "regex": False,
        "expression": f"{address.hostname}:{port}/*",
        "action": 1,
    }


def _certificate(authority: str) -> dict[str, object]:
    return {"type": 2, "name": "examroom", "certificateData": base64.b64decode(authority)}


def _reporting(browser: LockedBrowser, seat: Seat) -> dict[str, object]:
    """Return what lets a client report to the box, and go on where the box does not answer."""
    return {
        "sebMode": 1,
        "sebServerURL": browser.origins[0],
        "sebServerFallback": True,
        "sebServerFallbackAttempts": 3,
        "sebServerFallbackTimeout": 5000,
        "sebServerConfiguration": {
            "institution": "1",
            "exam": seat.sitting_id,
            "clientName": seat.name,
            "clientSecret": client_secret(browser, seat),
            "apiDiscovery": "/exam-api/discovery",
            "pingInterval": PING_EVERY_MS,
        },
    }


@lru_cache(maxsize=KEYS_KEPT_MAX)
def config_key_of(browser: LockedBrowser, seat: Seat, form: Form) -> str:
    """Return the Config Key of a seat's settings."""
    return config_key(exam_settings(browser, seat, form))
