"""An update on its way into this box: what is kept of it, and the exam server's permission.

`DATA/updates/` is written by whoever carries (a stick, the sync agent) and by the exam server:

    at-rest      the exam server's permission: no room is open and no exam is near
    wanted       the signed document of an update that the agent fetches from the centre
    ready        the signed document of an update whose parts are all here
    SHA256       a part; `SHA256.part` while it is on its way
    install      asks the program that installs to begin; `restart` asks for a restart
    refused      why the last one was not taken; `lock` is held by whoever carries

The program that installs runs as root and believes none of this but what the centre has signed.
What it has to say lies in a folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.errors import ExamroomError
from appliance.formats.canonical import DocumentMalformedError, DocumentTooLargeError
from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.keys import PublicIdentity
from appliance.formats.signed_document import SIGNED_MAX_BYTES
from appliance.formats.update_document import UpdateDocument, read_update
from appliance.formats.update_status import RefusedUpdate, UpdateStatus
from appliance.platform.files import make_folder, write_durably
from appliance.platform.one_at_a_time import held_in_turn
from appliance.services.disk_guard import whole_reserve_bytes
from appliance.services.update_rules import (
    NoRoomForUpdateError,
    UpdateDamagedError,
    UpdateWaitsError,
)
from appliance.settings import RESERVE_MAX_BYTES

PIECE_BYTES = 4 * 2**20
STATUS_PATH = Path("/var/lib/examroom-updates/status.json")
"""Where the program that installs says how it stands."""

_PART_NAME = re.compile(r"[0-9a-f]{64}(\.part)?")

PiecesFrom = Callable[[int], Iterable[bytes]]
"""Gives the bytes of a part from an offset on, in pieces."""


@dataclass(frozen=True, slots=True)
class UpdateFolder:
    """The folder of a box's data in which an update lies until it is installed."""

    data_dir: Path

    @property
    def path(self) -> Path:
        """Return the folder."""
        return self.data_dir / "updates"

    @property
    def rest_sign(self) -> Path:
        """Return the exam server's permission."""
        return self.path / "at-rest"

    @property
    def install_request(self) -> Path:
        """Return what starts the installing."""
        return self.path / "install"

    @property
    def restart_request(self) -> Path:
        """Return what starts the machine anew."""
        return self.path / "restart"

    @property
    def wanted(self) -> Path:
        """Return the document of the update that is fetched from the centre."""
        return self.path / "wanted"

    @property
    def ready(self) -> Path:
        """Return the document of the update that is here whole."""
        return self.path / "ready"

    @property
    def refused(self) -> Path:
        """Return where it is written why the last update was not taken."""
        return self.path / "refused"

    def part(self, document: UpdateDocument, name: str) -> Path:
        """Return where a part lies."""
        return self.path / document.parts[name].sha256.hex()

    def require_rest(self) -> None:
        """Raise UpdateWaitsError unless the box is at rest."""
        if not self.rest_sign.exists():
            raise UpdateWaitsError

    def read_ready(self, centre: PublicIdentity) -> UpdateDocument | None:
        """Return the update that is here whole; raises as `read_update` does."""
        data = _read(self.ready)
        return read_update(data, centre=centre) if data else None

    def read_wanted(self) -> bytes:
        """Return the signed document of the update that is fetched; empty where none is."""
        return _read(self.wanted)

    def want(self, signed: bytes) -> None:
        """Let the agent fetch an update."""
        make_folder(self.path)
        write_durably(self.wanted, signed)

    def fetched_bytes(self, document: UpdateDocument) -> int:
        """Return how much of an update is here."""
        wholes = [self.part(document, name) for name in document.parts]
        files = [*wholes, *(_beside(one) for one in wholes)]
        return sum(one.stat().st_size for one in files if one.exists())

    @contextmanager
    def carrying(self) -> Iterator[None]:
        """Be the only one who brings updates here: a stick and the agent take turns."""
        make_folder(self.path)
        with held_in_turn(self.path / "lock"):
            yield

    def note_refused(self, problem: ExamroomError, at_ms: int) -> None:
        """Remember for the pages why an update was not taken."""
        refused = RefusedUpdate(why=KeptSentence.of(problem), at_ms=at_ms)
        make_folder(self.path)
        write_durably(self.refused, refused.to_bytes())

    def read_refused(self) -> RefusedUpdate | None:
        """Return why the last update was not taken."""
        try:
            return RefusedUpdate.from_bytes(_read(self.refused))
        except (DocumentMalformedError, DocumentTooLargeError):
            return None

    def keep(
        self, signed: bytes, document: UpdateDocument, sources: Mapping[str, PiecesFrom]
    ) -> None:
        """Fetch the parts by name, each hashed while it is written; `ready` comes last.

        Going on where it was cut off; what is here of another update goes.
        Raises UpdateWaitsError, NoRoomForUpdateError or UpdateDamagedError.
        """
        self._drop_others(document)
        self._require_room(document)
        for name, pieces_from in sources.items():
            self._keep_part(document, name, pieces_from)
        write_durably(self.ready, signed)
        self.refused.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget the update that is here; the document goes first."""
        self._drop_others(None)

    def _drop_others(self, wanted: UpdateDocument | None) -> None:
        self.ready.unlink(missing_ok=True)
        kept = {one.sha256.hex() for one in wanted.parts.values()} if wanted else set()
        for path in self.path.glob("*"):
            if _PART_NAME.fullmatch(path.name) and path.stem not in kept:
                path.unlink(missing_ok=True)

    def _require_room(self, document: UpdateDocument) -> None:
        needed = sum(part.size for part in document.parts.values())
        lying = sum(one.stat().st_size for one in self.path.iterdir() if one.is_file())
        disk = shutil.disk_usage(self.path)
        if disk.free + lying - needed < whole_reserve_bytes(disk.total, RESERVE_MAX_BYTES):
            raise NoRoomForUpdateError(mib=needed // 2**20)

    def _keep_part(self, document: UpdateDocument, name: str, pieces_from: PiecesFrom) -> None:
        part, whole = document.parts[name], self.part(document, name)
        beside = _beside(whole)
        if whole.exists():
            return
        with beside.open("a+b") as file:
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256")
            if file.tell() < part.size:
                for piece in pieces_from(file.tell()):
                    self.require_rest()
                    digest.update(piece)
                    file.write(piece)
                    # Piece by piece: a save that comes now does not wait for all of it.
                    file.flush()
                    os.fsync(file.fileno())
                    if file.tell() > part.size:
                        break
            is_right = file.tell() == part.size and digest.digest() == part.sha256
        if not is_right:
            beside.unlink()
            raise UpdateDamagedError(name=document.part_file_name(name))
        beside.replace(whole)


def read_status(path: Path | None = None) -> UpdateStatus:
    """Return what the program that installs says; nothing where it never ran."""
    try:
        return UpdateStatus.from_bytes(_read(path or STATUS_PATH))
    except (DocumentMalformedError, DocumentTooLargeError):
        return UpdateStatus()


def newest_refusal(kept: UpdateFolder, status: UpdateStatus) -> RefusedUpdate | None:
    """Return what was refused last: by whoever carries, or by the program that installs."""
    refusals = [one for one in (kept.read_refused(), status.refused) if one is not None]
    return max(refusals, key=lambda one: one.at_ms, default=None)


def _beside(whole: Path) -> Path:
    return whole.with_name(f"{whole.name}.part")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(SIGNED_MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
