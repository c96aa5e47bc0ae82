"""The technical log: one JSON line an event, to standard error, which systemd keeps.

Never a response, a code, a PIN or a name: only ids and keys of errors.
"""

from __future__ import annotations

import logging
import sys

import structlog


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
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
