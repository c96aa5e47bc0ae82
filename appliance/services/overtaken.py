"""Being overtaken: another box has proved that it leads, so this one stops and says so.

The proof is kept before anything else, so that a restart does not lead again.
"""

from __future__ import annotations

import threading

import structlog

from appliance.domain.epochs import FIRST_EPOCH
from appliance.domain.errors import ExamroomError
from appliance.formats.epoch_proof import EpochProof, read_epoch_proof, write_epoch_proof
from appliance.services.box import Box
from appliance.services.peers import all_peers
from appliance.services.room import Room

_log = structlog.get_logger()


def take_epoch_proof(box: Box, data: bytes) -> bool:
    """Stop leading if this proof is of a higher epoch; say whether this box leads no more.

    Raises what a proof that is damaged or by a stranger raises.
    """
    proof = read_epoch_proof(data, boxes=all_peers(box))
    room = box.room
    if room is None:
        # It may be news to a follower whose leader died and whose copy is gone, too.
        box.shown_leader = proof.origin
        return False
    if room.record.journal_id != proof.journal_id:
        return False
    if proof.box_id == box.identity.id or proof.epoch <= room.writer.epoch:
        return False
    be_overtaken(box, room, data)
    return True


def look_around(box: Box, room: Room) -> None:
    """Ask the other boxes whether one of them leads by now.  Runs in the writer, too."""
    origins = other_origins(box, room)
    if not origins:
        return
    journal_id, known = room.record.journal_id, all_peers(box)
    for data in box.line.proofs(journal_id, origins):
        try:
            proof = read_epoch_proof(data, boxes=known)
        except ExamroomError as problem:
            _log.warning("epoch_proof_refused", error_key=problem.key)
            continue
        if proof.journal_id == journal_id and proof.epoch > room.writer.epoch:
            be_overtaken(box, room, data)
            return


def other_origins(box: Box, room: Room) -> list[str]:
    """Return where the other boxes of this room are reached."""
    return [one.origin for one in room.writer.boxes() if one.box_id != box.identity.id]


def be_overtaken(box: Box, room: Room, proof: bytes) -> None:
    """Stop leading for good.  Nothing is acknowledged from the first line on."""
    room.fence.lower()
    with room.ending:
        if room.stopping.is_set():
            return
        # A full disk may refuse this.  The fence is down all the same, and it is tried again.
        box.store.note_overtaken(room.record.journal_id, proof, box.clock.wall_ms())
        _log.warning("overtaken", journal_id=room.record.journal_id)
        box.retired = room
        if box.room is room:
            box.room = None
        room.stopping.set()
    _put_down_aside(room)


def _put_down_aside(room: Room) -> None:
    """End the writer beside whoever noticed: that may be the writer, and nobody awaits oneself."""
    threading.Thread(target=_put_down, args=(room,), name="put-down", daemon=True).start()


def _put_down(room: Room) -> None:
    room.writer.stop()
    room.attachments.close()
    room.is_down.set()


def own_proof(box: Box, room: Room) -> bytes | None:
    """Return the proof that this box leads, or None while nobody has ever taken over."""
    if room.writer.epoch == FIRST_EPOCH:
        return None
    if room.proof is None:
        own = next(one for one in room.writer.boxes() if one.epoch == room.writer.epoch)
        before = room.queries.entry_at(own.continues_seq)
        proof = EpochProof(
            journal_id=room.record.journal_id,
            box_id=own.box_id,
            origin=own.origin,
            continues_epoch=before.epoch,
            continues_seq=before.seq,
            continues_hash=before.hash,
        )
        room.proof = write_epoch_proof(proof, box=box.identity)
    return room.proof
