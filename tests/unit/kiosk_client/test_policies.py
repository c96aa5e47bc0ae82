"""What the browser of a workstation is allowed and forbidden."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kiosk_client.policies import PoliciesUnwritableError, policies, write_policies

LOCAL = "http://127.0.0.1:8402"
BOX, STANDBY = "https://box.example", "https://standby.example:8443"

NEEDED = [
    "URLBlocklist",
    "URLAllowlist",
    "DeveloperToolsAvailability",
    "RemoteDebuggingAllowed",
    "IncognitoModeAvailability",
    "BrowserGuestModeEnabled",
    "BrowserAddPersonEnabled",
    "BrowserSignin",
    "SyncDisabled",
    "PasswordManagerEnabled",
    "AutofillAddressEnabled",
    "AutofillCreditCardEnabled",
    "PrintingEnabled",
    "DownloadRestrictions",
    "AllowFileSelectionDialogs",
    "SavingBrowserHistoryDisabled",
    "SearchSuggestEnabled",
    "DefaultSearchProviderEnabled",
    "TranslateEnabled",
    "SpellcheckEnabled",
    "SpellCheckServiceEnabled",
    "ExtensionInstallBlocklist",
    "DefaultPopupsSetting",
    "DefaultNotificationsSetting",
    "DefaultGeolocationSetting",
    "DefaultClipboardSetting",
    "DefaultFileSystemReadGuardSetting",
    "DefaultFileSystemWriteGuardSetting",
    "DefaultWebUsbGuardSetting",
    "DefaultWebHidGuardSetting",
    "DefaultSerialGuardSetting",
    "DefaultWebBluetoothGuardSetting",
    "DefaultLocalFontsSetting",
    "DefaultWindowManagementSetting",
    "VideoCaptureAllowed",
    "AudioCaptureAllowed",
    "ScreenCaptureAllowed",
    "DisableScreenshots",
    "TaskManagerEndProcessEnabled",
    "EnableMediaRouter",
    "BackgroundModeEnabled",
    "ComponentUpdatesEnabled",
    "NetworkPredictionOptions",
    "DnsOverHttpsMode",
    "MetricsReportingEnabled",
    "AllowDinosaurEasterEgg",
    "CommandLineFlagSecurityWarningsEnabled",
    "GenAiDefaultSettings",
    "LensOverlaySettings",
    "HelpMeWriteSettings",
    "GeminiSettings",
    "AIModeSettings",
    "CACertificates",
    "SSLErrorOverrideAllowed",
    "LocalNetworkAccessAllowedForUrls",
]


def _made(**given: int) -> dict[str, object]:
    return policies([STANDBY, BOX, BOX], local_origin=LOCAL, certificates=["MIIB"], **given)


@pytest.mark.parametrize("name", NEEDED)
def test_policy_is_there(name: str) -> None:
    """Each closes a way out of the exam; a missing one opens it."""
    assert name in _made()


def test_only_the_rooms_boxes_and_own_pages_are_allowed() -> None:
    """Everything else is blocked, files and the browser's own pages included."""
    made = _made()
    assert ["*"] == made["URLBlocklist"]
    assert [LOCAL, BOX, STANDBY] == made["URLAllowlist"]
    assert (["MIIB"], False) == (made["CACertificates"], made["SSLErrorOverrideAllowed"])


def test_developer_tools_are_forbidden_unless_a_test_says_so() -> None:
    """No setting and no command of the product allows them."""
    assert 2 == _made()["DeveloperToolsAvailability"]
    assert 1 == _made(developer_tools=1)["DeveloperToolsAvailability"]


def test_file_changes_only_when_the_policies_do(tmp_path: Path) -> None:
    """The browser reads them anew at each change, and waits until they are left alone."""
    folder = tmp_path / "managed"
    assert write_policies(folder, _made()) is True
    assert write_policies(folder, _made()) is False
    assert _made() == json.loads((folder / "examroom.json").read_text())
    assert ["examroom.json"] == [one.name for one in folder.iterdir()]


def test_a_place_that_cannot_be_written_stops_the_guard(tmp_path: Path) -> None:
    """Without them the browser would be open, so it must not start."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PoliciesUnwritableError):
        write_policies(tmp_path / "file", _made())
