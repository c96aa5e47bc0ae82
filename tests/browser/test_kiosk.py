"""The kiosk with a real Chromium: from its own first page to the box, and on after a take-over."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests
import trustme
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Error, Page, expect

from kiosk_client.one_page import UNREAD_SECONDS
from tests.browser.item_page import CHROMIUM
from tests.browser.test_candidate import AXE_TAGS
from tests.integration.test_kiosk import put_tls_in_front
from tests.integration.test_kiosk_browser import Kiosk
from tests.integration.test_standby import wait_until
from tests.rig.box_process import BoxProcess, free_port
from tests.rig.small_exam import small_exam
from tests.rig.tls_front import TlsFront

pytestmark = pytest.mark.browser

SOON_MS = 60_000
"""Chromium starts, the guard looks around, and what it allows settles."""


class Workstation(Kiosk):
    """A kiosk whose browser is Chromium, with a door for Playwright that the product has not.

    The certificates are believed by their keys: managed policies would be this whole machine's.
    """

    def __init__(self, folder: Path, fronts: list[TlsFront], authority: trustme.CA) -> None:
        super().__init__(folder, fronts[0].origin, authority)
        self.door = free_port()
        command = [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            f"--remote-debugging-port={self.door}",
            f"--ignore-certificate-errors-spki-list={','.join(map(_key_of, fronts))}",
        ]
        text = self.config.read_text()
        was = f'browser = ["{folder}/browser"]'
        assert was in text
        self.config.write_text(text.replace(was, f"browser = {command!r}"))

    def page(self, browser: Browser) -> Page:
        """Look into the browser that `run` has started."""
        for _ in range(100):
            try:
                found = browser.browser_type.connect_over_cdp(f"http://127.0.0.1:{self.door}")
                return found.contexts[0].pages[0]
            except Error:  # nothing listens there yet
                time.sleep(0.2)
        raise AssertionError((self.folder / "run.log").read_text())

    def pages(self) -> dict[str, str]:
        """Return the browser's pages and where they are."""
        listed = requests.get(f"http://127.0.0.1:{self.door}/json/list", timeout=10).json()
        return {one["id"]: one["url"] for one in listed if one["type"] == "page"}


def _key_of(front: TlsFront) -> str:
    certificate = x509.load_pem_x509_certificate(front.certificate)
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[tuple[BoxProcess, BoxProcess, Workstation]]:
    """A box and its standby behind TLS, and a workstation that is not started."""
    authority = trustme.CA()
    box = BoxProcess(tmp_path / "box", small_exam(), candidates=1, standby_count=1)
    with closing(put_tls_in_front(box, authority)) as front:
        box.start()
        box.open_and_release()
        standby = box.standby()
        with closing(put_tls_in_front(standby, authority)) as other:
            standby.start()
            workstation = Workstation(tmp_path, [front, other], authority)
            yield box, standby, workstation
            workstation.stop()
            for one in (box, standby):
                one.kill()


def test_chromium_goes_on_to_the_box_follows_a_take_over_and_ends_by_release(
    browser: Browser, room: tuple[BoxProcess, BoxProcess, Workstation]
) -> None:
    """Own page, sign-in page, another box leads, released."""
    box, standby, workstation = room
    workstation.start("guard")
    run = workstation.start("run")
    page = workstation.page(browser)
    expect(page.get_by_label("Your code")).to_be_visible(timeout=SOON_MS)
    assert page.url.startswith(f"{box.settings['public_origin']}/?workstation=")
    page.get_by_label("Your code").fill(box.codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The invigilator comes to you")).to_be_visible()
    box.staff().check_in_who_waits()
    expect(page.get_by_text("You are checked in")).to_be_visible(timeout=SOON_MS)
    box.kill()
    chief = standby.staff()
    chief.take_over()
    while "1" not in chief.read("/workstations").partition('<td class="num">')[2][:1]:
        time.sleep(0.2)  # the page follows and says where it is; the guard follows and reports
    chief._post("/workstations", "/workstations/release", released="yes")
    assert 0 == run.wait(SOON_MS / 1000)


def test_another_page_is_closed_and_a_way_off_leads_back(
    browser: Browser, room: tuple[BoxProcess, BoxProcess, Workstation]
) -> None:
    """As Ctrl+T, Ctrl+N or Alt+Home would open or lead; what was signed in stays so."""
    box, _, workstation = room
    workstation.start("guard")
    workstation.start("run")
    page = workstation.page(browser)
    page.get_by_label("Your code").fill(box.codes[0], timeout=SOON_MS)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("The invigilator comes to you")).to_be_visible()
    there = workstation.pages()
    door = f"http://127.0.0.1:{workstation.door}"
    for way in ("about:blank", "chrome://newtab/", box.settings["public_origin"]):
        requests.put(f"{door}/json/new?{way}", timeout=10).raise_for_status()
        wait_until(lambda: workstation.pages() == there, "one page")
    with suppress(Error):  # it is closed before it has come to its end
        page.goto("chrome://version/")
    wait_until(lambda: workstation.pages() not in (there, []), "a page that replaces it")
    wait_until(lambda: "/?workstation=" in "".join(workstation.pages().values()), "led back")
    assert 1 == len(workstation.pages())
    (back,) = browser.browser_type.connect_over_cdp(door).contexts[0].pages
    expect(back.get_by_text("The invigilator comes to you")).to_be_visible(timeout=SOON_MS)


def test_trouble_pages_say_what_to_do_and_the_self_test_is_green(
    browser: Browser, room: tuple[BoxProcess, BoxProcess, Workstation]
) -> None:
    """In words, for everybody: no finding of axe on either page."""
    box, _, workstation = room
    box.kill()
    workstation.start("guard")
    page = browser.new_page(ignore_https_errors=True, locale="en-GB")
    _goto(page, workstation.local_origin)
    expect(page.get_by_role("heading", name="The box does not answer")).to_be_visible(
        timeout=SOON_MS
    )
    assert [] == Axe().run(page, options={"runOnly": AXE_TAGS["runOnly"]}).response["violations"]
    page.get_by_label("Address of the box").fill("http://box")
    page.get_by_role("button", name="Look there").click()
    expect(page.get_by_role("alert")).to_contain_text("not the address of a box")
    box.start()
    page.goto(f"{workstation.local_origin}/")
    expect(page.get_by_role("heading", name="Test room")).to_be_visible(timeout=SOON_MS)
    page.goto(f"{workstation.local_origin}/ready")
    for name in ("box", "clock", "storage", "display"):
        expect(page.locator(f"#{name}")).to_have_attribute("data-well", "yes")
    page.get_by_role("button", name="That is right").click()
    expect(page.locator("#keyboard")).to_have_attribute("data-well", "yes")
    assert [] == Axe().run(page, options={"runOnly": AXE_TAGS["runOnly"]}).response["violations"]
    page.close()


def test_managed_policies_open_the_way_to_the_box_and_trust_its_authority(tmp_path: Path) -> None:
    """The box comes later than the browser, which reads anew what it may open and whom to trust."""
    alone = ["unshare", "--mount"]
    if os.geteuid() != 0 or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("only root may give the browser a folder of policies of its own")
    authority = trustme.CA()
    box = BoxProcess(tmp_path / "box", small_exam(), candidates=1)
    with closing(put_tls_in_front(box, authority)) as front:
        kiosk = Kiosk(tmp_path, front.origin, authority)
        text = kiosk.config.read_text()
        text = text.replace(f"{tmp_path}/policies", "/etc/chromium/policies/managed")
        command = [str(CHROMIUM), "--headless", "--no-sandbox"]
        text = text.replace(f'["{tmp_path}/browser"]', repr(command))
        kiosk.config.write_text(text)
        half = f'"{sys.executable}" -m kiosk_client %s --config "{kiosk.config}"'
        script = f"mount -t tmpfs none /etc/chromium; {half % 'guard'} & exec {half % 'run'}"
        with (tmp_path / "log").open("wb") as log:
            both = subprocess.Popen(
                [*alone, "sh", "-c", script], start_new_session=True, stdout=log, stderr=log
            )
        try:
            for _ in range(100):
                if (tmp_path / "profile" / "Default").exists():
                    break
                time.sleep(0.2)
            box.start()
            # Now and then Chromium never asks for the page; then it is led there anew, and where
            # that does not help it is started anew.
            deadline = time.monotonic() + UNREAD_SECONDS * (1 + 2 + 4 + 1) + 2 * SOON_MS / 1000
            while b"GET /?workstation=" not in front.received and time.monotonic() < deadline:
                time.sleep(0.2)
            assert b"GET /?workstation=" in front.received, (tmp_path / "log").read_text()
            # A page that has come stays: Chromium tells nothing of a title that changes.
            asked = (tmp_path / "log").read_text().count("asked for anew")
            time.sleep(UNREAD_SECONDS * 1.5)
            assert asked == (tmp_path / "log").read_text().count("asked for anew")
            assert not Path("/etc/chromium/policies/managed/examroom.json").exists()
        finally:
            os.killpg(both.pid, signal.SIGTERM)
            both.wait(20)
            box.kill()


def _goto(page: Page, origin: str) -> None:
    for _ in range(100):
        try:
            page.goto(origin)
        except Error:  # nothing listens there yet
            time.sleep(0.2)
        else:
            return
