"""Installing an update: root and hashes into the free pair of partitions, then the kernel file.

Until the kernel file is in place, the last step, nothing starts what was written: it can be cut off
anywhere.  Every byte is hashed while it is written and once more as the disk gives it back.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from appliance.domain.errors import InvalidInputError, TransientError
from appliance.formats.kernel_signature import signers_of
from appliance.formats.update_document import UpdateDocument, UpdatePart, root_hash_of
from appliance.platform.files import read_from_medium, write_durably
from appliance.platform.system_image import SystemImage, image_named_in
from appliance.services.kept_update import PIECE_BYTES, UpdateFolder
from appliance.services.update_rules import UpdateDamagedError
from provisioning.sticks.partition_table import TABLE_MAX_BYTES, Partition, read_partitions
from provisioning.system_update.boot_entries import (
    HEAD_BYTES,
    TRIES,
    entries_folder,
    list_entries,
)
from provisioning.system_update.machine import Machine
from provisioning.system_update.renaming import rename_partitions
from provisioning.system_update.slots import free_slot, ids_of

_ZEROS = bytes(PIECE_BYTES)
_ESP_SPARE_BYTES = 2**20


class UpdateTooLargeError(InvalidInputError):
    """A part has no place where it belongs."""

    key = "update_too_large"
    staff_message = (
        "Version {version} is larger than the place for it on this disk. Nothing was changed. "
        "Write its image to a fresh disk or stick."
    )


class UpdateUnsignedError(InvalidInputError):
    """The firmware of this box would not start it."""

    key = "update_unsigned"
    staff_message = (
        "Version {version} is not signed with the Secure Boot key of this box, so it would not "
        "start. Nothing was changed. Build its image with the key of the one that runs."
    )


class UpdateNotWrittenError(TransientError):
    """The disk does not keep what is written to it."""

    key = "update_not_written"
    staff_message = (
        "The update could not be written: {problem}. The box goes on with the version it has. "
        "Replace its disk or stick before the next exam."
    )


def install(machine: Machine, kept: UpdateFolder, document: UpdateDocument) -> None:
    """Put a verified document's version beside the one that runs; it is tried at the next start.

    Raises UpdateDamagedError, UpdateUnsignedError, UpdateTooLargeError, NoFreeSlotError,
    UpdateNotWrittenError, and UpdateWaitsError as soon as the box is not at rest any more.
    """
    kernel = _read_kernel(machine, kept, document)
    _require_same_signer(machine, document, kernel)
    root_hash = root_hash_of(kernel[:HEAD_BYTES]) or ""
    root_id, verity_id = ids_of(root_hash)
    try:
        with machine.disk.open("r+b") as disk:
            slot = free_slot(read_partitions(disk.read(TABLE_MAX_BYTES)), machine.root_hash)
            places = {"root": slot.root, "verity": slot.verity}
            if any(document.parts[name].size > place.size for name, place in places.items()):
                raise UpdateTooLargeError(version=document.version)
            _make_room(machine, document)
            for name, place in places.items():
                _write_part(disk, place, kept, document, name)
            label = f"{document.image}_{document.version}"
            rename_partitions(
                disk,
                {
                    slot.root.number: (label, root_id),
                    slot.verity.number: (f"{label}_verity", verity_id),
                },
            )
        _write_kernel(machine, document, kernel)
    except OSError as problem:
        raise UpdateNotWrittenError(problem=problem.strerror or "") from problem


def _read_kernel(machine: Machine, kept: UpdateFolder, document: UpdateDocument) -> bytes:
    """Return the kernel file; it must be what was signed, and start another root than runs."""
    damaged = UpdateDamagedError(name=document.part_file_name("kernel"))
    kernel = b"".join(_pieces(kept.part(document, "kernel"), document.kernel))
    head = kernel[:HEAD_BYTES]
    named, root_hash = image_named_in(head.decode("latin-1")), root_hash_of(head)
    if hashlib.sha256(kernel).digest() != document.kernel.sha256:
        raise damaged
    if named != SystemImage(document.image, document.version):
        raise damaged
    if root_hash in {None, machine.root_hash}:
        raise damaged
    return kernel


def _require_same_signer(machine: Machine, document: UpdateDocument, kernel: bytes) -> None:
    """A version that firmware refuses would take three starts for nothing."""
    if not machine.starts_signed_only:
        return
    entries = list_entries(machine.esp)
    running = [one.path.read_bytes() for one in entries if one.root_hash == machine.root_hash]
    if not any(signers_of(one) & signers_of(kernel) for one in running):
        raise UpdateUnsignedError(version=document.version)


def _make_room(machine: Machine, document: UpdateDocument) -> None:
    """Remove the version whose place is written over now; the one that runs has proved itself."""
    for entry in list_entries(machine.esp):
        if entry.root_hash != machine.root_hash:
            entry.path.unlink()
    for unfinished in entries_folder(machine.esp).glob("*.new"):
        unfinished.unlink()
    if shutil.disk_usage(machine.esp).free < document.kernel.size + _ESP_SPARE_BYTES:
        raise UpdateTooLargeError(version=document.version)


def _write_part(
    disk: BinaryIO, place: Partition, kept: UpdateFolder, document: UpdateDocument, name: str
) -> None:
    part = document.parts[name]
    digest = hashlib.sha256()
    disk.seek(place.offset)
    for piece in _pieces(kept.part(document, name), part):
        kept.require_rest()
        digest.update(piece)
        _write_through(disk, piece)
    if digest.digest() != part.sha256:
        raise UpdateDamagedError(name=document.part_file_name(name))
    # The hashes of the root cover its whole partition.
    while (left := place.end - disk.tell()) > 0:
        kept.require_rest()
        _write_through(disk, _ZEROS[:left])
    if _digest_on_disk(disk, place.offset, part.size) != part.sha256:
        raise UpdateNotWrittenError(problem="the disk gave back something else")


def _write_through(disk: BinaryIO, piece: bytes) -> None:
    """Write so much only that nobody who saves meanwhile waits long."""
    disk.write(piece)
    disk.flush()
    os.fdatasync(disk.fileno())


def _digest_on_disk(disk: BinaryIO, offset: int, size: int) -> bytes:
    os.posix_fadvise(disk.fileno(), offset, size, os.POSIX_FADV_DONTNEED)
    digest = hashlib.sha256()
    disk.seek(offset)
    while size > 0 and (piece := disk.read(min(size, PIECE_BYTES))):
        digest.update(piece)
        size -= len(piece)
    return digest.digest()


def _pieces(path: Path, part: UpdatePart) -> Iterator[bytes]:
    """Give as many bytes as the part has, or fewer where the file is cut short."""
    try:
        # The folder is the box's own; whoever broke into that could put a pipe there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "rb") as file:
        left = part.size
        while left > 0 and (piece := file.read(min(left, PIECE_BYTES))):
            yield piece
            left -= len(piece)


def _write_kernel(machine: Machine, document: UpdateDocument, kernel: bytes) -> None:
    folder = entries_folder(machine.esp)
    name = f"{document.image}_{document.version}+{TRIES}.efi"
    write_durably(folder / name, kernel)
    if read_from_medium(folder / name, len(kernel)) != kernel:
        (folder / name).unlink()
        raise UpdateNotWrittenError(problem="the boot partition gave back something else")
