"""Every address of the centre says who may call it, and refuses everybody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from appliance.formats.keys import BoxIdentity, create_box_identity
from appliance.formats.request_signature import SignedRequest, sign_request
from sync.central.administrators import (
    add_administrator,
    add_token,
    change_password,
    find_administrator,
)
from sync.central.boxes import set_box_use
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.results import list_results
from sync.central.tables import records
from sync.central.web.app import create_app
from sync.central.web.rights import PEOPLE, Caller, allowed_callers
from sync.central.web.throttle import limiter

from .conftest import AgentMaker, GrowingJournal
from .test_box_journals import plan_sitting, write_exam

ORIGIN = "https://centre.example"
PASSWORD = "four random words here"
MAILBOX = "/api/v1/mailbox?after=0"


@pytest.fixture
def app(centre: Centre) -> Iterator[Flask]:
    yield create_app(centre)
    limiter.reset()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def _sign_in(client: FlaskClient, centre: Centre, role: str) -> None:
    add_administrator(centre, actor="t", name=role, role=role)
    change_password(centre, find_administrator(centre, role)["administrator_id"], PASSWORD)
    form = {"name": role, "password": PASSWORD, "csrf_token": _token(client, "/sign-in")}
    reply = client.post("/sign-in", data=form, base_url=ORIGIN, headers={"Referer": ORIGIN})
    assert reply.status_code == 302


def _token(client: FlaskClient, path: str) -> str:
    page = client.get(path, base_url=ORIGIN).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found.group(1)


def _addresses(app: Flask) -> Iterator[tuple[str, str, frozenset[Caller]]]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:[^>]*>", "1", rule.rule)
        path = re.sub(r"<[^>]*>", "x", path)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield method, path, allowed_callers(app.view_functions[rule.endpoint])


def test_every_address_says_who_may_call_it(app: Flask) -> None:
    """A view without a declaration would be refused to all; there is none."""
    assert [path for _, path, allowed in _addresses(app) if not allowed] == []


def test_every_address_refuses_who_is_not_known(app: Flask, client: FlaskClient) -> None:
    """Without a sign-in, a signature or a token nothing but the public addresses answers."""
    refused = []
    for method, path, allowed in _addresses(app):
        if Caller.ANYBODY in allowed:
            continue
        reply = client.open(path, method=method, base_url=ORIGIN)
        goes_to_sign_in = reply.status_code == 302 and "/sign-in" in reply.location
        if reply.status_code not in {400, 401, 403} and not goes_to_sign_in:
            refused.append((method, path, reply.status_code))

    assert refused == []


@pytest.mark.parametrize("role", ["results_officer", "auditor"])
def test_every_address_refuses_other_roles(
    app: Flask, client: FlaskClient, centre: Centre, role: str
) -> None:
    """A role reaches what it is allowed, and nothing else."""
    _sign_in(client, centre, role)
    token = _token(client, "/password")
    wrong = []
    for method, path, allowed in _addresses(app):
        if not allowed & PEOPLE or Caller(role) in allowed:
            continue
        headers = {"X-CSRFToken": token, "Referer": ORIGIN}
        reply = client.open(path, method=method, base_url=ORIGIN, headers=headers)
        if reply.status_code != 403:
            wrong.append((method, path, reply.status_code))

    assert wrong == []


def test_form_is_refused_without_its_token(client: FlaskClient, centre: Centre) -> None:
    """Another site cannot make a signed-in browser do something."""
    _sign_in(client, centre, "administrator")

    reply = client.post("/boxes/codes", data={"name": "x"}, base_url=ORIGIN)

    assert reply.status_code == 400


def test_one_time_password_leads_to_a_new_one(client: FlaskClient, centre: Centre) -> None:
    """Nothing else is reachable before the one-time password was replaced."""
    password = add_administrator(centre, actor="t", name="new", role="administrator")
    form = {"name": "new", "password": password, "csrf_token": _token(client, "/sign-in")}
    client.post("/sign-in", data=form, base_url=ORIGIN, headers={"Referer": ORIGIN})

    assert "/password" in client.get("/", base_url=ORIGIN).location


def test_guessing_is_slowed_down_and_recorded(client: FlaskClient, centre: Centre) -> None:
    """After ten wrong passwords in a minute the next ones are not even looked at."""
    add_administrator(centre, actor="t", name="anna", role="administrator")
    form = {"name": "anna", "password": "wrong", "csrf_token": _token(client, "/sign-in")}

    codes = [client.post("/sign-in", data=form, base_url=ORIGIN).status_code for _ in range(11)]

    assert codes == [403] * 10 + [429]
    with read(centre.engine) as connection:
        actions = connection.execute(select(records.c.action)).scalars().all()
    assert actions.count("sign_in_refused") == 10


def test_sign_in_does_not_lead_to_another_site(client: FlaskClient, centre: Centre) -> None:
    """An address in the link counts only when it is ours."""
    add_administrator(centre, actor="t", name="anna", role="auditor")
    change_password(centre, find_administrator(centre, "anna")["administrator_id"], PASSWORD)
    form = {"name": "anna", "password": PASSWORD, "csrf_token": _token(client, "/sign-in")}

    reply = client.post("/sign-in?next=//evil.example/", data=form, base_url=ORIGIN)

    assert reply.location == "/"


def test_cookie_is_for_this_host_only(client: FlaskClient, centre: Centre) -> None:
    """The cookie has the __Host- prefix and everything that this requires."""
    reply = client.get("/sign-in", base_url=ORIGIN)

    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-examroom-centre=")
    for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


def _call(client: FlaskClient, headers: dict[str, str], target: str = MAILBOX) -> tuple[int, str]:
    reply = client.get(target, headers=headers, base_url=ORIGIN)
    return reply.status_code, reply.get_json().get("key", "")


def test_box_is_let_in_by_its_signature_once(
    client: FlaskClient, centre: Centre, box: BoxIdentity
) -> None:
    """A signed request counts once; the same one again is refused."""
    now_ms = centre.clock.wall_ms()
    headers = sign_request(SignedRequest("GET", MAILBOX, b""), box=box, now_ms=now_ms)

    assert _call(client, headers) == (200, "")
    assert _call(client, headers) == (403, "request_repeated")


def test_box_is_refused_when_target_or_time_differ(
    client: FlaskClient, centre: Centre, box: BoxIdentity
) -> None:
    """A signature is for one address and five minutes; the reply says what time it is here."""
    now_ms = centre.clock.wall_ms()
    headers = sign_request(SignedRequest("GET", MAILBOX, b""), box=box, now_ms=now_ms)
    assert _call(client, headers, "/api/v1/mailbox?after=1") == (401, "signature_wrong")
    old = sign_request(SignedRequest("GET", MAILBOX, b""), box=box, now_ms=now_ms - 400_000)

    reply = client.get(MAILBOX, headers=old, base_url=ORIGIN)

    assert reply.get_json()["key"] == "request_out_of_time"
    assert abs(reply.get_json()["centre_at_ms"] - now_ms) < 60_000


def test_box_is_refused_when_foreign_or_out_of_use(
    client: FlaskClient, centre: Centre, box: BoxIdentity
) -> None:
    """A box that was never enrolled, or was lost, gets nothing."""
    stranger = create_box_identity("stranger")
    now_ms = centre.clock.wall_ms()
    request = SignedRequest("GET", MAILBOX, b"")
    foreign = sign_request(request, box=stranger, now_ms=now_ms)
    assert _call(client, foreign) == (401, "box_unknown")

    set_box_use(centre, box.id, actor="t", in_use=False)

    lost = sign_request(request, box=box, now_ms=now_ms)
    assert _call(client, lost) == (401, "box_unknown")


def test_other_system_reads_results_with_its_token_only(
    client: FlaskClient, centre: Centre
) -> None:
    """A bearer token opens the results and nothing else."""
    token = add_token(centre, actor="t", name="school register")
    headers = {"Authorization": f"Bearer {token}"}

    assert _call(client, headers, "/api/v1/results?after=0") == (200, "")
    assert _call(client, headers)[1] == "request_unsigned"
    assert _call(client, {"Authorization": "Bearer x"}, "/api/v1/results")[0] == 401


def test_upload_is_given_to_keep_and_never_shown(
    client: FlaskClient, centre: Centre, agents: AgentMaker, journal: GrowingJournal
) -> None:
    """Whatever a candidate says the file is, the browser of an officer does not open it."""
    journal.open_room()
    sha256 = journal.upload(b"<script>alert(1)</script>", 1, name="a.html")
    agents.agent().take_turn()
    _sign_in(client, centre, "results_officer")

    reply = client.get(f"/sittings/s1/uploads/journal-1/{sha256}", base_url=ORIGIN)

    assert reply.data == b"<script>alert(1)</script>"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="a.html"'
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_administrator_decides_about_a_walk_in_on_the_results_page(
    client: FlaskClient, centre: Centre, agents: AgentMaker, journal: GrowingJournal
) -> None:
    """Accepted or declined, on the record; it shows in what systems and people get."""
    sitting_id = plan_sitting(centre, agents.box)
    write_exam(journal, centre, sitting_id)
    body: dict[str, object] = {
        "sitting_id": sitting_id, "candidate_id": "w", "number": "9", "given_name": "Wa",
        "family_name": "Lk", "anonymous_code": "W", "seat": None, "declaration": "known to me",
    }  # fmt: skip
    journal.write("attempt_created", "a9", body)
    sha256 = journal.upload(b"a file", 9)
    agents.agent().take_turn()
    _sign_in(client, centre, "administrator")
    address = f"/sittings/{sitting_id}/results"
    walk_in = f"/sittings/{sitting_id}/walk-ins/journal-1"
    page = client.get(address, base_url=ORIGIN).get_data(as_text=True)
    assert f"{walk_in}/a9" in page
    assert f"/uploads/journal-1/{sha256}" in page
    assert _standings(client, address) == [None, None, "provisional"]
    before = list_results(centre, after=0, limit=500).cursor

    headers = {"X-CSRFToken": _token(client, "/password"), "Referer": ORIGIN}
    for decision, expected in (("accept", "accepted"), ("decline", "declined")):
        form = {"decision": decision}
        reply = client.post(f"{walk_in}/a9", data=form, base_url=ORIGIN, headers=headers)
        assert reply.status_code == 302
        assert _standings(client, address) == [None, None, expected]
        assert f"walk-in, {expected}" in client.get(address, base_url=ORIGIN).get_data(as_text=True)

    assert b",declined," in client.get(f"{address}.csv", base_url=ORIGIN).data
    assert len(list_results(centre, after=before, limit=10).results) == 1
    form = {"decision": "accept"}
    on_roster = client.post(f"{walk_in}/a1", data=form, base_url=ORIGIN, headers=headers)
    assert on_roster.status_code == 404
    with read(centre.engine) as connection:
        actions = connection.execute(select(records.c.action)).scalars().all()
    assert [one for one in actions if one.startswith("walk_in")] == [
        "walk_in_accepted",
        "walk_in_declined",
    ]


def _standings(client: FlaskClient, address: str) -> list[str | None]:
    results = json.loads(client.get(f"{address}.json", base_url=ORIGIN).data)["results"]
    return [one["walk_in"] for one in results]
