"""The one page of the candidates' application, and the files it is made of."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, make_response, render_template

from appliance.rendering.texts import texts_for
from appliance.web.access import anyone
from appliance.web.candidate.other_boxes import other_origins, policy_with_other_boxes
from appliance.web.candidate.texts import page_texts
from appliance.web.languages import chosen_language, gettext
from appliance.web.shared_files import RENDERING

STATIC = Path(__file__).parent / "static"


@cache
def files() -> tuple[str, ...]:
    """Return the addresses of all files the page is made of."""
    own = [f"/static/{path.relative_to(STATIC)}" for path in _below(STATIC)]
    shared = [f"/rendering/{path.relative_to(RENDERING)}" for path in _below(RENDERING)]
    return tuple(sorted(own + shared))


def _below(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in {".js", ".css", ".woff2", ".svg", ".png"}
    ]


@cache
def files_version() -> str:
    """Return a name for exactly these files: a new one makes the service worker fetch anew."""
    digest = hashlib.sha256()
    for folder in (STATIC, RENDERING):
        for path in sorted(_below(folder)):
            digest.update(path.read_bytes())
    digest.update((Path(__file__).parent / "templates" / "page.html").read_bytes())
    return digest.hexdigest()[:16]


@anyone
def page() -> Response:
    """Show the page.  It holds no content: that comes by the protocol."""
    response = make_response(
        render_template(
            "page.html",
            language=chosen_language(),
            texts=page_texts(),
            item_texts=texts_for(gettext),
            boxes=other_origins(),
        )
    )
    response.headers["Content-Security-Policy"] = policy_with_other_boxes()
    return response


@anyone
def service_worker() -> Response:
    """Give the service worker, with the list of what it keeps."""
    template = (STATIC / "service_worker.js").read_text(encoding="utf-8")
    names = ",\n  ".join(f'"{name}"' for name in ("/", *files()))
    script = template.replace("/* FILES */", names).replace("VERSION", files_version())
    response = Response(script, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@anyone
def health() -> Response:
    """Say that the box serves.  Nothing more: anyone may ask."""
    return Response("ok", mimetype="text/plain")


def register(app: Flask) -> None:
    """Put the page's addresses on the application."""
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/service_worker.js", "service_worker", service_worker)
    app.add_url_rule("/health", "health", health)
