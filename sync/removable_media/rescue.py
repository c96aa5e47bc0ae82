"""Reading what a mirror stick holds for this box: another box's rooms, to go on with them here.

`examroom/for-boxes/BOX` on the stick holds bundles and candidates' files that are sealed to this
box and signed by the box that wrote them, which the centre has named as one of the same room.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from appliance.domain.errors import ExamroomError, InvalidInputError
from appliance.domain.journal import Entry, chain_start, verify_chain
from appliance.formats.attachment import (
    ATTACHMENT_MAX_BYTES,
    open_attachment,
    read_attachment_header,
)
from appliance.formats.bundle import (
    BUNDLE_MAX_BYTES,
    BundleHeader,
    open_bundle,
    read_bundle_header,
)
from appliance.formats.keys import BoxIdentity, PublicIdentity
from sync.removable_media.stick import folder_for_box, list_files, read_bounded

_BUNDLE = re.compile(r"([0-9a-z-]{1,64})\.[0-9]{1,16}\.[0-9]{8,16}-([0-9]{8,16})\.bundle")

_log = structlog.get_logger()


class StickNotForThisBoxError(InvalidInputError):
    """The stick is a mirror, and nothing on it is sealed to this box."""

    key = "stick_not_for_this_box"
    staff_message = (
        "Nothing on this stick is for this box ({box_id}): it is sealed to the centre and to the "
        "boxes that the centre has named for the same exams. Use one of those, or bring the stick "
        "to the centre."
    )


class StickOfStrangerError(InvalidInputError):
    """What lies on the stick was written by a box that shares no exam with this one."""

    key = "stick_of_stranger"
    staff_message = (
        "This stick was written by a box that this one does not know from its own exams, so "
        "nothing of it was taken in. Bring it to the centre."
    )


@dataclass(slots=True)
class StickRoom:
    """One room session on a stick; see appliance.services.rescue.FoundRoom."""

    journal_id: str
    box: BoxIdentity
    writers: Mapping[str, PublicIdentity]
    bundles: list[tuple[BundleHeader, Path]] = field(default_factory=list)
    attachments: list[Path] = field(default_factory=list)
    promised: int = 0
    cut_short: bool = False
    files_lost: int = 0

    def runs(self) -> Iterator[list[Entry]]:
        """See FoundRoom."""
        previous, reached = chain_start(self.journal_id), 0
        for header, path in sorted(
            self.bundles, key=lambda one: (one[0].first_seq, -one[0].last_seq)
        ):
            if header.last_seq <= reached or header.first_seq > reached + 1:
                continue
            try:
                entries = open_bundle(
                    read_bounded(path, BUNDLE_MAX_BYTES),
                    centre=self.box,
                    box=self.writers[header.box_id],
                )
                fresh = [entry for entry in entries if entry.seq > reached]
                previous = verify_chain(fresh, previous=previous, after_seq=reached)
            except ExamroomError as damage:
                _log.warning("stick_file_damaged", file=path.name, error_key=damage.key)
                continue
            reached = fresh[-1].seq
            yield fresh
        self.cut_short = reached < self.promised

    def promised_seq(self) -> int | None:
        """See FoundRoom."""
        return self.promised

    def files(self) -> Iterator[tuple[str, bytes]]:
        """See FoundRoom."""
        for path in self.attachments:
            try:
                data = read_bounded(path, ATTACHMENT_MAX_BYTES)
                header = read_attachment_header(data)
                writer = self.writers.get(header.box_id)
                if writer is None or header.journal_id != self.journal_id:
                    continue
                yield header.sha256, open_attachment(data, centre=self.box, box=writer)
            except ExamroomError as damage:
                _log.warning("stick_file_damaged", file=path.name, error_key=damage.key)
                self.files_lost += 1

    def release_secrets(self) -> dict[str, bytes]:
        """Return nothing: what opens an exam never goes onto a stick."""
        return {}


def is_mirror(stick: Path) -> bool:
    """Say whether a folder is a mirror stick of some box."""
    return (stick / "examroom" / "mirror.marker").is_file()


def rooms_on(
    stick: Path, *, box: BoxIdentity, writers: Mapping[str, PublicIdentity]
) -> list[StickRoom]:
    """Return the rooms that lie on a stick for this box, the one written to last at the end.

    `writers` are the boxes that share exams with this one, by id.  Raises StickNotForThisBoxError
    or StickOfStrangerError.
    """
    folder = folder_for_box(stick / "examroom", box.id)
    paths = list_files(folder / "bundles")
    if not paths:
        raise StickNotForThisBoxError(box_id=box.id)
    rooms: dict[str, StickRoom] = {}
    has_strangers = False
    for path in sorted(paths, key=lambda one: one.stat().st_mtime):
        name = _BUNDLE.fullmatch(path.name)
        header = _header(path)
        if name is None or (header is not None and header.box_id not in writers):
            has_strangers = has_strangers or header is not None
            continue
        journal_id = name.group(1)
        room = rooms.pop(journal_id, None) or StickRoom(journal_id, box, writers)
        rooms[journal_id] = room  # At the end: it was written to last.
        # Its name says what was to be in it, even where the file is damaged.
        room.promised = max(room.promised, int(name.group(2)))
        if header is not None and header.journal_id == journal_id:
            room.bundles.append((header, path))
    if has_strangers and not rooms:
        raise StickOfStrangerError
    for path in list_files(folder / "attachments"):
        owner = rooms.get(path.name.partition(".")[0])
        if owner is not None:
            owner.attachments.append(path)
    return list(rooms.values())


def _header(path: Path) -> BundleHeader | None:
    try:
        return read_bundle_header(read_bounded(path, BUNDLE_MAX_BYTES))
    except ExamroomError as damage:
        _log.warning("stick_file_damaged", file=path.name, error_key=damage.key)
        return None
