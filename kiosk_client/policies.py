"""What the browser of a workstation must allow and forbid, as Chromium's managed policies.

Names and values: chromeenterprise.google/policies, each found in Debian's Chromium 156.
Chromium reads them anew when the file changes, so a standby that joins later becomes allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from appliance.domain.errors import InvalidInputError

FILE_NAME = "examroom.json"

_LOCKED: Mapping[str, object] = {
    "URLBlocklist": ["*"],
    "SSLErrorOverrideAllowed": False,
    # Only through the pipe of kiosk_client.one_page: there is no port, and no page can be read.
    "RemoteDebuggingAllowed": True,
    "IncognitoModeAvailability": 1,
    "BrowserGuestModeEnabled": False,
    "BrowserAddPersonEnabled": False,
    "BrowserSignin": 0,
    "SyncDisabled": True,
    "PasswordManagerEnabled": False,
    "AutofillAddressEnabled": False,
    "AutofillCreditCardEnabled": False,
    "PrintingEnabled": False,
    "DownloadRestrictions": 3,
    "AllowFileSelectionDialogs": False,
    "SavingBrowserHistoryDisabled": True,
    "SearchSuggestEnabled": False,
    "DefaultSearchProviderEnabled": False,
    "TranslateEnabled": False,
    "SpellcheckEnabled": False,
    "SpellCheckServiceEnabled": False,
    "ExtensionInstallBlocklist": ["*"],
    "DefaultPopupsSetting": 2,
    "DefaultNotificationsSetting": 2,
    "DefaultGeolocationSetting": 2,
    "DefaultClipboardSetting": 2,
    "DefaultFileSystemReadGuardSetting": 2,
    "DefaultFileSystemWriteGuardSetting": 2,
    "DefaultWebUsbGuardSetting": 2,
    "DefaultWebHidGuardSetting": 2,
    "DefaultSerialGuardSetting": 2,
    "DefaultWebBluetoothGuardSetting": 2,
    "DefaultLocalFontsSetting": 2,
    "DefaultWindowManagementSetting": 2,
    "VideoCaptureAllowed": False,
    "AudioCaptureAllowed": False,
    "ScreenCaptureAllowed": False,
    "DisableScreenshots": True,
    "TaskManagerEndProcessEnabled": False,
    "EnableMediaRouter": False,
    "BackgroundModeEnabled": False,
    "ComponentUpdatesEnabled": False,
    "NetworkPredictionOptions": 2,
    "DnsOverHttpsMode": "off",
    "MetricsReportingEnabled": False,
    "AllowDinosaurEasterEgg": False,
    "CommandLineFlagSecurityWarningsEnabled": False,
    "GenAiDefaultSettings": 2,
    "LensOverlaySettings": 1,
    "HelpMeWriteSettings": 2,
    "GeminiSettings": 1,
    "AIModeSettings": 1,
    # Sends pictures away to be described.
    "AccessibilityImageLabelsEnabled": False,
}

DEVELOPER_TOOLS_FORBIDDEN = 2


class PoliciesUnwritableError(InvalidInputError):
    """The browser could not be locked down, so it must not start."""

    key = "policies_unwritable"
    staff_message = (
        "The rules for the browser cannot be written to {path}: {problem}. "
        "The browser does not start before they can."
    )


def policies(
    origins: Iterable[str],
    *,
    local_origin: str,
    certificates: Iterable[str],
    developer_tools: int = DEVELOPER_TOOLS_FORBIDDEN,
) -> dict[str, object]:
    """Return the policies that lock the browser to `origins` and this computer's own pages.

    `certificates` are the room's authority, each base64 of DER.  Tests that look into the browser
    allow `developer_tools`: forbidden, they cannot speak to it.
    """
    rooms = sorted(set(origins))
    return {
        **_LOCKED,
        "URLAllowlist": [local_origin, *rooms],
        "LocalNetworkAccessAllowedForUrls": rooms,
        "CACertificates": list(certificates),
        "DeveloperToolsAvailability": developer_tools,
    }


def write_policies(folder: Path, wanted: Mapping[str, object]) -> bool:
    """Write them where the browser looks; return whether that changed anything.

    Raises PoliciesUnwritableError.
    """
    text = json.dumps(wanted, indent=1, sort_keys=True) + "\n"
    path = folder / FILE_NAME
    try:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return False
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as problem:
        raise PoliciesUnwritableError(path=str(path), problem=str(problem)) from problem
    return True
