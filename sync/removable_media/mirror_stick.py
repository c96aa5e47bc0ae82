"""One mirror stick: what lies on it, what it lacks, and writing that so that it is there.

What counts is only what was read back from the stick and verified.  Nothing is remembered between
two stays of a stick, so it may be pulled at any moment, exchanged, or brought back days later.
"""

from __future__ import annotations

import errno
import os
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from appliance.domain.errors import ConflictError, ExamroomError, TransientError
from appliance.domain.journal import Entry, chain_start
from appliance.formats.attachment import (
    ATTACHMENT_MAX_BYTES,
    read_attachment_header,
    verify_attachment,
    write_attachment,
)
from appliance.formats.bundle import (
    BUNDLE_MAX_BYTES,
    BundleHeader,
    one_run,
    read_bundle_header,
    verify_bundle,
    write_bundle,
)
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.platform.files import read_from_medium, write_durably
from sync.agent.journal_source import EntryReader, JournalSource
from sync.removable_media.stick import (
    ENTRIES_A_BUNDLE,
    FILES_MAX,
    StickWriteError,
    folder_for_box,
)

RUNS_A_TURN_MAX = 50
FILES_A_TURN_MAX_BYTES = 20 * 1024 * 1024
CHECKED_A_TURN_MAX_BYTES = 8 * 1024 * 1024
"""How much is read again in each turn, to find what a stick has lost since it was written."""

KEPT_FOR_ENTRIES_MAX_BYTES = 64 * 1024 * 1024
KEPT_FOR_ENTRIES_SHARE = 4
"""Candidates' files leave this much, or a quarter of a small stick, to the entries."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_BUNDLE = re.compile(r"([0-9a-z-]{1,64})\.[0-9]+\.[0-9]{8,}-[0-9]{8,}\.bundle")
_ATTACHMENT = re.compile(r"([0-9a-z-]{1,64})\.([0-9a-f]{64})\.attachment")

_log = structlog.get_logger()


class StickFullError(TransientError):
    """There is no room left on a mirror stick."""

    key = "stick_full"
    staff_message = (
        "The mirror stick is full. Put in another one that is marked as a mirror. "
        "Nothing is lost: everything is on the box."
    )


class StickDiffersError(ConflictError):
    """The stick holds entries of our journal that are not the ones of this box."""

    key = "stick_differs"
    staff_message = (
        "What lies on this stick is not what this box has. Nothing on it was changed. "
        "Use another stick, and bring this one to the centre."
    )


class MirroredJournals(JournalSource, Protocol):
    """The journals that are mirrored."""

    def is_sealed(self, journal_id: str) -> bool:
        """Say whether a journal of `journal_ids` takes no more entries."""

    def receivers(self, journal_id: str) -> list[PublicIdentity]:
        """Return the boxes that share a sitting of a journal of `journal_ids`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a turn is about: the journals to mirror, and those the centre has all of."""

    source: MirroredJournals
    journal_ids: tuple[str, ...]
    delivered: frozenset[str]


class MirrorStick:
    """What lies on a marked stick for one receiver, while the stick is in.

    `examroom` is the stick's folder of that name.  What is for the centre lies right in it, what
    is for a box of the room in `for-boxes/BOX` below: a spare reads that without any centre.
    """

    def __init__(self, examroom: Path, *, box: BoxIdentity, receiver: PublicIdentity) -> None:
        self._box = box
        self._receiver = receiver
        self._above: tuple[Path, ...] = ()
        self.folder = examroom
        if receiver.kind == "box":
            self.folder = folder_for_box(examroom, receiver.id)
            self._above = (self.folder.parent, self.folder)
        self._bundles: dict[str, BundleHeader] = {}
        self._checked: OrderedDict[Path, None] = OrderedDict()
        self.files_missing = 0
        self.damaged_count = 0
        self.wanted_journals: tuple[str, ...] = ()

    def reached(self, journal_id: str) -> int:
        """Return the last entry up to which all entries of a journal lie here, verified."""
        chain = self._chain(journal_id)
        return chain[-1][1].last_seq if chain else 0

    def fill(self, wanted: Wanted) -> None:
        """Write what the stick lacks.

        Raises StickFullError, StickWriteError, StickDiffersError, or OSError when it was pulled.
        """
        try:
            self._fill(wanted)
        except OSError as problem:
            if problem.errno not in FULL:
                raise
            if not self.remove_delivered(wanted):
                raise StickFullError from problem
            self._fill_again(wanted)

    def _fill_again(self, wanted: Wanted) -> None:
        try:
            self._fill(wanted)
        except OSError as problem:
            if problem.errno not in FULL:
                raise
            raise StickFullError from problem

    def _fill(self, wanted: Wanted) -> None:
        self._look(wanted)
        self._check_again()
        for journal_id in wanted.journal_ids:
            with wanted.source.read(journal_id) as reader:
                for _ in range(RUNS_A_TURN_MAX):
                    if not self._write_next(journal_id, reader):
                        break
        self._write_files(wanted)

    # What lies there.

    def _look(self, wanted: Wanted) -> None:
        """See what lies on the stick, and verify the bundles that were not there before."""
        names = _list_names(self.folder / "bundles")
        self._bundles = {name: one for name, one in self._bundles.items() if name in names}
        for name in names:
            match = _BUNDLE.fullmatch(name)
            if match and match.group(1) in wanted.journal_ids and name not in self._bundles:
                with wanted.source.read(match.group(1)) as reader:
                    self._take_in(name, reader)
        files = _list_names(self.folder / "attachments")
        lying = {self.folder / "bundles" / name for name in self._bundles} | {
            self.folder / "attachments" / name
            for name in files
            if (match := _ATTACHMENT.fullmatch(name)) and match.group(1) in wanted.journal_ids
        }
        for path in [path for path in self._checked if path not in lying]:
            del self._checked[path]
        for path in sorted(lying - self._checked.keys()):
            self._checked[path] = None
            self._checked.move_to_end(path, last=False)

    def _take_in(self, name: str, reader: EntryReader) -> None:
        """Verify a bundle that was found; a damaged one goes, and is written anew."""
        header = self._read_bundle(self.folder / "bundles" / name)
        if header is None:
            return
        found = reader.entries_after(header.last_seq - 1, 1)
        if [(one.epoch, one.hash) for one in found] != [(header.epoch, header.last_hash)]:
            raise StickDiffersError
        self._bundles[name] = header

    def _read_bundle(self, path: Path) -> BundleHeader | None:
        data = read_from_medium(path, BUNDLE_MAX_BYTES + 1)
        try:
            return verify_bundle(data, box=self._box.public)
        except ExamroomError as problem:
            self._remove_damaged(path, data, problem)
            return None

    def _remove_damaged(self, path: Path, data: bytes, problem: ExamroomError) -> None:
        """Remove a file of ours, to be written anew; what another box wrote is left alone."""
        if self._is_foreign(path, data):
            return
        _log.warning("mirror_file_damaged", file=path.name, error_key=problem.key)
        self.damaged_count += 1
        path.unlink()
        self._forget(path)

    def _is_foreign(self, path: Path, data: bytes) -> bool:
        read_header = (
            read_bundle_header if path.parent.name == "bundles" else read_attachment_header
        )
        try:
            return read_header(data).box_id != self._box.id
        except ExamroomError:
            return False

    def _check_again(self) -> None:
        """Read what was checked longest ago once more, a bounded part of it in each turn."""
        read_bytes = 0
        for path in list(self._checked):
            if read_bytes >= CHECKED_A_TURN_MAX_BYTES:
                break
            data = read_from_medium(path, max(BUNDLE_MAX_BYTES, ATTACHMENT_MAX_BYTES) + 1)
            read_bytes += len(data)
            try:
                if path.name in self._bundles:
                    verify_bundle(data, box=self._box.public)
                else:
                    verify_attachment(data, box=self._box.public)
            except ExamroomError as problem:
                self._remove_damaged(path, data, problem)
            if path in self._checked:
                self._checked.move_to_end(path)

    def _forget(self, path: Path) -> None:
        self._bundles.pop(path.name, None)
        self._checked.pop(path, None)

    def _chain(self, journal_id: str) -> list[tuple[str, BundleHeader]]:
        """Return the bundles that together hold a journal from its beginning without a gap."""
        own = [one for one in self._bundles.items() if one[1].journal_id == journal_id]
        own.sort(key=lambda one: (one[1].first_seq, -one[1].last_seq))
        chain: list[tuple[str, BundleHeader]] = []
        reached = 0
        for name, header in own:
            if header.first_seq <= reached + 1 and header.last_seq > reached:
                chain.append((name, header))
                reached = header.last_seq
        return chain

    # Writing.

    def _write_next(self, journal_id: str, reader: EntryReader) -> bool:
        """Write one bundle of what is lacking; say whether there may be more."""
        chain = self._chain(journal_id)
        run = _next_run(reader, [header for _, header in chain])
        if not run:
            return False
        first_seq = run[0].seq
        before = reader.entries_after(first_seq - 2, 1) if first_seq > 1 else []
        data = write_bundle(
            run,
            journal_id=journal_id,
            previous_hash=before[0].hash if before else chain_start(journal_id),
            box=self._box,
            centre=self._receiver,
        )
        name = f"{journal_id}.{run[0].epoch}.{first_seq:08}-{run[-1].seq:08}.bundle"
        path = self.folder / "bundles" / name
        self._write(path, data)
        self._bundles[name] = verify_bundle(data, box=self._box.public)
        self._remove_superseded(journal_id)
        return True

    def _remove_superseded(self, journal_id: str) -> None:
        """Remove bundles whose entries lie in a larger one that was read back."""
        needed = {name for name, _ in self._chain(journal_id)}
        reached = self.reached(journal_id)
        for name, header in list(self._bundles.items()):
            own = header.journal_id == journal_id and header.last_seq <= reached
            if own and name not in needed:
                path = self.folder / "bundles" / name
                path.unlink()
                self._forget(path)

    def _write_files(self, wanted: Wanted) -> None:
        """Write candidates' files that are missing, a bounded part of them in each turn."""
        written_bytes = 0
        self.files_missing = 0
        there = {path.name for path in self._checked}
        for journal_id in wanted.journal_ids:
            with wanted.source.read_attachments(journal_id) as reader:
                for sha256, size in reader.list_files():
                    path = self.folder / "attachments" / f"{journal_id}.{sha256}.attachment"
                    if path.name in there:
                        continue
                    if written_bytes >= FILES_A_TURN_MAX_BYTES:
                        self.files_missing += 1
                        continue
                    self._require_room(size)
                    written_bytes += size
                    self._write_file(path, journal_id, sha256, reader.get(sha256) or b"")

    def _write_file(self, path: Path, journal_id: str, sha256: str, plain: bytes) -> None:
        try:
            data = write_attachment(
                plain, journal_id=journal_id, sha256=sha256, box=self._box, centre=self._receiver
            )
        except ExamroomError as problem:
            # It cannot be carried by any way; the agent's status names it for a person.
            _log.warning("mirror_file_refused", sha256=sha256, error_key=problem.key)
            self.files_missing += 1
            return
        self._write(path, data)

    def _require_room(self, size_bytes: int) -> None:
        disk = os.statvfs(self._above[0].parent if self._above else self.folder)
        total_bytes = disk.f_blocks * disk.f_frsize
        kept_bytes = min(KEPT_FOR_ENTRIES_MAX_BYTES, total_bytes // KEPT_FOR_ENTRIES_SHARE)
        if disk.f_bavail * disk.f_frsize < size_bytes + kept_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _write(self, path: Path, data: bytes) -> None:
        """Write a file, sync it, and read it back from the stick."""
        if self._above:
            # What a spare could use must not take the place of what the centre needs.
            self._require_room(len(data))
        # Only the last folders: under a stick that was pulled lies the box's own disk.
        for folder in (*self._above, path.parent):
            folder.mkdir(exist_ok=True)
        try:
            write_durably(path, data)
        except OSError:
            with suppress(OSError):
                path.with_name(path.name + ".new").unlink()
            raise
        if read_from_medium(path, len(data) + 1) != data:
            path.unlink()
            raise StickWriteError
        self._checked[path] = None

    def remove_delivered(self, wanted: Wanted) -> bool:
        """Make room: remove what the centre has acknowledged; say whether there was any."""
        removed = False
        for folder, pattern in (("bundles", _BUNDLE), ("attachments", _ATTACHMENT)):
            for name in _list_names(self.folder / folder):
                match = pattern.fullmatch(name)
                if match and match.group(1) in wanted.delivered:
                    (self.folder / folder / name).unlink()
                    removed = True
        return removed


def _list_names(folder: Path) -> set[str]:
    """Return the names of at most FILES_MAX ordinary files; what was half written goes."""
    names: set[str] = set()
    if not folder.is_dir():
        return names
    with os.scandir(folder) as found:
        for one, _ in zip(found, range(FILES_MAX), strict=False):
            if not one.is_file(follow_symlinks=False):
                continue
            if one.name.endswith(".new"):
                Path(one.path).unlink()
            else:
                names.add(one.name)
    return names


def _next_run(reader: EntryReader, chain: Sequence[BundleHeader]) -> list[Entry]:
    """Return the entries to write next, or none.

    A new run takes in the bundles before it that are not larger than itself.  So few files lie on
    a stick however long the exam, and an entry is written again only as often as its run doubles.
    """
    after_seq = chain[-1].last_seq if chain else 0
    run = _run_after(reader, after_seq)
    for header in _not_larger(chain, run):
        wider = _run_after(reader, header.first_seq - 1)
        if wider[-1].seq < run[-1].seq:
            break
        run = wider
    return run


def _run_after(reader: EntryReader, seq: int) -> list[Entry]:
    return one_run(reader.entries_after(seq, ENTRIES_A_BUNDLE))


def _not_larger(chain: Sequence[BundleHeader], run: Sequence[Entry]) -> Iterator[BundleHeader]:
    """Yield bundles from the last one back, as long as each is not larger than what follows it."""
    if not run:
        return
    for header in reversed(chain):
        if header.last_seq - header.first_seq + 1 > run[-1].seq - header.last_seq:
            return
        yield header
