"""Files that both applications, and the centre, show: typeface, tokens, items."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, send_from_directory

from appliance.web.access import anyone

RENDERING = Path(__file__).parents[1] / "rendering" / "static"


@anyone
def rendering_file(name: str) -> Response:
    """Give a file that shows items, or that all pages share."""
    response = send_from_directory(RENDERING, name)
    response.headers["Cache-Control"] = "no-cache"
    return response


def register(app: Flask) -> None:
    """Put the files on an application."""
    app.add_url_rule("/rendering/<path:name>", "rendering_file", rendering_file)
