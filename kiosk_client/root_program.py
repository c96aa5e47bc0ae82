"""A line to one of the image's small programs that run as root.

The guard speaks with the network and may do little itself; what it may ask for is one line each
way, over a socket that is its own.  An ordinary computer has no such programs.
"""

from __future__ import annotations

import logging
import socket
from pathlib import Path

ANSWER_BYTES_MAX = 256

_log = logging.getLogger(__name__)


def ask(path: Path, line: str, *, seconds: float) -> str:
    """Return the answer, empty where there was none.  The line may hold a key: not logged."""
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(seconds)
            asked.connect(str(path))
            asked.sendall(line.encode("ascii") + b"\n")
            asked.shutdown(socket.SHUT_WR)
            with asked.makefile("rb") as answer:
                return answer.readline(ANSWER_BYTES_MAX).decode("ascii", "replace").strip()
    except OSError as problem:
        _log.warning("%s does not answer: %s", path.name, problem)
        return ""
