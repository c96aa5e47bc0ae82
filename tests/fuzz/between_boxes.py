"""What the boxes of one room send each other, and what one finds on a stick of its own."""

from __future__ import annotations

from appliance.domain.box_commands import Stray
from appliance.formats import strays
from appliance.formats.canonical import encode_canonical
from appliance.formats.envelope import write_envelope
from appliance.formats.epoch_proof import EpochProof, read_epoch_proof, write_epoch_proof
from appliance.formats.keys import create_box_identity, create_centre_identity, create_recovery_key
from appliance.formats.mirror_marker import (
    MAGIC,
    MirrorMarker,
    read_mirror_marker,
    write_mirror_marker,
)
from appliance.formats.room_secrets import RoomSecrets, open_room_secrets, seal_room_secrets
from appliance.formats.sealed_envelope import write_sealed
from appliance.formats.strays import StraysHeader, open_strays, write_strays
from tests.fuzz.parser import Parser, parser_of

SENDER = create_box_identity("Sender")
RECEIVER = create_box_identity("Receiver")
CENTRE = create_centre_identity("Centre", recovery=create_recovery_key().public)
JOURNAL = "journal-1"
STRAYS = (
    Stray(1, 2, "response_saved", "candidate", "a", {"i": "q", "c": 1}, "text"),
    Stray(2, 3, "response_saved", "candidate", "a", {"i": "q", "c": 2}, ["a", "b"]),
)


def _read_strays(data: bytes) -> object:
    return open_strays(data, journal_id=JOURNAL, box=SENDER.public, receiver=RECEIVER)


def _read_rows(data: bytes) -> object:
    header = StraysHeader(box_id=SENDER.id, receiver_id=RECEIVER.id, journal_id=JOURNAL, epoch=1)
    return _read_strays(
        write_sealed(strays.MAGIC, header, data, receiver=RECEIVER.public, signing=SENDER.signing)
    )


def _strays() -> bytes:
    return write_strays(STRAYS, journal_id=JOURNAL, epoch=1, box=SENDER, receiver=RECEIVER.public)


def _rows() -> bytes:
    return encode_canonical(
        [
            [one.seq, one.at_ms, one.kind, one.actor, one.subject, one.body, one.value]
            for one in STRAYS
        ]
    )


def _read_secrets(data: bytes) -> object:
    return open_room_secrets(data, journal_id=JOURNAL, box=SENDER.public, receiver=RECEIVER)


def _secrets() -> bytes:
    secrets = RoomSecrets(release_secrets={"p": bytes(32)})
    return seal_room_secrets(secrets, journal_id=JOURNAL, box=SENDER, receiver=RECEIVER.public)


def _read_proof(data: bytes) -> object:
    return read_epoch_proof(data, boxes={SENDER.id: SENDER.public}).epoch


def _proof() -> bytes:
    proof = EpochProof(
        journal_id=JOURNAL,
        box_id=SENDER.id,
        origin="http://box",
        continues_epoch=1,
        continues_seq=1,
        continues_hash=bytes(32),
    )
    return write_epoch_proof(proof, box=SENDER)


def _read_marker(data: bytes) -> object:
    return read_mirror_marker(data, box=SENDER.public, centre=CENTRE.public)


def _read_marker_header(data: bytes) -> object:
    return _read_marker(write_envelope(MAGIC, data, b"", signing=SENDER.signing))


def between_boxes() -> list[Parser]:
    """Return the parsers of what boxes send each other."""
    marker = MirrorMarker(box_id=SENDER.id, centre_id=CENTRE.id, stick="7F3K", marked_at_ms=1)
    return [
        parser_of("strays", _read_strays, _strays()),
        parser_of("strays_rows", _read_rows, _rows(), structure="json"),
        parser_of("room_secrets", _read_secrets, _secrets()),
        parser_of("epoch_proof", _read_proof, _proof(), structure="json"),
        parser_of("mirror_marker", _read_marker, write_mirror_marker(marker, box=SENDER)),
        parser_of("mirror_marker_header", _read_marker_header, marker.to_bytes(), structure="json"),
    ]
