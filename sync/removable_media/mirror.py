"""Mirror sticks: filled while the exam runs, out and in at any time, and never in a save's way.

The mirror is a process of its own.  It reads the box's journals through a connection that cannot
write, looks for marked sticks every few seconds, and says in DATA/sync/mirror.json how they are.
A stick that was not marked for this box is never touched.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from appliance.domain.errors import ExamroomError
from appliance.formats.canonical import encode_canonical
from appliance.formats.crockford import random_symbols
from appliance.formats.keys import BoxIdentity, PublicIdentity
from appliance.formats.mirror_marker import (
    MARKER_MAX_BYTES,
    STICK_NAME_SYMBOLS,
    MirrorMarker,
    read_mirror_marker,
    write_mirror_marker,
)
from appliance.platform.clock import Clock
from appliance.platform.files import read_from_medium, write_durably
from appliance.services.centre_receipts import delivered_files
from sync.agent.agent import AgentPaths
from sync.agent.state import JournalMark, load_state
from sync.removable_media.mirror_stick import (
    MirroredJournals,
    MirrorStick,
    StickDiffersError,
    StickFullError,
    Wanted,
)
from sync.removable_media.stick import StickWriteError

MARKER_NAME = "mirror.marker"
MAKE_MIRROR = "make-mirror"
"""A file with this name asks the box to make the stick a mirror."""
TURN_EVERY_SECONDS = 2
STICKS_MAX = 8
RECEIVERS_MAX = 4
"""Besides the centre: each one more writes everything once more."""
FOLDERS_MAX = 100

_log = structlog.get_logger()


def mark_mirror(stick: Path, *, box: BoxIdentity, centre: PublicIdentity, clock: Clock) -> str:
    """Make a stick a mirror of this box; return what it is called.

    A stick that is this box's mirror already keeps its name.  Raises MirrorOfAnotherBoxError,
    DocumentMalformedError or StickWriteError.
    """
    path = stick / "examroom" / MARKER_NAME
    if path.exists():
        data = read_from_medium(path, MARKER_MAX_BYTES + 1)
        return read_mirror_marker(data, box=box.public, centre=centre).stick
    marker = MirrorMarker(
        box_id=box.id,
        centre_id=centre.id,
        stick=random_symbols(STICK_NAME_SYMBOLS),
        marked_at_ms=clock.wall_ms(),
    )
    data = write_mirror_marker(marker, box=box)
    try:
        path.parent.mkdir(exist_ok=True)
        write_durably(path, data)
    except OSError as problem:
        raise StickWriteError from problem
    if read_from_medium(path, len(data) + 1) != data:
        raise StickWriteError
    return marker.stick


@dataclass(slots=True)
class _Stay:
    """A stick from being put in until it is pulled, and how it stands."""

    name: str
    stick: MirrorStick
    for_boxes: dict[str, MirrorStick] = field(default_factory=dict)
    state: str = "following"
    error_key: str | None = None
    verified_at_ms: int = 0
    journals: dict[str, int] = field(default_factory=dict)

    def reached(self, journal_id: str) -> int:
        """Return up to which entry a journal lies here for everybody who may need it.

        A page forgets what is in two places, so it must be there for the spare, too, that a person
        may go on with, and not for the centre alone.
        """
        lanes = [lane for lane in self.for_boxes.values() if journal_id in lane.wanted_journals]
        return min(lane.reached(journal_id) for lane in (self.stick, *lanes))


class Mirror:
    """Fills the marked sticks among the folders right below `sticks_under`, turn by turn."""

    def __init__(
        self,
        *,
        paths: AgentPaths,
        sticks_under: tuple[Path, ...],
        source: MirroredJournals,
        box: BoxIdentity,
        centre: PublicIdentity,
        clock: Clock,
    ) -> None:
        self._status_path = paths.state.with_name("mirror.json")
        self._paths = paths
        self._sticks_under = sticks_under
        self._source = source
        self._box = box
        self._centre = centre
        self._clock = clock
        self._stays: dict[Path, _Stay] = {}
        self._written_status = b""

    def take_turn(self) -> None:
        """Bring every stick up to date.  Trouble becomes a shown state, never an exception."""
        try:
            wanted = self._wanted()
            self._notice_sticks()
            for folder, stay in list(self._stays.items()):
                self._fill(folder, stay, wanted)
            self._write_status()
        except (ExamroomError, OSError) as problem:
            # The box's own disk or database: the next turn tries again, and nobody waits for this.
            _log.warning("mirror_waits", error=type(problem).__name__)

    def _wanted(self) -> Wanted:
        journal_ids = self._source.journal_ids()
        state = load_state(self._paths.state)
        files = delivered_files(self._paths.data_dir, self._centre)
        delivered = frozenset(
            one
            for one in journal_ids
            if self._is_delivered(one, state.mark(one), files.get(one, set()))
        )
        return Wanted(
            self._source, tuple(one for one in journal_ids if one not in delivered), delivered
        )

    def _is_delivered(self, journal_id: str, mark: JournalMark, sent: set[str]) -> bool:
        """Say whether a journal is closed and the centre has all of it, files included."""
        if not self._source.is_sealed(journal_id):
            return False
        with self._source.read(journal_id) as reader:
            head = reader.head()
        if head is None or mark.acknowledged_seq < head[1]:
            return False
        with self._source.read_attachments(journal_id) as files:
            return all(sha256 in sent for sha256, _ in files.list_files())

    def _notice_sticks(self) -> None:
        """Begin a stay for each marked stick that is new, end that of each that is gone."""
        found = dict(self._marked_sticks())
        for folder in [one for one in self._stays if found.get(one) != self._stays[one].name]:
            del self._stays[folder]
        for folder, name in found.items():
            if folder not in self._stays:
                stick = MirrorStick(folder, box=self._box, receiver=self._centre)
                self._stays[folder] = _Stay(name, stick)

    def _marked_sticks(self) -> list[tuple[Path, str]]:
        found = []
        for folder in self._folders():
            try:
                data = read_from_medium(folder / MARKER_NAME, MARKER_MAX_BYTES + 1)
                marker = read_mirror_marker(data, box=self._box.public, centre=self._centre)
            except (OSError, ExamroomError):
                continue  # Not marked, not ours, or being pulled this moment: left alone.
            found.append((folder, marker.stick))
        return found[:STICKS_MAX]

    def _folders(self) -> list[Path]:
        folders: list[Path] = []
        for above in self._sticks_under:
            try:
                folders += sorted(above.iterdir())
            except OSError:
                continue  # Nothing is mounted there, or it is being pulled this moment.
        return [folder / "examroom" for folder in folders[:FOLDERS_MAX]]

    def _fill(self, folder: Path, stay: _Stay, wanted: Wanted) -> None:
        try:
            self._notice_boxes(folder, stay, wanted)
            stay.stick.fill(wanted)
            for lane in stay.for_boxes.values():
                lane.remove_delivered(wanted)
                lane.fill(Wanted(wanted.source, lane.wanted_journals, wanted.delivered))
            stay.state, stay.error_key = "following", None
        except StickFullError as problem:
            stay.state, stay.error_key = "full", problem.key
        except (StickWriteError, StickDiffersError) as problem:
            stay.state, stay.error_key = "failing", problem.key
        except OSError:
            if not os.path.exists(folder / MARKER_NAME):  # noqa: PTH110 - never raises
                del self._stays[folder]  # It was pulled in the middle, which does no harm.
                return
            stay.state, stay.error_key = "failing", StickWriteError.key
        if stay.error_key is not None:
            _log.warning("mirror_stick_in_trouble", stick=stay.name, error_key=stay.error_key)
        stay.journals = {one: stay.reached(one) for one in wanted.journal_ids}
        if stay.state != "failing":
            stay.verified_at_ms = self._clock.wall_ms()

    def _notice_boxes(self, folder: Path, stay: _Stay, wanted: Wanted) -> None:
        """See which boxes could go on with which room: the same is written for each of them."""
        shared: dict[str, list[str]] = {}
        for journal_id in wanted.journal_ids:
            for one in self._source.receivers(journal_id):
                if one.id == self._box.id or (
                    one.id not in shared and len(shared) >= RECEIVERS_MAX
                ):
                    continue
                shared.setdefault(one.id, []).append(journal_id)
                if one.id not in stay.for_boxes:
                    stay.for_boxes[one.id] = MirrorStick(folder, box=self._box, receiver=one)
        for box_id, lane in stay.for_boxes.items():
            lane.wanted_journals = tuple(shared.get(box_id, ()))

    def _write_status(self) -> None:
        written = encode_canonical(
            {
                "sticks": [
                    {
                        "stick": stay.name,
                        "state": stay.state,
                        "error_key": stay.error_key,
                        "journals": stay.journals,
                        "files_missing": stay.stick.files_missing,
                        "damaged_count": sum(
                            one.damaged_count for one in (stay.stick, *stay.for_boxes.values())
                        ),
                        "verified_at_ms": stay.verified_at_ms,
                    }
                    for stay in self._stays.values()
                ]
            }
        )
        if written != self._written_status:
            write_durably(self._status_path, written)
            self._written_status = written
