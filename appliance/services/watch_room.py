"""What the box does by itself: clock, checkpoints, silence, conduct, mailbox, disk, update."""

from __future__ import annotations

import threading

import structlog

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.errors import ExamroomError
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState
from appliance.services.box import Box
from appliance.services.look_after_update import look_after_update
from appliance.services.note_conduct import ConductNotes
from appliance.services.open_room import load_packages
from appliance.services.room import Room
from appliance.services.take_in_mailbox import take_in_mailbox

_log = structlog.get_logger()


class Watch:
    """One thread that looks after the box every few seconds until it is stopped."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._stop = threading.Event()
        self._checkpoint_due_ms = 0
        self._conduct = ConductNotes()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._box.disk.start()
        self._thread.start()

    def stop(self) -> None:
        """End, after the round that is under way."""
        self._stop.set()
        self._thread.join()
        self._box.disk.stop()

    def is_alive(self) -> bool:
        """Say whether it still goes its rounds."""
        return self._thread.is_alive()

    def _run(self) -> None:
        every_seconds = self._box.settings.tick_seconds
        while not self._stop.wait(every_seconds):
            try:
                self.round()
            except ExamroomError as trouble:
                # A full disk or a busy database: the next round tries again, and saves say so too.
                _log.warning("watch_round_failed", error_key=trouble.key)
            except OSError as trouble:
                # The same, met while writing an ordinary file.
                _log.warning("watch_round_failed", error=trouble.strerror or "")

    def round(self) -> None:
        """Look after everything once."""
        taken = take_in_mailbox(self._box) if self._box.disk.has_room_for_documents() else 0
        look_after_update(self._box)
        room = self._box.room
        if room is None:
            self._conduct.look(self._box)
            return
        if taken:
            load_packages(self._box, actor="box")
        note_sleep(room)
        room.writer.write(c.Tick("box"))
        self._note_silence(room)
        now_ms = self._box.clock.monotonic_ms()
        if now_ms >= self._checkpoint_due_ms:
            room.writer.write(c.Checkpoint("box"))
            self._checkpoint_due_ms = now_ms + self._box.settings.checkpoint_seconds * 1000
        self._conduct.look(self._box)

    def _note_silence(self, room: Room) -> None:
        writing = room.writer.look(_writing)
        after_ms = self._box.settings.lost_after_seconds * 1000
        now_ms = self._box.clock.monotonic_ms()
        for attempt_id in room.presence.newly_lost(now_ms, after_ms=after_ms):
            contact = room.presence.contact(attempt_id)
            if attempt_id in writing and contact is not None:
                silent = (now_ms - contact.heard_ms) // 1000
                room.writer.write(c.NoteContact("box", attempt_id, lost=True, away_seconds=silent))


def note_sleep(room: Room) -> None:
    """Put on the record that this process did not run for a while, and that nobody lost by it."""
    slept_ms = room.fence.sleep_to_note()
    if slept_ms == 0:
        return
    room.presence.forgive(slept_ms)
    if room.writer.look(lambda state, _now: state.anyone_writing()):
        room.writer.write(c.NoteRestart("box", slept_ms // 1000, exact=True))


def _writing(state: RoomState, _now: Now) -> set[str]:
    return {one.attempt_id for one in state.attempts.values() if one.state is AttemptState.WRITING}
