"""Wiping a box: everything on it is destroyed by destroying its keys, with a certificate.

Refused while something is not confirmed by the centre's signed receipts.  Cut off anywhere, it is
gone on with by calling it again: the certificate that lies in the data says that it had begun.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import ExamroomError, RefusedError
from appliance.formats.keys import BOX_KEY_FILE, PINNED_CENTRE_FILE, BoxIdentity, PublicIdentity
from appliance.formats.receipt import Receipt
from appliance.formats.wipe_certificate import (
    WipeCertificate,
    WipedJournal,
    read_wipe_certificate,
    write_wipe_certificate,
)
from appliance.platform.clock import Clock
from appliance.platform.credentials import SEALED_SUFFIX
from appliance.platform.files import write_durably
from appliance.services.centre_receipts import (
    delivered_files,
    newest_confirmation,
    read_receipts,
)
from sync.agent.journal_source import BoxJournals

BEGUN_FILE = "wiped.certificate"


class NotAtTheCentreError(RefusedError):
    """Something on the box is nowhere else, as far as the box can prove."""

    key = "not_at_the_centre"
    staff_message = (
        "The centre has not confirmed {what}. Nothing was destroyed. Let the box reach the centre, "
        "or carry a stick there and back; or give the reason with --though-not-at-the-centre."
    )


class BoxInUseError(RefusedError):
    """A process of the box still has its files open."""

    key = "box_in_use"
    staff_message = (
        "{program} uses the data of this box. Nothing was destroyed. Stop the box first, with "
        "systemctl stop examroom.target."
    )


class RoomNotClosedError(RefusedError):
    """A room of this box was never closed; perhaps somebody writes in it."""

    key = "room_not_closed"
    staff_message = (
        "A room of this box is not closed. Nothing was destroyed. Close it on the staff page first."
    )


class SealedKeysOutOfReachError(RefusedError):
    """The keys sealed to the machine are root's, and whoever wipes is not."""

    key = "sealed_keys_out_of_reach"
    staff_message = (
        "This user cannot destroy the sealed keys in {folder}. Nothing was destroyed. As root, "
        "run it as examroom-box examroom-sync wipe-box."
    )


@dataclass(frozen=True, slots=True)
class BoxToWipe:
    """A box as the wiping needs it; `credentials_dir` holds the keys sealed to the machine."""

    data_dir: Path
    credentials_dir: Path
    box: BoxIdentity
    centre: PublicIdentity
    clock: Clock


def require_wipeable(machine: BoxToWipe, *, reason: str) -> None:
    """Raise what would stand against wiping the box if it were stopped; it may run.

    Raises SealedKeysOutOfReachError, RoomNotClosedError, and NotAtTheCentreError unless `reason` is
    given.
    """
    _require_reachable(machine.credentials_dir)
    _require_closed(machine)
    _require_at_the_centre(_journals(machine), reason)


def wipe_box(machine: BoxToWipe, certificate_path: Path, *, reason: str) -> bytes:
    """Write the certificate, then destroy everything; return the certificate's bytes.

    Raises SealedKeysOutOfReachError, RoomNotClosedError, NotAtTheCentreError unless `reason` is
    given, BoxInUseError, or OSError where the certificate cannot be written: then nothing was
    destroyed.
    """
    _require_unused(machine.data_dir)
    _require_reachable(machine.credentials_dir)
    begun = machine.data_dir / BEGUN_FILE
    signed = _begun(begun, machine.box.public)
    if signed is None:
        _require_closed(machine)
        journals = _journals(machine)
        left = _require_at_the_centre(journals, reason)
        certificate = WipeCertificate(
            box_id=machine.box.id,
            centre_id=machine.centre.id,
            wiped_at_ms=machine.clock.wall_ms(),
            reason=reason if left else "",
            journals=journals,
        )
        signed = write_wipe_certificate(certificate, box=machine.box)
    write_durably(certificate_path, signed)
    write_durably(begun, signed)
    _destroy(machine.data_dir, machine.credentials_dir)
    return signed


def _begun(path: Path, box: PublicIdentity) -> bytes | None:
    """Return the certificate of a wiping that was cut off.

    That of the box that was here before proves nothing about this one.
    """
    try:
        signed = path.read_bytes()
        read_wipe_certificate(signed, box=box)
    except (FileNotFoundError, ExamroomError):
        return None
    return signed


def _require_reachable(credentials_dir: Path) -> None:
    """Raise SealedKeysOutOfReachError where destroying the keys would find none of them."""
    if credentials_dir.is_dir() and not os.access(credentials_dir, os.R_OK | os.W_OK | os.X_OK):
        raise SealedKeysOutOfReachError(folder=str(credentials_dir))


def _require_closed(machine: BoxToWipe) -> None:
    """No reason helps against this: whoever comes by with a stick could end an exam for good."""
    if BoxJournals(machine.data_dir).open_ids():
        raise RoomNotClosedError


def _require_at_the_centre(journals: list[WipedJournal], reason: str) -> list[str]:
    """Return what is not at the centre, which needs a reason."""
    left = [one.journal_id for one in journals if not one.is_at_the_centre]
    if left and not reason:
        raise NotAtTheCentreError(what=", ".join(left))
    return left


def _journals(machine: BoxToWipe) -> list[WipedJournal]:
    source = BoxJournals(machine.data_dir)
    receipts = read_receipts(machine.data_dir, machine.centre)
    delivered = delivered_files(machine.data_dir, machine.centre)
    own = [
        _standing(source, one, receipts, delivered.get(one, set())) for one in source.journal_ids()
    ]
    copies = [
        WipedJournal(
            journal_id=one,
            head_seq=0,
            head_hash=b"",
            confirmed_seq=0,
            confirmed_at_ms=None,
            files_left=0,
            is_copy=True,
        )
        for one in source.followed_ids()
    ]
    return own + copies


def _standing(
    source: BoxJournals, journal_id: str, receipts: list[Receipt], delivered: set[str]
) -> WipedJournal:
    with source.read(journal_id) as reader:
        head = reader.head()
        best = newest_confirmation(receipts, journal_id, reader)
    with source.read_attachments(journal_id) as files:
        held = {sha256 for sha256, _ in files.list_files()}
    return WipedJournal(
        journal_id=journal_id,
        head_seq=head[1] if head else 0,
        head_hash=head[2] if head else b"",
        confirmed_seq=best.contiguous_seq if best else 0,
        confirmed_at_ms=best.received_at_ms if best else None,
        files_left=len(held - delivered),
        is_copy=False,
    )


def _destroy(data_dir: Path, credentials_dir: Path) -> None:
    """Destroy keys first, then what they opened; the identity is the last key that goes."""
    keys = data_dir / "keys"
    # What calling this again needs stays to the end; the centre's is a public key.
    last = (keys / BOX_KEY_FILE, keys / PINNED_CENTRE_FILE)
    for folder in (credentials_dir, keys, data_dir / "tls"):
        for path in sorted(folder.glob("*")):
            if path.suffix == SEALED_SUFFIX:
                # A mark and no key; root's, who sealed it, and not the box's own user's.
                path.unlink()
            elif path.is_file() and path not in last:
                _overwrite(path)
    for path in sorted(data_dir.iterdir()):
        if path.is_dir() and path != keys:
            shutil.rmtree(path)
        elif path.is_file() and path.name != BEGUN_FILE:
            path.unlink()
    for path in last:
        _overwrite(path)


def _overwrite(path: Path) -> None:
    """Write zeros over a key and remove it.

    Flash may keep the old block all the same, which is one reason why disks are encrypted.
    """
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _require_unused(data_dir: Path) -> None:
    """Raise BoxInUseError while another process has a file of the data open."""
    inside = f"{data_dir.resolve()}{os.sep}"
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            opened = [str(one.readlink()) for one in (process / "fd").iterdir()]
            name = (process / "comm").read_text(encoding="utf-8").strip()
        except OSError:
            continue  # It ended, or is another user's.
        if any(one.startswith(inside) for one in opened):
            raise BoxInUseError(program=f"{name} ({process.name})")
