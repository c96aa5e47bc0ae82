"""The one place where the database driver's exceptions become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlcipher3.dbapi2 as driver

from appliance.domain.errors import CorruptionError, ExamroomError, TransientError


class DatabaseKeyError(CorruptionError):
    """The file is not a database, or its key is another one."""

    key = "database_key"
    staff_message = (
        "The file {file} cannot be opened with this box's key. Nothing was changed. If the key was "
        "replaced, put the old one back; otherwise keep the disk and tell the centre."
    )


class DatabaseCorruptError(CorruptionError):
    """A page of the database is damaged."""

    key = "database_corrupt"
    staff_message = (
        "The file {file} is damaged. Nothing was changed or deleted. Use the spare box and keep "
        "this one for the centre, which can read what is left."
    )


class DatabaseVersionError(CorruptionError):
    """The database was written by a newer version, or a migration of ours is not in it."""

    key = "database_version"
    staff_message = (
        "The file {file} was written by another version of this program ({difference}). "
        "Nothing was changed. Install the version that wrote it."
    )


class DatabaseBusyError(TransientError):
    """Somebody else holds the database."""

    key = "database_busy"
    staff_message = "The box is busy. It tries again by itself."
    candidate_message = "Saving takes a moment longer. Keep writing: your work is on this computer."


class DiskFullError(TransientError):
    """There is no room left."""

    key = "disk_full"
    staff_message = (
        "The disk of this box is full. Free some space now: responses wait on the clients."
    )
    candidate_message = "Saving takes longer. Keep writing: your work is kept on this computer."


def translated(failure: Exception, path: Path) -> ExamroomError | None:
    """Return our error for a driver exception, or None if it is a programmer's."""
    text = str(failure).lower()
    if "not a database" in text or "hmac check failed" in text:
        return DatabaseKeyError(file=path.name)
    if "malformed" in text or "disk i/o error" in text:
        return DatabaseCorruptError(file=path.name)
    if "disk is full" in text or "disk full" in text:
        return DiskFullError()
    if "locked" in text or "busy" in text:
        return DatabaseBusyError()
    return None


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Turn the driver's exceptions into ours; what has no translation passes unchanged."""
    try:
        yield
    except driver.Error as failure:
        error = translated(failure, path)
        if error is None:
            raise
        raise error from failure
