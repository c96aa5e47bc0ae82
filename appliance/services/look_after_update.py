"""Whether an update may go on: the exam server's permission, its requests, and what pages show.

Nobody else knows whether a room is open.  The permission is a file that is gone before a room
opens; whoever carries or installs looks for it again after every few megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.errors import ExamroomError, RefusedError
from appliance.formats.update_document import UpdateDocument, read_update, version_order
from appliance.formats.update_status import RefusedUpdate, UpdateStatus
from appliance.platform.files import make_folder, remove_durably, write_durably
from appliance.platform.system_image import running_image
from appliance.services.box import Box
from appliance.services.kept_update import UpdateFolder, newest_refusal, read_status
from appliance.services.take_update import require_wanted_here
from appliance.services.update_rules import UpdateNotNewerError

NEAR_MS = 24 * 3600 * 1000
"""An update and an exam are not on the same day: whoever tested the room tested this version."""


class RestartRefusedError(RefusedError):
    """A room is open, or there is nothing to restart for."""

    key = "restart_refused"
    staff_message = (
        "The box is not restarted now: a room is open here or on the box that this one follows, "
        "or no new version waits for it."
    )


@dataclass(frozen=True, slots=True)
class UpdateView:
    """How versions stand, for the pages.  Empty `running`: no image of ours runs.

    `fetched` comes from the centre, with how much is here and how much it is in all, in bytes;
    `arrived` is here and not installed yet, `installed` waits for a restart, `given_up` was tried
    and did not come to serve.
    """

    running: str
    fetched: tuple[str, int, int] | None = None
    arrived: str = ""
    installed: str = ""
    given_up: str = ""
    refused: RefusedUpdate | None = None


def look_after_update(box: Box) -> None:
    """Give or take back the permission, and ask for the installing of what has arrived."""
    kept = UpdateFolder(box.settings.data_dir)
    # Under the lock, or a room could open between the look and the permission.
    with box.room_lock:
        if not is_at_rest(box):
            end_rest(box)
            return
        if not kept.rest_sign.exists():
            make_folder(kept.path)
            write_durably(kept.rest_sign, b"")
    document = _arrived(box, kept)
    if document is None:
        return
    if _is_settled(document, read_status()):
        kept.clear()
    elif not kept.install_request.exists():
        write_durably(kept.install_request, b"")


def want_update(box: Box, signed: bytes) -> None:
    """Let the agent fetch an update that the centre has sent, unless the box has it already.

    Raises as `read_update` and `require_wanted` do.
    """
    kept, centre = UpdateFolder(box.settings.data_dir), box.centre()
    document = read_update(signed, centre=centre)
    try:
        require_wanted_here(kept, document, centre=centre, running=running_image())
    except UpdateNotNewerError as problem:
        if problem.fields["own"] == document.version:
            return
        raise
    kept.want(signed)


def is_at_rest(box: Box) -> bool:
    """Say whether no room is open, here or on the box it follows, and no exam is near."""
    if box.room_is_near or box.retired is not None:
        return False
    now_ms = box.clock.wall_ms()
    starts = (one.sitting.get("planned_start_at") for one in box.store.roster_sittings())
    return all(start is None or abs(start - now_ms) > NEAR_MS for start in starts)


def end_rest(box: Box) -> None:
    """Take the permission back, durably: before a room opens, and before one is gone on with."""
    remove_durably(UpdateFolder(box.settings.data_dir).rest_sign)


def restart_into_update(box: Box) -> None:
    """Ask for a restart of the machine; raises RestartRefusedError."""
    with box.room_lock:
        if box.room_is_near or read_status().installed is None:
            raise RestartRefusedError
        write_durably(UpdateFolder(box.settings.data_dir).restart_request, b"")


def show_update(box: Box) -> UpdateView:
    """Return what runs, what has arrived, what waits, and what went wrong."""
    running = running_image()
    if running is None:
        return UpdateView("")
    kept, status = UpdateFolder(box.settings.data_dir), read_status()
    document = _arrived(box, kept)
    arrived = document.version if document and not _is_settled(document, status) else ""
    return UpdateView(
        running=running.version,
        fetched=_fetched(box, kept),
        arrived=arrived,
        installed=status.installed or "",
        given_up=status.given_up or "",
        refused=newest_refusal(kept, status),
    )


def _fetched(box: Box, kept: UpdateFolder) -> tuple[str, int, int] | None:
    try:
        document = read_update(kept.read_wanted(), centre=box.centre())
    except ExamroomError:
        return None
    whole = sum(part.size for part in document.parts.values())
    return document.version, kept.fetched_bytes(document), whole


def _arrived(box: Box, kept: UpdateFolder) -> UpdateDocument | None:
    try:
        return kept.read_ready(box.centre())
    except ExamroomError:
        # Not enrolled yet, or altered where it lies: there is nothing to install.
        return None


def _is_settled(document: UpdateDocument, status: UpdateStatus) -> bool:
    """Say whether the program that installs is done with it, for better or for worse."""
    running = running_image()
    done = [status.installed, running.version if running else None]
    refused = status.refused.version if status.refused else None
    return document.version == refused or any(
        version is not None and version_order(document.version) <= version_order(version)
        for version in done
    )
