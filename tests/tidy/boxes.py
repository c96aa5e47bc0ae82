"""A box with nothing in it, and its two applications, to walk all their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from appliance.composition import make_box
from appliance.settings import Settings
from appliance.web.candidate.app import create_candidate_app
from appliance.web.staff.app import create_staff_app

FORM_KEY = b"a key for forms of 32 bytes here"
METHODS_OF_FLASK = {"HEAD", "OPTIONS"}


@contextmanager
def empty_box(folder: Path) -> Iterator[dict[str, Flask]]:
    """Yield the applications of a box that was just made, by their audience."""
    box = make_box(Settings(data_dir=folder, announce=False))
    try:
        yield {
            "candidate": create_candidate_app(box),
            "staff": create_staff_app(box, form_key=FORM_KEY),
        }
    finally:
        box.store.close()


def rules(app: Flask) -> list[Rule]:
    """Return every address of an application, in order."""
    return sorted(
        app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))
    )


def methods(rule: Rule) -> list[str]:
    """Return the methods an address is for."""
    return sorted((rule.methods or set()) - METHODS_OF_FLASK)


def call_as_a_stranger(app: Flask, rule: Rule, method: str) -> TestResponse:
    """Call an address without any cookie, with something in every part of it."""
    app.config["WTF_CSRF_ENABLED"] = False
    parts = dict.fromkeys(rule.arguments, "x")
    with app.test_request_context():
        address = app.url_for(rule.endpoint, _method=method, **parts)
    body = {"json": {}} if address.startswith("/api/") and method == "POST" else {}
    return app.test_client().open(address, method=method, **body)
