"""The ceiling: our waitress settings and a Flask view with the same JSON in and out, no storage.

`python -m benchmarks.bare_server PORT`; ends with its standard input.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from flask import Flask, Response, jsonify, request

from appliance.settings import Settings
from appliance.web.serving import make_server

STANDING = {
    "safe": "box",
    "saved_at_ms": 1_790_000_000_000,
    "now_ms": 1_790_000_000_000,
    "attempt_state": "writing",
    "sitting_state": "running",
    "here": "here",
    "remaining_ms": 3_600_000,
    "counting": True,
    "extended_seconds": 0,
    "replaced_count": 0,
    "seat": "1",
    "help_asked": False,
    "message_count": 0,
    "messages": [],
    "next_in_ms": 5000,
}


def changes(attempt_id: str) -> Response:
    """Acknowledge whatever comes."""
    del attempt_id
    body = request.get_json()
    return jsonify({"acknowledged": body["changes"][-1]["no"]} | STANDING)


def main() -> None:
    """Serve until standard input ends."""
    app = Flask("bare")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    path = "/api/v1/attempts/<attempt_id>/changes"
    app.add_url_rule(path, "changes", changes, methods=["POST"])
    server = make_server(app, Settings(data_dir=Path()), int(sys.argv[1]))
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
