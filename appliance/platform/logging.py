"""The technical log: one JSON line an event, to standard error, which systemd keeps.

Never a response, a code, a PIN or a name: only ids and keys of errors.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class _NeverInTheWay:
    """Standard error, without its errors: a full disk behind it must not stop who writes a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write if it can be written."""
        with suppress(OSError):
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        """Flush if it can be flushed."""
        with suppress(OSError):
            self._stream.flush()


def log_to_stderr() -> None:
    """Set up structlog for a process that serves."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _NeverInTheWay(sys.stderr))),
        cache_logger_on_first_use=True,
    )
