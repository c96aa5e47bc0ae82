"""Every address says who may call it, refuses strangers, and carries the headers that protect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from appliance.web.access import who_may_call
from appliance.web.security import HEADERS
from tests.tidy.boxes import call_as_a_stranger, empty_box, methods, rules
from tests.tidy.source_tree import told

REFUSED = {401, 403}


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Flask]]:
    """The two applications of an empty box."""
    with empty_box(Path(tmp_path_factory.mktemp("box"))) as made:
        yield made


@pytest.mark.parametrize("audience", ["candidate", "staff"])
def test_every_address_states_who_may_call_it(apps: dict[str, Flask], audience: str) -> None:
    """What nobody stated, nobody thought about."""
    app = apps[audience]
    found = [
        rule.rule for rule in rules(app) if who_may_call(app.view_functions[rule.endpoint]) is None
    ]
    assert found == [], told(
        "Mark the view with who may call it (appliance.web.access): without that it never runs.",
        found,
    )


@pytest.mark.parametrize("audience", ["candidate", "staff"])
def test_every_address_refuses_a_stranger_unless_it_is_for_anyone(
    apps: dict[str, Flask], audience: str
) -> None:
    """The statement is kept, not only made: each address is called without a cookie."""
    app = apps[audience]
    found = []
    for rule in rules(app):
        if who_may_call(app.view_functions[rule.endpoint]) == "anyone":
            continue
        for method in methods(rule):
            answer = call_as_a_stranger(app, rule, method)
            to_sign_in = answer.status_code == 302 and answer.location == "/sign-in"
            if answer.status_code not in REFUSED and not to_sign_in:
                found.append(f"{method} {rule.rule} answers {answer.status_code}")
    assert found == [], told(
        "A stranger gets 401, 403 or the way to the sign-in page, and nothing else.", found
    )


@pytest.mark.parametrize("audience", ["candidate", "staff"])
def test_every_answer_carries_the_headers_that_protect(
    apps: dict[str, Flask], audience: str
) -> None:
    """Refusals and missing pages included: an attacker chooses which answer is looked at."""
    app = apps[audience]
    answers = [
        (f"{method} {rule.rule}", call_as_a_stranger(app, rule, method))
        for rule in rules(app)
        for method in methods(rule)
    ]
    answers.append(("a page that is not there", app.test_client().get("/no/such/page")))
    answers.append(("a method that is not there", app.test_client().patch("/")))
    found = [
        f"{what}: {name}"
        for what, answer in answers
        for name, value in HEADERS.items()
        if answer.headers.get(name) != value
    ]
    assert found == [], told("Every answer carries the headers of appliance.web.security.", found)


@pytest.mark.parametrize("audience", ["candidate", "staff"])
def test_what_another_site_sends_is_refused(apps: dict[str, Flask], audience: str) -> None:
    """A page elsewhere can make a browser send forms; the browser says so."""
    app = apps[audience]
    answer = app.test_client().post("/sign-in", headers={"Sec-Fetch-Site": "cross-site"})
    if audience == "candidate":
        answer = app.test_client().post(
            "/api/v1/sign-in", json={}, headers={"Sec-Fetch-Site": "cross-site"}
        )
    assert answer.status_code == 403
