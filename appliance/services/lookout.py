"""Looking out for the other boxes while this one leads, and beating the fence's heart.

A follower that asks is fine.  One that is silent may have been taken over by a person who saw this
box silent; so it is asked who leads, and shown who does.  Two boxes that were apart so find out
within about two seconds of being together again.
"""

from __future__ import annotations

import threading

from appliance.services.box import Box
from appliance.services.copies import STANDBY_RECENT_MS
from appliance.services.mirror_status import read_mirrors
from appliance.services.overtaken import look_around, own_proof
from appliance.services.room import Room

BEAT_SECONDS = 1
LOOK_SECONDS = 1
MIRROR_RECENT_MS = 10_000
"""A mirror looks after its sticks every two seconds; one that is silent for so long is not in."""


class Lookout:
    """Two threads of a box: one that beats, one that looks."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._beat, name="beat", daemon=True),
            threading.Thread(target=self._look, name="lookout", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def is_alive(self) -> bool:
        """Say whether both still go their rounds."""
        return all(thread.is_alive() for thread in self._threads)

    def _beat(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            room = self._box.room
            if room is not None:
                room.fence.beat()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            room = self._box.room
            if room is not None:
                note_mirrors(self._box, room)
                self.look(room)

    def look(self, room: Room) -> None:
        """Ask the silent boxes who leads, and show them who does."""
        now_ms = self._box.clock.monotonic_ms()
        silent = [
            one.origin
            for one in room.writer.boxes()
            if one.box_id != self._box.identity.id and not _asks(room, one.box_id, now_ms)
        ]
        if not silent:
            return
        look_around(self._box, room)
        proof = own_proof(self._box, room)
        if proof is not None and self._box.room is room:
            self._box.line.show_proof(proof, silent)


def note_mirrors(box: Box, room: Room) -> None:
    """Take the word of the mirror for what its sticks hold of this room, as read back from them.

    Only what it said since this box leads: before, it may have been about another course.
    """
    for stick in read_mirrors(box.settings.data_dir, room.record.journal_id):
        ago_ms = box.clock.wall_ms() - stick.verified_at_ms
        heard_ms = box.clock.monotonic_ms() - ago_ms
        if stick.state == "following" and ago_ms >= 0 and heard_ms > room.begun_ms:
            name = f"stick {stick.stick}"
            room.copies.heard(name, stick.mirrored_seq, heard_ms, recent_ms=MIRROR_RECENT_MS)


def _asks(room: Room, box_id: str, now_ms: int) -> bool:
    copy = room.copies.copy(box_id)
    return copy is not None and now_ms - copy.heard_ms <= STANDBY_RECENT_MS
