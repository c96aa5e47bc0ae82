"""What opens the released packages again after a restart, kept in the journal's own database.

It is no entry, so it never leaves the box; it is gone when the journal's key is destroyed.
"""

from __future__ import annotations

from pathlib import Path

from appliance.storage.database import open_database, write_transaction
from appliance.storage.driver_errors import translating


class ReleaseSecrets:
    """The release secrets of one room session."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def keep(self, package_id: str, secret: bytes) -> None:
        """Make a secret durable.  Rare, so it opens a connection of its own."""
        with translating(self._path):
            database = open_database(self._path, self._key)
            try:
                with write_transaction(database):
                    database.conn.execute(
                        "INSERT OR REPLACE INTO release_secrets VALUES (?, ?)",
                        (package_id, secret),
                    )
            finally:
                database.close()

    def all(self) -> list[tuple[str, bytes]]:
        """Return (package_id, release secret) of all released packages."""
        with translating(self._path):
            database = open_database(self._path, self._key, read_only=True)
            try:
                return list(
                    database.conn.execute(
                        "SELECT package_id, release_secret FROM release_secrets"
                    ).fetchall()
                )
            finally:
                database.close()
