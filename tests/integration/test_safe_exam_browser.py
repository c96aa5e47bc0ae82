"""An exam that asks for Safe Exam Browser: who signs in, and what is never refused."""

from __future__ import annotations

import html
import http.client
import json
import re

import pytest
import requests

from appliance.formats.seb_settings import request_hash
from provisioning.demo.staff_driver import StaffDriver
from tests.integration.conftest import MakeBox
from tests.integration.test_standby import in_two_places, wait_until
from tests.integration.test_standby import view as room_view
from tests.rig.box_process import SITTING, BoxProcess
from tests.rig.candidate_client import CandidateClient
from tests.rig.seb_client import SebClient, Way
from tests.rig.seb_file import WrongPasswordError

WAYS: list[Way] = ["headers", "page"]
EXAM_KEY = "5e" * 32
CHOOSE = f"/locked-browser/{SITTING}"


@pytest.fixture
def box(make_box: MakeBox) -> BoxProcess:
    """A started box whose room is open and exam released."""
    made = make_box(3)
    made.start()
    made.open_and_release()
    return made


def ask_for_seb(box: BoxProcess, **wishes: str) -> StaffDriver:
    """Ask for Safe Exam Browser as the invigilator does."""
    staff = box.staff()
    staff._post("/locked-browser", CHOOSE, browser="seb", **wishes)
    return staff


def links(staff: StaffDriver) -> list[str]:
    """Return the links of the page: that for any seat first, then those of the seats."""
    page = html.unescape(staff.read("/locked-browser"))
    return list(re.findall(r'href="(seb[^"]+)"', page))


def shown_password(staff: StaffDriver, words: str) -> str:
    found = re.search(rf"{words}</dt><dd class=\"num\">(\w+)<", staff.read("/locked-browser"))
    assert found
    return found[1]


def refusal(client: CandidateClient) -> str:
    """Sign in and return the key of the refusal, or nothing."""
    try:
        client.sign_in()
    except requests.HTTPError as problem:
        body = problem.response.json()
        assert body["message"].endswith("."), "somebody has to know what to do"
        return str(body["error"])
    return ""


def get_exam(client: CandidateClient) -> requests.Response:
    address = f"{client.origin}/api/v1/attempts/{client.attempt_id}/exam"
    return client.session.get(address, timeout=10)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("for_seat", [False, True], ids=["room's file", "seat's file"])
def test_candidate_plays_a_whole_exam_in_safe_exam_browser(
    box: BoxProcess, way: Way, for_seat: bool
) -> None:
    """File, first page, sign-in, exam, writing, hand-in, and the address at which SEB ends."""
    staff = ask_for_seb(box)
    seb = SebClient(links(staff)[1 if for_seat else 0], way)
    seb.open()
    client = seb.candidate(box.codes[0], "client0000")
    assert "" == refusal(client)
    staff.check_in_who_waits()
    staff.start(SITTING)
    assert get_exam(client).ok
    client.write("WORD", "lake")
    client.exchange()
    assert client.hand_in().ok
    left = client.post("leave", {}).json()
    assert seb.settings["quitURL"] == left["quit"]
    assert requests.get(left["quit"], timeout=10).ok


def test_ordinary_browser_is_told_what_to_do(box: BoxProcess) -> None:
    """It cannot sign in; without the requirement it can."""
    staff = ask_for_seb(box)
    client = CandidateClient(box.origin, box.codes[0], "client0000")
    assert "locked_browser_missing" == refusal(client)
    staff._post("/locked-browser", CHOOSE, browser="any")
    assert "" == refusal(client)


def test_work_of_an_ordinary_browser_is_saved_and_staff_see_its_seat(box: BoxProcess) -> None:
    """A saved response counts more than a lock: it is taken, and somebody goes there."""
    client = CandidateClient(box.origin, box.codes[0], "client0000")
    client.sign_in()
    staff = box.staff()
    staff.check_in_who_waits()
    staff.start(SITTING)
    ask_for_seb(box)
    client.write("WORD", "lake")
    client.exchange()
    assert [] == client.unsent
    assert "without the Safe Exam Browser" in staff.read("/workstations/live")
    assert "locked_browser_missing" == get_exam(client).json()["error"]
    assert client.hand_in().ok


def test_staff_see_no_seat_where_safe_exam_browser_shows_its_settings(box: BoxProcess) -> None:
    """The notice is about those without, by headers and by the page."""
    staff = ask_for_seb(box)
    clients = []
    for at, way in enumerate(WAYS):
        seb = SebClient(links(staff)[0], way)
        seb.open()
        clients.append(seb.candidate(box.codes[at], f"client000{at}"))
        clients[at].sign_in()
    staff.check_in_who_waits()
    staff.start(SITTING)
    for client in clients:
        client.write("WORD", "lake")
        client.exchange()
    assert "without the Safe Exam Browser" not in staff.read("/workstations/live")


@pytest.mark.parametrize("way", WAYS)
def test_other_settings_are_refused(box: BoxProcess, way: Way) -> None:
    """Somebody who opens SEB with an own file, or another candidate's, does not get in."""
    staff = ask_for_seb(box)
    room, first, second, _third = links(staff)
    own = SebClient(room, way)
    own.open()
    own.session.key = "0" * 64
    assert "locked_browser_unfit" == refusal(own.candidate(box.codes[0], "client0000"))
    others = SebClient(second, way)
    others.open()
    assert "locked_browser_unfit" == refusal(others.candidate(box.codes[0], "client0000"))
    right = SebClient(first, way)
    right.open()
    assert "" == refusal(right.candidate(box.codes[0], "client0000"))


@pytest.mark.parametrize("way", WAYS)
def test_hash_of_another_address_is_refused(box: BoxProcess, way: Way) -> None:
    """What was shown with one request does not open another."""
    seb = SebClient(links(ask_for_seb(box))[0], way)
    seb.open()
    client = seb.candidate(box.codes[0], "client0000")
    honest = seb.session.prepare_request(requests.Request("GET", f"{box.origin}/elsewhere"))
    stolen = {name: one for name, one in honest.headers.items() if name.startswith("X-")}
    if way == "page":
        stolen["X-Examroom-Page"] = seb.session.page.replace("seb=", "workstation=desk0000&seb=")
    answer = requests.post(
        f"{box.origin}/api/v1/sign-in",
        json={"code": client.code, "client": client.client_id},
        headers=stolen,
        timeout=10,
    )
    assert (403, "locked_browser_unfit") == (answer.status_code, answer.json()["error"])


def test_address_is_taken_as_it_was_asked_for(box: BoxProcess) -> None:
    """Not decoded, not tidied: the hash is over what the browser sent."""
    seb = SebClient(links(ask_for_seb(box))[0])
    seb.open()
    path = "/api/v1/sign-%69n?%C3%A5="
    shown = request_hash(box.origin + path, seb.session.key)
    connection = http.client.HTTPConnection("localhost", box.candidate_port, timeout=10)
    body = json.dumps({"code": box.codes[0], "client": "client0000"})
    connection.request("POST", path, body, {"X-SafeExamBrowser-ConfigKeyHash": shown})
    assert 200 == connection.getresponse().status
    connection.close()


def test_page_without_a_nonce_of_the_box_is_refused(box: BoxProcess) -> None:
    """Whoever knows the key can hash any address; the box takes pages it gave only."""
    seb = SebClient(links(ask_for_seb(box))[0], "page")
    seb.open()
    for page in (f"{box.origin}/", f"{box.origin}/?seb={'0' * 48}", "http://[/?seb=x"):
        seb.session.page = page
        assert "locked_browser_unfit" == refusal(seb.candidate(box.codes[0], "client0000"))


def test_page_is_good_for_one_browser(box: BoxProcess) -> None:
    """What one page was told by SEB does not sign a second computer in; a reload goes on."""
    seb = SebClient(links(ask_for_seb(box))[0], "page")
    seb.open()
    assert "" == refusal(seb.candidate(box.codes[0], "client0000"))
    assert "" == refusal(seb.candidate(box.codes[0], "client0000"))
    assert "page_elsewhere" == refusal(seb.candidate(box.codes[1], "client0001"))


def test_candidate_goes_on_after_safe_exam_browser_was_closed(box: BoxProcess) -> None:
    """It forgot everything: another browser for the box, so the invigilator lets it move."""
    staff = ask_for_seb(box)
    seb = SebClient(links(staff)[0], "page")
    seb.open()
    first = seb.candidate(box.codes[0], "client0000")
    first.sign_in()
    staff.check_in_who_waits()
    staff.start(SITTING)
    first.write("WORD", "lake")
    first.exchange()
    seb.open()
    again = seb.candidate(box.codes[0], "client0001")
    again.sign_in()
    assert "asking" == again.standing["here"]
    staff._post("/people", f"/attempts/{again.attempt_id}/move", decision="allow")
    assert "lake" in get_exam(again).text


def test_browser_exam_key_is_asked_for_when_one_is_given(box: BoxProcess) -> None:
    """Any of the list will do; without one the settings alone do not."""
    staff = ask_for_seb(box, keys=f"{'1' * 64}\n{EXAM_KEY.upper()}")
    for way in WAYS:
        seb = SebClient(links(staff)[0], way, exam_key=EXAM_KEY)
        seb.open()
        assert "" == refusal(seb.candidate(box.codes[WAYS.index(way)], f"client{way}"))
        seb.session.exam_key = ""
        assert "locked_browser_unfit" == refusal(seb.candidate(box.codes[2], "client0002"))
    page = staff._post("/locked-browser", CHOOSE, browser="seb", keys="not a key", back="/room")
    assert "64 digits" in page


def test_encrypted_file_opens_with_the_password_staff_see(box: BoxProcess) -> None:
    """And with no other."""
    staff = ask_for_seb(box, encrypted="yes")
    seb = SebClient(links(staff)[0])
    with pytest.raises(WrongPasswordError):
        seb.open()
    seb.password = shown_password(staff, "Password to open the file")
    seb.open()
    assert "" == refusal(seb.candidate(box.codes[0], "client0000"))


def test_link_is_of_one_file_and_ends(box: BoxProcess) -> None:
    """A letter of it changed, its end moved, its files withdrawn: nothing is given."""
    staff = ask_for_seb(box)
    room, first, *_ = (one.replace("seb", "http", 1) for one in links(staff))
    minute = re.search(r"/(\d+)/", room.partition("/all")[2])
    assert minute
    changed = [
        first.replace(room.split("/")[-2], "0" * 32),
        first.replace(first.split("/")[-2], room.split("/")[-2]),
        room.replace(minute[1], str(int(minute[1]) + 1)),
        room.replace("/all/", "/nobody/"),
        room.replace(SITTING, "sitting-2"),
    ]
    for address in [*changed, room.rpartition("/seb/")[0] + "/seb/file/"]:
        assert requests.get(address, timeout=10).status_code == (404 if address != first else 200)
    assert requests.get(room, timeout=10).headers["Content-Type"] == "application/seb"
    staff._post("/locked-browser", CHOOSE, browser="any")
    assert 404 == requests.get(room, timeout=10).status_code


def test_files_go_on_being_right_when_the_box_was_started_again(box: BoxProcess) -> None:
    """Everything they are made of is in the journal; nothing has to be opened anew."""
    staff = ask_for_seb(box)
    seb = SebClient(links(staff)[0], "page")
    seb.open()
    box.kill()
    box.start()
    assert "" == refusal(seb.candidate(box.codes[0], "client0000"))


def test_page_goes_on_at_the_box_that_took_over(make_box: MakeBox) -> None:
    """SEB adds no headers there, because it is another address: the page shows its own hashes."""
    box = make_box(3, standby_count=1)
    box.start()
    box.open_and_release()
    writer = CandidateClient(box.origin, box.codes[2], "client0002")
    writer.sign_in()
    box.staff().check_in_who_waits()
    box.staff().start(SITTING)
    standby = box.standby()
    standby.start()
    wait_until(lambda: len(room_view(box)["boxes"]) == 2, "joined")
    seb = SebClient(links(ask_for_seb(box))[0], "page")
    seb.open()
    assert f"localhost:{standby.candidate_port}/*" in [
        one["expression"] for one in seb.settings["URLFilterRules"]
    ]
    writer.write("WORD", "lake")
    wait_until(lambda: in_two_places(writer), "what was asked for is at the standby, too")
    box.kill()
    standby.staff().take_over()
    client = seb.candidate(box.codes[0], "client0000")
    client.origin = standby.origin
    assert "" == refusal(client)
    stranger = CandidateClient(standby.origin, box.codes[1], "client0001")
    assert "locked_browser_missing" == refusal(stranger)
    assert "Make the files anew" in standby.staff().read("/locked-browser")
