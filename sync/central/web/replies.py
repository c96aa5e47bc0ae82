"""Replies that hold no page: canonical JSON, files to keep, errors."""

from __future__ import annotations

from flask import Response

from appliance.formats.canonical import encode_canonical


def canonical(value: object, *, status: int = 200) -> Response:
    """Return a JSON reply."""
    return Response(encode_canonical(value), status=status, mimetype="application/json")


def download(data: bytes, *, name: str, mimetype: str) -> Response:
    """Return a file to keep; `name` is ours or made safe, so it needs no escaping."""
    reply = Response(data, mimetype=mimetype)
    reply.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return reply
