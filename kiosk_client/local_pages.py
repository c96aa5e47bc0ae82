"""This computer's own pages, for its own browser only: what is the matter, and the self-test.

Served on loopback.  A page from elsewhere may not read them or send them anything: the host name
must be ours (a foreign name that leads to 127.0.0.1 is refused), and so must the page that sends.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import flask_babel
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from flask_babel import Babel
from waitress.server import create_server
from werkzeug.wrappers import Response as AnyResponse

from appliance.domain.errors import InvalidInputError
from kiosk_client import readings
from kiosk_client.guard import Guard
from kiosk_client.trust import AddressUnreadableError

LOOK = Path(str(files("appliance"))) / "rendering" / "static" / "base"
"""Typeface and colours of all pages; data files, not code."""
REQUEST_BYTES_MAX = 4096
_NAME = "examroom-guard"

pages = Blueprint("pages", __name__)


class LocalPortTakenError(InvalidInputError):
    """Something else listens there."""

    key = "local_port_taken"
    staff_message = "Port {port} of this computer is in use by another program. Give another one."


def create_local_app(guard: Guard) -> Flask:
    """Return the application that shows how things stand with `guard`."""
    app = Flask("kiosk_client", root_path=str(Path(__file__).parent))
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(Path(__file__).parent / "translations")
    app.extensions[_NAME] = guard
    Babel(app, locale_selector=lambda: guard.settings.language)
    app.before_request(_only_own_browser)
    app.after_request(_protect)
    app.register_blueprint(pages)
    return app


def serve_local_pages(guard: Guard) -> Any:
    """Serve in the background; returns what `close` ends.  Raises LocalPortTakenError."""
    port = guard.settings.local_port
    try:
        server = create_server(
            create_local_app(guard),
            host="127.0.0.1",
            port=port,
            threads=4,
            connection_limit=32,
            channel_timeout=20,
            max_request_body_size=REQUEST_BYTES_MAX,
            max_request_header_size=16 * 1024,
            ident=None,
        )
    except OSError as problem:
        raise LocalPortTakenError(port=port) from problem
    threading.Thread(target=server.run, name="pages", daemon=True).start()
    return server


def _guard() -> Guard:
    guard: Guard = current_app.extensions[_NAME]
    return guard


def _only_own_browser() -> None:
    own = _guard().settings.local_origin
    if request.host_url.rstrip("/") != own:
        abort(403)
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") != "same-origin":
        abort(403)


def _protect(response: Response) -> Response:
    # The self-test asks the boxes as the candidate's page will: with the browser's own trust.
    boxes = " ".join(_guard().standing.allowed)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"connect-src 'self' {boxes}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not request.path.startswith("/look/"):
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/")
def start() -> str:
    """Say what is the matter and what to do, until the browser goes on to the box."""
    return _start_page(typed="", sentence="")


def _start_page(*, typed: str, sentence: str) -> str:
    guard = _guard()
    return render_template(
        "start.html",
        standing=guard.standing,
        workstation_id=guard.memory.workstation_id,
        start=guard.start,
        language=guard.settings.language,
        typed=typed,
        sentence=sentence,
    )


@pages.get("/state")
def state() -> Response:
    """Give how things stand, for the page and for the browser's supervisor."""
    return jsonify(asdict(_guard().standing))


@pages.post("/address")
def use_address() -> AnyResponse | tuple[str, int]:
    """Look for a box at an address that was typed or scanned."""
    typed = request.form.get("address", "")
    try:
        _guard().use_address(typed)
    except AddressUnreadableError as problem:
        sentence = flask_babel.gettext(problem.staff_message)
        return _start_page(typed=typed, sentence=sentence), 400
    return redirect("/")


@pages.post("/room")
def choose_room() -> AnyResponse:
    """Use one of the rooms in reach."""
    _guard().choose(request.form.get("box", ""))
    return redirect("/")


@pages.get("/ready")
def ready() -> str:
    """Show the self-test."""
    guard = _guard()
    return render_template(
        "ready.html",
        standing=guard.standing,
        language=guard.settings.language,
        battery=readings.battery(guard.root),
        displays_count=readings.displays_count(guard.root),
        virtual_machine=readings.virtual_machine(guard.root),
    )


@pages.get("/look/<path:name>")
def look(name: str) -> Response:
    """Give typeface and colours."""
    return send_from_directory(LOOK, name)
