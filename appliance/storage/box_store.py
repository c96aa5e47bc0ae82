"""What the box knows between room sessions, in its second, small encrypted database.

Every method may be called from any thread: one connection, behind one lock, for short work only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.storage.box_schema import box_migrations
from appliance.storage.database import (
    bring_up_to_date,
    open_database,
    write_transaction,
)
from appliance.storage.driver_errors import translating


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who may sign in on this box.  Times are UTC milliseconds."""

    staff_id: str
    name: str
    role: str
    secret_hash: str
    valid_from_ms: int
    valid_until_ms: int


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """An exam package that is on this box."""

    package_id: str
    version: int
    title: str
    sha256: str
    practice: bool
    received_at_ms: int


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """A journal file of this box.  `journal_key` is None once it is purged.

    `role` says what this box is to that room session: "leading" it, "following" another box, or
    "overtaken" by one.
    """

    journal_id: str
    journal_key: bytes | None
    room: str
    created_at_ms: int
    sealed_at_ms: int | None
    purged_at_ms: int | None
    role: str = "leading"


@dataclass(frozen=True, slots=True)
class Overtaking:
    """That another box leads a room session now: its signed proof, and what was handed to it."""

    journal_id: str
    epoch_proof: bytes
    handed_over_at_ms: int | None


@dataclass(frozen=True, slots=True)
class RosterRecord:
    """One sitting of a roster: its body as the centre wrote it, and the key of its codes."""

    sitting_id: str
    code_key: bytes
    sitting: dict[str, Any]


class BoxStore:
    """The box's second database."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._database = open_database(path, key)
        bring_up_to_date(self._database, box_migrations, path)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with self._lock, translating(self._path), write_transaction(self._database):
            yield self._database.conn

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock, translating(self._path):
            return list(self._database.conn.execute(query, values).fetchall())

    def note_pulse(self, at_ms: int) -> None:
        """Write down that the box can write."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO pulse VALUES (1, ?) "
                "ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms",
                (at_ms,),
            )

    def pulse_ms(self) -> int | None:
        """Return what `note_pulse` wrote last."""
        rows = self._rows("SELECT at_ms FROM pulse")
        return rows[0][0] if rows else None

    def add_journal(self, record: JournalRecord) -> None:
        """Remember a new journal and its key."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO journals VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    record.journal_id,
                    record.journal_key,
                    record.room,
                    record.created_at_ms,
                    record.sealed_at_ms,
                    record.purged_at_ms,
                    record.role,
                ),
            )

    def journals(self) -> list[JournalRecord]:
        """Return all journals, oldest first."""
        rows = self._rows(
            "SELECT journal_id, journal_key, room, created_at_ms, sealed_at_ms, purged_at_ms, "
            "role FROM journals ORDER BY created_at_ms, rowid"
        )
        return [JournalRecord(*row) for row in rows]

    def seal_journal(self, journal_id: str, at_ms: int) -> None:
        """Note that a journal takes no more entries."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE journals SET sealed_at_ms = ? WHERE journal_id = ?", (at_ms, journal_id)
            )

    def lead(self, journal_id: str) -> None:
        """Note that this box leads a room session from here on."""
        with self._writing() as connection:
            connection.execute("DELETE FROM overtakings WHERE journal_id = ?", (journal_id,))
            connection.execute(
                "UPDATE journals SET role = 'leading' WHERE journal_id = ?", (journal_id,)
            )

    def note_overtaken(self, journal_id: str, epoch_proof: bytes, at_ms: int) -> None:
        """Note that another box leads a room session; from here on this one must not."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE journals SET role = 'overtaken' WHERE journal_id = ?", (journal_id,)
            )
            connection.execute(
                "INSERT INTO overtakings VALUES (?, ?, ?, NULL) "
                "ON CONFLICT (journal_id) DO UPDATE SET epoch_proof = excluded.epoch_proof, "
                "noted_at_ms = excluded.noted_at_ms, handed_over_at_ms = NULL",
                (journal_id, epoch_proof, at_ms),
            )

    def overtaking(self, journal_id: str) -> Overtaking | None:
        """Return which box took a room session over from this one."""
        rows = self._rows(
            "SELECT journal_id, epoch_proof, handed_over_at_ms FROM overtakings "
            "WHERE journal_id = ?",
            (journal_id,),
        )
        return Overtaking(*rows[0]) if rows else None

    def follow(self, journal_id: str) -> None:
        """Note that this box, which was overtaken, follows from here on."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE journals SET role = 'following' WHERE journal_id = ?", (journal_id,)
            )

    def note_handed_over(self, journal_id: str, at_ms: int) -> None:
        """Note that the new leader has taken in whatever this box alone had."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE overtakings SET handed_over_at_ms = ? WHERE journal_id = ?",
                (at_ms, journal_id),
            )

    def put_peers(self, sitting_id: str, identities: dict[str, bytes]) -> None:
        """Remember which boxes the centre has given a sitting to, by id."""
        with self._writing() as connection:
            connection.execute("DELETE FROM peers WHERE sitting_id = ?", (sitting_id,))
            connection.executemany(
                "INSERT INTO peers VALUES (?, ?, ?)",
                [(sitting_id, box_id, data) for box_id, data in identities.items()],
            )

    def peers(self) -> list[tuple[str, str, bytes]]:
        """Return (sitting_id, box_id, public identity) of all boxes the centre has named."""
        rows = self._rows("SELECT sitting_id, box_id, identity FROM peers")
        return [(row[0], row[1], row[2]) for row in rows]

    def replace_staff(self, members: list[StaffMember]) -> None:
        """Make these the staff, and sign out whoever is not among them any more."""
        names = [one.staff_id for one in members]
        marks = ", ".join("?" * len(names))
        with self._writing() as connection:
            connection.execute(
                f"DELETE FROM staff_sign_ins WHERE staff_id NOT IN ({marks})",
                names,
            )
            connection.execute(f"DELETE FROM staff WHERE staff_id NOT IN ({marks})", names)
            connection.executemany(
                "INSERT INTO staff VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (staff_id) DO UPDATE SET "
                "name = excluded.name, role = excluded.role, secret_hash = excluded.secret_hash, "
                "valid_from_ms = excluded.valid_from_ms, valid_until_ms = excluded.valid_until_ms",
                [
                    (m.staff_id, m.name, m.role, m.secret_hash, m.valid_from_ms, m.valid_until_ms)
                    for m in members
                ],
            )

    def staff(self) -> list[StaffMember]:
        """Return everybody who may sign in here, by name."""
        rows = self._rows(
            "SELECT staff_id, name, role, secret_hash, valid_from_ms, valid_until_ms "
            "FROM staff ORDER BY name"
        )
        return [StaffMember(*row) for row in rows]

    def add_staff_sign_in(self, token_hash: str, staff_id: str, at_ms: int) -> None:
        """Remember a staff sign-in by the hash of its token."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO staff_sign_ins VALUES (?, ?, ?, ?)",
                (token_hash, staff_id, at_ms, at_ms),
            )

    def staff_sign_in(self, token_hash: str, *, used_after_ms: int) -> StaffMember | None:
        """Return who signed in with this token, unless it has rested since `used_after_ms`."""
        rows = self._rows(
            "SELECT s.staff_id, s.name, s.role, s.secret_hash, s.valid_from_ms, s.valid_until_ms "
            "FROM staff_sign_ins i JOIN staff s USING (staff_id) "
            "WHERE i.token_hash = ? AND i.used_at_ms > ?",
            (token_hash, used_after_ms),
        )
        return StaffMember(*rows[0]) if rows else None

    def touch_staff_sign_in(self, token_hash: str, at_ms: int) -> None:
        """Note that a sign-in is in use."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE staff_sign_ins SET used_at_ms = ? WHERE token_hash = ?",
                (at_ms, token_hash),
            )

    def end_staff_sign_in(self, token_hash: str) -> None:
        """Forget a sign-in."""
        with self._writing() as connection:
            connection.execute("DELETE FROM staff_sign_ins WHERE token_hash = ?", (token_hash,))

    def put_package(self, record: PackageRecord) -> None:
        """Remember a package, or a newer version of it."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO packages VALUES (?, ?, ?, ?, ?, ?)",
                (
                    record.package_id,
                    record.version,
                    record.title,
                    record.sha256,
                    record.practice,
                    record.received_at_ms,
                ),
            )

    def package(self, package_id: str) -> PackageRecord | None:
        """Return one package, if it is here."""
        rows = self._rows(
            "SELECT package_id, version, title, sha256, practice, received_at_ms "
            "FROM packages WHERE package_id = ?",
            (package_id,),
        )
        return PackageRecord(*rows[0]) if rows else None

    def put_roster_sitting(
        self, *, roster_id: str, code_key: bytes, sitting: dict[str, Any], at_ms: int
    ) -> None:
        """Remember a sitting and its candidates, or a newer version of it."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO rosters VALUES (?, ?, ?, ?, ?)",
                (
                    sitting["sitting_id"],
                    roster_id,
                    code_key,
                    json.dumps(sitting, ensure_ascii=False),
                    at_ms,
                ),
            )

    def roster_sittings(self) -> list[RosterRecord]:
        """Return all sittings the centre has sent, oldest first."""
        rows = self._rows("SELECT sitting_id, code_key, sitting FROM rosters ORDER BY rowid")
        return [RosterRecord(row[0], row[1], json.loads(row[2])) for row in rows]

    def code_keys(self) -> list[bytes]:
        """Return the keys under which rosters keep their candidates' codes."""
        return [row[0] for row in self._rows("SELECT DISTINCT code_key FROM rosters")]

    def drop_roster_sittings(self, sitting_ids: list[str]) -> None:
        """Forget sittings that have been held: their names and codes are not needed here again."""
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM rosters WHERE sitting_id = ?", [(one,) for one in sitting_ids]
            )

    def put_release_token(self, package_id: str, release_secret: bytes, at_ms: int) -> None:
        """Remember that the centre released a package."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO release_tokens VALUES (?, ?, ?)",
                (package_id, release_secret, at_ms),
            )

    def release_token(self, package_id: str) -> bytes | None:
        """Return what the centre's release token opens a package with, if it has come."""
        rows = self._rows(
            "SELECT release_secret FROM release_tokens WHERE package_id = ?", (package_id,)
        )
        return rows[0][0] if rows else None

    def put_client_secret(self, secret: bytes) -> None:
        """Remember what all boxes of the site share, for the journals of their workstations."""
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO client_secret VALUES (1, ?)", (secret,))

    def client_secret(self) -> bytes | None:
        """Return what all boxes of the site share, once the centre has sent it."""
        rows = self._rows("SELECT secret FROM client_secret")
        return rows[0][0] if rows else None

    def note_document(self, document_id: str, kind: str, verdict: str, at_ms: int) -> None:
        """Remember that a mailbox document was taken in, or why not."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)",
                (document_id, kind, at_ms, verdict),
            )

    def refused_documents(self) -> list[tuple[str, str]]:
        """Return (kind, a kept sentence) of the documents that were refused, newest first."""
        return [
            (row[0], row[1])
            for row in self._rows(
                "SELECT kind, verdict FROM documents WHERE verdict != 'taken' "
                "ORDER BY received_at_ms DESC LIMIT 20"
            )
        ]
