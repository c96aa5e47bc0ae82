"""Safe Exam Browsers report to the box as to a SEB Server: what staff see, and what they can do."""

from __future__ import annotations

import pytest
import requests

from provisioning.demo.staff_driver import StaffDriver
from tests.integration.conftest import MakeBox
from tests.integration.test_safe_exam_browser import CHOOSE, ask_for_seb, links, refusal
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.seb_client import SebClient

API = "/exam-api/v1"


@pytest.fixture
def box(make_box: MakeBox) -> BoxProcess:
    """A started box whose room is open and exam released."""
    made = make_box()
    made.start()
    made.open_and_release()
    return made


@pytest.fixture
def staff(box: BoxProcess) -> StaffDriver:
    """The chief invigilator, who has asked for clients that report."""
    return ask_for_seb(box, watched="yes")


@pytest.fixture
def seb(staff: StaffDriver) -> SebClient:
    """A client that has opened the file for any seat, not connected yet."""
    made = SebClient(links(staff)[0], "page")
    made.open()
    return made


def press(staff: StaffDriver, workstation: str, button: str, **fields: str) -> None:
    staff._post("/workstations", f"/workstations/{workstation}/{button}", **fields)


def test_client_is_seen_with_its_battery_and_its_network(
    staff: StaffDriver, seb: SebClient
) -> None:
    """From the handshake's words and its log; nothing else of the log is kept."""
    seb.connect()
    seb.ping()
    seb.log("INFO_LOG", "<battery> 15%, not charging", 15)
    seb.log("INFO_LOG", "<wlan> signal 62%", 62)
    seb.log("INFO_LOG", "what the candidate does", 0)
    page = staff.read("/workstations/live")
    for expected in ("desk-7", "seb 3.10.2 Windows 11", "15 %", "62 %", "battery low"):
        assert expected in page
    assert "what the candidate does" not in page


def test_settings_of_the_server_sign_in_as_those_of_the_file_do(
    box: BoxProcess, seb: SebClient
) -> None:
    """A client that could not report goes on with its file (fallback): both fit."""
    assert (1, True) == (seb.settings["sebMode"], seb.settings["sebServerFallback"])
    assert "" == refusal(seb.candidate(box.codes[0], "client0000"))
    seb.connect()
    assert 0 == seb.settings["sebMode"]
    assert "" == refusal(seb.candidate(box.codes[1], "client0001"))


def test_staff_lock_a_client_unlock_it_and_let_it_quit(staff: StaffDriver, seb: SebClient) -> None:
    """Each is asked for until the client confirms it, and then no more."""
    desk = seb.connect()
    assert seb.ping() is None
    press(staff, desk, "lock")
    assert seb.ping() == seb.ping()
    assert "SEB_FORCE_LOCK_SCREEN" == seb.carry_out()["instruction"]
    assert seb.ping() is None
    seb.log("NOTIFICATION", "<lockscreen> locked by the invigilator", 41)
    assert "shows its lock screen" in staff.read("/workstations/live")
    press(staff, desk, "settle", what="lock_screen")
    wanted = seb.carry_out()
    assert ("NOTIFICATION_CONFIRM", "41", "lockscreen") == (
        wanted["instruction"],
        wanted["attributes"]["id"],
        wanted["attributes"]["type"],
    )
    press(staff, desk, "release", released="yes")
    assert "SEB_QUIT" == seb.carry_out()["instruction"]
    seb.disconnect()
    assert desk not in staff.read("/workstations/live")


def test_raised_hand_is_the_candidates_and_is_taken_down_by_helping(
    box: BoxProcess, staff: StaffDriver, seb: SebClient
) -> None:
    """The page says which workstation it is on, so the hand is the same as the page's own."""
    desk = seb.connect()
    client = seb.candidate(box.codes[0], "client0000")
    client.sign_in()
    staff.check_in_who_waits()
    client.post("changes", {"changes": [], "workstation": desk}).raise_for_status()
    seb.log("NOTIFICATION", "<raisehand> please", 7)
    assert client.exchange()["help_asked"] is True
    client.post("changes", {"changes": [], "workstation": desk}).raise_for_status()
    assert seb.ping() is None
    staff._post("/people", f"/attempts/{client.attempt_id}/help-given")
    assert "7" == seb.carry_out()["attributes"]["id"]
    assert "asks for help" not in staff.read("/workstations/live")


def test_client_goes_on_when_the_box_was_started_again(
    box: BoxProcess, staff: StaffDriver, seb: SebClient
) -> None:
    """Its tokens carry what has to be known; nothing is asked of it anew."""
    seb.connect()
    box.kill()
    box.start()
    assert seb.ping() is None
    assert "desk-7" in box.staff().read("/workstations/live")


@pytest.mark.parametrize("secret", ["", "0" * 64])
def test_wrong_secret_gets_no_token(box: BoxProcess, seb: SebClient, secret: str) -> None:
    """Nor does a right one of another name."""
    own = seb.settings["sebServerConfiguration"]
    for name, word in ((own["clientName"], secret), (f"{SITTING}.nobody", own["clientSecret"])):
        answer = requests.post(f"{box.origin}{API}/oauth/token", auth=(name, word), timeout=10)
        assert (401, "seb_client_unknown") == (answer.status_code, answer.json()["error"])


def test_spoilt_tokens_are_refused(seb: SebClient) -> None:
    """Both of them, each by itself, and the box takes the honest ones as before."""
    seb.connect()
    for name in ("SEBConnectionToken", "Authorization"):
        honest = str(seb.api.headers[name])
        prefix = "Bearer " if name == "Authorization" else ""
        for spoilt in _spoilt(honest.removeprefix(prefix)):
            seb.api.headers[name] = (prefix + spoilt).encode("latin-1").decode("latin-1")
            with pytest.raises(requests.HTTPError, match="401"):
                seb.ping()
            seb.api.headers[name] = honest
            assert seb.ping() is None


def _spoilt(token: str) -> list[str]:
    last = "0" if token[-1] != "0" else "1"
    return [token[:-1] + last, "x" + token, "W10=.0", "bnVsbA==.0", "å", token * 20]


def test_oversized_and_odd_lines_are_refused(seb: SebClient) -> None:
    """A client's log is bounded like everything from outside."""
    seb.connect()
    for text, number in (("x" * 9000, 0), ("x" * 4001, 0), ("<battery>", 10**400)):
        with pytest.raises(requests.HTTPError, match=r"4(00|13)"):
            seb.log("INFO_LOG", text, number)


def test_nobody_reports_where_that_was_not_asked_for(
    box: BoxProcess, staff: StaffDriver, seb: SebClient
) -> None:
    """Files without it say nothing of it, and tokens end with the files."""
    seb.connect()
    staff._post("/locked-browser", CHOOSE, browser="seb")
    with pytest.raises(requests.HTTPError, match="401"):
        seb.ping()
    seb.open()
    assert "sebServerURL" not in seb.settings
