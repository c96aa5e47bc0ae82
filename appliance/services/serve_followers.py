"""What a box that leads gives the boxes that follow it, and what it says of itself to all.

A follower's asking for what comes after an entry is its word that it holds everything up to there.
It names the hash of that entry, so the word is about this chain and no other.
docs/standby-protocol.md is the specification.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from appliance.domain import box_commands as b
from appliance.domain.errors import ConflictError
from appliance.domain.journal import chain_start
from appliance.formats.attachment import write_attachment
from appliance.formats.bundle import one_run, write_bundle
from appliance.formats.epoch_proof import read_epoch_proof
from appliance.formats.keys import PublicIdentity
from appliance.formats.room_secrets import RoomSecrets, seal_room_secrets
from appliance.formats.standby_requests import AskEntries
from appliance.formats.strays import open_strays
from appliance.services.box import Box, RoomClosedError
from appliance.services.copies import STANDBY_RECENT_MS
from appliance.services.fence import OvertakenError
from appliance.services.overtaken import own_proof
from appliance.services.peers import (
    BoxView,
    PeerUnknownError,
    all_peers,
    origin_of,
    peers,
    room_origins,
)
from appliance.services.room import Room
from appliance.storage.box_store import JournalRecord
from appliance.storage.reading import AttachmentReader, JournalReader, journal_path

STAND_DOWN_MS = 15_000
"""How long a leader that was asked to stand down waits for the proof that it was worth it."""


class CopyDivergedError(ConflictError):
    """A follower's copy is not the beginning of this journal."""

    key = "copy_diverged"
    staff_message = (
        "This box had another record of the room than the box that leads. It sets its copy aside "
        "and begins a fresh one by itself."
    )


@dataclass(frozen=True, slots=True)
class Given:
    """A bundle for a follower, or None when it has everything; and where the journal ends."""

    bundle: bytes | None
    head_seq: int


def describe(box: Box) -> BoxView:
    """Say what anyone on the room's network may know: whether this box leads, in which epoch."""
    room = box.room
    record = room.record if room else _newest_record(box)
    proof = own_proof(box, room) if room else _proof_by_another(box, record)
    return BoxView(
        box_id=box.identity.id,
        journal_id=record.journal_id if record else None,
        leads=room is not None and not room.fence.is_down(),
        epoch=room.writer.epoch if room else 0,
        proof=proof.decode() if proof else None,
        origin=origin_of(box),
        leader=_leader(box, proof),
        boxes=room_origins(box),
        room=box.settings.room,
        now_ms=box.clock.wall_ms(),
    )


def _leader(box: Box, proof: bytes | None) -> str:
    if box.room is not None:
        return origin_of(box)
    if box.following is not None:
        return box.following.leader_origin
    if proof:
        return read_epoch_proof(proof, boxes=all_peers(box)).origin
    # Its room is not open yet: this is the box that will open it.
    return box.settings.standby_of.rstrip("/")


def _newest_record(box: Box) -> JournalRecord | None:
    """Return the newest room session: one that has been closed is still given to followers."""
    records = box.store.journals()
    return records[-1] if records else None


def _proof_by_another(box: Box, record: JournalRecord | None) -> bytes | None:
    overtaking = box.store.overtaking(record.journal_id) if record else None
    return overtaking.epoch_proof if overtaking else None


def require_peer(box: Box, box_id: str) -> PublicIdentity:
    """Return a box that may follow the present room; raises PeerUnknownError."""
    room = box.room
    if room is None:
        known = peers(box, (sitting for sitting, _, _ in box.store.peers()))
    else:
        # Not by way of the writer: on a slow disk each asking would wait for a commit or two.
        known = peers(box, room.writer.sitting_ids())
    found = known.get(box_id)
    if found is None or box_id == box.identity.id:
        raise PeerUnknownError
    return found


def let_join(box: Box, peer: PublicIdentity, *, journal_id: str, origin: str) -> bytes:
    """Note a follower and return what it needs besides entries, sealed to it."""
    room = _room(box, journal_id)
    room.writer.write(b.JoinBox("box", peer.id, peer.name, origin))
    secrets = RoomSecrets(release_secrets=dict(room.release_secrets.all()))
    return seal_room_secrets(secrets, journal_id=journal_id, box=box.identity, receiver=peer)


def give_entries(box: Box, peer: PublicIdentity, ask: AskEntries) -> Given:
    """Return what follows an entry that the follower holds, and take its word that it does.

    Raises CopyDivergedError when it is not this journal's entry.
    """
    journal_id = ask.journal_id
    record = _record(box, journal_id)
    path = journal_path(box.settings.data_dir, journal_id)
    with JournalReader(path, record.journal_key or b"") as reader:
        head = reader.head()
        head_seq = head[1] if head else 0
        if ask.after_hash != _hash_at(reader, journal_id, ask.after_seq):
            raise CopyDivergedError
        run = one_run(reader.entries_after(ask.after_seq, ask.entries_max))
    if box.room is not None and box.room.record.journal_id == journal_id:
        now_ms = box.clock.monotonic_ms()
        box.room.copies.heard(peer.id, ask.after_seq, now_ms, recent_ms=STANDBY_RECENT_MS)
    if not run:
        return Given(None, head_seq)
    bundle = write_bundle(
        run, journal_id=journal_id, previous_hash=ask.after_hash, box=box.identity, centre=peer
    )
    return Given(bundle, head_seq)


def _hash_at(reader: JournalReader, journal_id: str, seq: int) -> bytes | None:
    if seq == 0:
        return chain_start(journal_id)
    found = reader.entries_after(seq - 1, 1)
    return found[0].hash if found else None


def list_files(box: Box, *, journal_id: str) -> list[str]:
    """Return the SHA-256 of every uploaded file of a room session."""
    record = _record(box, journal_id)
    path = journal_path(box.settings.data_dir, journal_id)
    with AttachmentReader(path, record.journal_key or b"") as reader:
        return [sha256 for sha256, _ in reader.list_files()]


def give_file(box: Box, peer: PublicIdentity, *, journal_id: str, sha256: str) -> bytes:
    """Return one uploaded file, sealed to the follower; raises RoomClosedError if it is gone."""
    record = _record(box, journal_id)
    path = journal_path(box.settings.data_dir, journal_id)
    with AttachmentReader(path, record.journal_key or b"") as reader:
        data = reader.get(sha256)
    if data is None:
        raise RoomClosedError
    return write_attachment(
        data, journal_id=journal_id, sha256=sha256, box=box.identity, centre=peer
    )


def stand_down(box: Box, *, journal_id: str) -> None:
    """Write nothing for a while: a person has decided that the asking box shall lead."""
    room = _room(box, journal_id)
    room.fence.rest(STAND_DOWN_MS)
    # What is being committed at this moment was decided before: it is waited for, and goes along.
    with suppress(OvertakenError):
        room.writer.look(lambda _state, _now: None)


def take_strays(box: Box, peer: PublicIdentity, *, journal_id: str, data: bytes) -> None:
    """Take in what only an overtaken box had; raises what `open_strays` raises."""
    room = _room(box, journal_id)
    epoch, strays = open_strays(data, journal_id=journal_id, box=peer, receiver=box.identity)
    room.writer.write(b.TakeStrays("box", peer.id, epoch, tuple(strays)))


def _room(box: Box, journal_id: str) -> Room:
    room = box.open_room()
    if room.record.journal_id != journal_id:
        raise RoomClosedError
    return room


def _record(box: Box, journal_id: str) -> JournalRecord:
    for record in box.store.journals():
        if record.journal_id == journal_id and record.role == "leading" and record.journal_key:
            return record
    raise RoomClosedError
