"""What a view has at hand: the box it serves."""

from __future__ import annotations

from flask import Flask, current_app

from appliance.services.box import Box

_NAME = "examroom"


def serve_box(app: Flask, box: Box) -> None:
    """Tie an application to its box."""
    app.extensions[_NAME] = box


def this_box() -> Box:
    """Return the box this request is about."""
    box: Box = current_app.extensions[_NAME]
    return box
