"""The computer's own pages: for its own browser only, and in the reader's language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from flask.testing import FlaskClient

from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client.guard import Guard, Standing
from kiosk_client.local_pages import LocalPortTakenError, create_local_app, serve_local_pages
from tests.rig.box_process import free_port

HOST = {"Host": "127.0.0.1:8402"}
BOX = "https://box.example"
FROM_OUR_PAGE = HOST | {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    """A guard that has not looked around yet."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "root.pem")
    settings = KioskSettings(
        authority=tmp_path / "root.pem",
        policies_dir=tmp_path / "policies",
        state_dir=tmp_path / "state",
        language="sv",
    )
    return Guard(settings, root=tmp_path)


@pytest.fixture
def client(guard: Guard) -> FlaskClient:
    """Its browser."""
    return create_local_app(guard).test_client()


@pytest.mark.parametrize("path", ["/", "/state", "/ready", "/look/tokens.css"])
def test_page_is_for_our_own_name_only(client: FlaskClient, path: str) -> None:
    """A foreign name that leads to 127.0.0.1 would let a foreign page read it."""
    assert 200 == client.get(path, headers=HOST).status_code
    for host in ("evil.example:8402", "127.0.0.1:8403", "localhost:8402", ""):
        assert 403 == client.get(path, headers={"Host": host}).status_code


@pytest.mark.parametrize("path", ["/address", "/room"])
def test_only_our_own_page_may_send_anything(client: FlaskClient, path: str) -> None:
    """A page of a box may not choose the room, nor may one of nobody."""
    body = {"address": BOX, "box": BOX}
    assert 302 == client.post(path, data=body, headers=FROM_OUR_PAGE).status_code
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}):
        assert 403 == client.post(path, data=body, headers=HOST | site).status_code
    huge = {"address": "x" * 10_000}
    assert 413 == client.post(path, data=huge, headers=FROM_OUR_PAGE).status_code


def test_room_of_a_box_that_was_not_trusted_is_not_chosen(
    client: FlaskClient, guard: Guard
) -> None:
    """The form comes from a page, and pages can be made to say anything."""
    client.post("/room", data={"box": BOX}, headers=FROM_OUR_PAGE)
    assert "" == guard.memory.room_box


@pytest.mark.parametrize(
    ("matter", "said"),
    [
        ("unset", "Datorn känner inte skolans boxar"),
        ("looking", "Letar efter rummets box"),
        ("no_network", "Datorn har inget nätverk"),
        ("silent", "Boxen svarar inte"),
        ("untrusted", "inte en box från den här skolan"),
        ("clock", "certifikat gäller inte i dag"),
        ("choose", "Vilket rum är det här?"),
        ("found", "Rum 12"),
    ],
)
def test_every_trouble_has_words(client: FlaskClient, guard: Guard, matter: str, said: str) -> None:
    """And what a name from the network says is shown as text."""
    guard.standing = Standing(
        matter=matter,  # type: ignore[arg-type]
        about="https://<b>",
        room="Rum 12 <script>",
        rooms=((BOX, "<i>"),),
    )
    page = client.get("/", headers=HOST).text
    assert said in page
    assert [] == [tag for tag in ("<b>", "<i>", "12 <script>") if tag in page]


def test_released_computer_says_so_and_nothing_else(client: FlaskClient, guard: Guard) -> None:
    """Whatever else is the matter no longer matters."""
    guard.standing = replace(guard.standing, released=True)
    page = client.get("/", headers=HOST).text
    assert "Du kan stänga av datorn" in page
    assert "<form" not in page


def test_port_that_is_taken_stops_the_guard(guard: Guard) -> None:
    """With the number, so that somebody can give another one."""
    port = free_port()
    guard.settings = guard.settings.model_copy(update={"local_port": port})
    first = serve_local_pages(guard)
    with pytest.raises(LocalPortTakenError, match=str(port)):
        serve_local_pages(guard)
    first.close()


@pytest.mark.parametrize(
    ("tells", "said"), [(False, "Siffran stannar på den här datorn"), (True, "antecknas hur många")]
)
def test_page_says_what_becomes_of_the_number_of_blocked_keys(
    client: FlaskClient, guard: Guard, *, tells: bool, said: str
) -> None:
    """It stays here, unless the exam has it noted."""
    guard.standing = Standing(blocked_keys=3, tells_blocked_keys=tells)
    page = client.get("/ready", headers=HOST).get_data(as_text=True)
    assert "starten: 3." in page
    assert said in " ".join(page.split())
