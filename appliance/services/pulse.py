"""The pulse of the box: systemd is told that it lives only after it was seen to do its work.

A process that exists is no proof.  Each beat looks whether the box's workers are alive, writes
something durable through the box's own storage and reads it back, fetches a page from each
application over its real socket, and has the journal's writer answer while a room is open.  Where
one of these hangs or has ended the beats stop, and systemd ends the process and starts it again: a
restart is what helps against that.

A write that is refused in time is no hang.  A full disk is a matter for the disk guard, which
keeps space for responses; a damaged file is one for a person with a standby.  Neither is mended by
a restart, and a restart in the exam would cost the room half a minute or, with a damaged box
database, the box.  So a refusal counts as an answer here; staff see it on their pages.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from appliance.domain.errors import ExamroomError, TransientError
from appliance.platform.notifying import is_notified, notify, watchdog_seconds
from appliance.services.box import Box
from appliance.storage.journal_writer import WriterSilentError

BEATS_IN_A_WATCHDOG = 4
"""Three may be late, on a slow disk, before systemd acts."""
UNWATCHED_SECONDS = 60.0
ANSWER_SECONDS = 10
READY_AGAIN_SECONDS = 1.0

_log = structlog.get_logger()


class Worker(Protocol):
    """A thread, or several, that work as long as the box does."""

    def is_alive(self) -> bool:
        """Say whether they still do."""
        ...


Page = tuple[str, int, str]
"""(host, port, path) of a page that anybody may fetch."""


class PulseMissingError(TransientError):
    """Something the box needs to serve a room does not answer."""

    key = "pulse_missing"
    staff_message = "A part of the box does not answer: {part}. It is started again by itself."


class Pulse:
    """Looks whether the box does its work, and tells systemd each time that it does."""

    def __init__(self, box: Box, workers: Mapping[str, Worker], pages: Sequence[Page]) -> None:
        """Look after `box`, its workers by what they are for, and its pages."""
        self._box = box
        self._workers = workers
        self._pages = pages
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin, where somebody listens."""
        if is_notified():
            self._thread.start()

    def stop(self) -> None:
        """Say that the box is stopping, which may take a moment."""
        self._stop.set()
        notify("STOPPING=1", "STATUS=Finishing what is being saved.")

    def _run(self) -> None:
        every_seconds = (watchdog_seconds() or UNWATCHED_SECONDS) / BEATS_IN_A_WATCHDOG
        is_ready = False
        while not self._stop.is_set():
            try:
                self.beat()
            except PulseMissingError as trouble:
                _log.error("pulse_missing", part=trouble.fields["part"])
                notify(f"STATUS={trouble}")
            else:
                first = () if is_ready else ("READY=1",)
                notify(*first, "WATCHDOG=1", "STATUS=Serving.")
                is_ready = True
            self._stop.wait(every_seconds if is_ready else READY_AGAIN_SECONDS)

    def beat(self) -> None:
        """Look at everything once; raises PulseMissingError with what does not answer."""
        for part, worker in self._workers.items():
            if not worker.is_alive():
                # A programmer's error ended it.
                raise PulseMissingError(part=part)
        self._write_and_read()
        for page in self._pages:
            self._fetch(page)
        self._ask_writer()

    def _write_and_read(self) -> None:
        now_ms = self._box.clock.wall_ms()
        try:
            self._box.store.note_pulse(now_ms)
            found_ms = self._box.store.pulse_ms()
        except ExamroomError as refusal:
            _log.warning("pulse_write_refused", error_key=refusal.key)
            return
        if found_ms != now_ms:
            raise PulseMissingError(part="storage")

    def _fetch(self, page: Page) -> None:
        host, port, path = page
        line = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        try:
            line.request("GET", path)
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as problem:
            raise PulseMissingError(part=f"port {port}") from problem
        finally:
            line.close()
        if answer.status != http.client.OK:
            raise PulseMissingError(part=f"port {port}")

    def _ask_writer(self) -> None:
        room = self._box.room
        if room is None:
            return
        try:
            room.writer.look(lambda _state, _now: None)
        except WriterSilentError as silence:
            raise PulseMissingError(part="journal") from silence
        except ExamroomError as refusal:
            # It ended this moment, because another box leads or the room was closed.
            _log.info("pulse_writer_refused", error_key=refusal.key)
