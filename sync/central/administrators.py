"""People at the centre, and other systems: who they are, and how they sign in."""

from __future__ import annotations

import hashlib
import secrets
import threading

from sqlalchemy import Connection, delete, insert, select, update

from appliance.domain.errors import ConflictError, InvalidInputError, NotFoundError, RefusedError
from appliance.formats.staff_secret import hash_staff_secret, matches_staff_secret
from appliance.platform.ids import new_id, new_token
from sync.central.centre import Centre
from sync.central.database import Row, all_rows, one_row, read, write
from sync.central.tables import administrators, records, sign_ins, tokens

ROLES = ("administrator", "results_officer", "auditor")
PASSWORD_MIN_CHARACTERS = 12
PASSWORD_MAX_CHARACTERS = 200
IDLE_MAX_MS = 60 * 60 * 1000
SIGN_IN_MAX_MS = 12 * 60 * 60 * 1000
HASHED_AT_ONCE_MAX = 2

# Argon2id takes 64 MiB each: sign-ins queue here and cannot fill the memory of the centre.
_hashing = threading.BoundedSemaphore(HASHED_AT_ONCE_MAX)
_NOBODY_HASH = hash_staff_secret(secrets.token_hex(16))


class SignInWrongError(RefusedError):
    """Name and password do not belong together; which of them is wrong is not said."""

    key = "sign_in_wrong"
    staff_message = "This name and password do not belong together. Please try again."


class NameTakenError(ConflictError):
    """Somebody has this name already."""

    key = "name_taken"
    staff_message = "Somebody is called {name} here already. Choose another name."


class RoleUnknownError(InvalidInputError):
    """No such role."""

    key = "role_unknown"
    staff_message = "There is no role {role} at the centre."


class PasswordUnfitError(InvalidInputError):
    """Too short or too long."""

    key = "password_unfit"
    staff_message = "A password has at least 12 characters. Four random words are a good one."


class AdministratorUnknownError(NotFoundError):
    """No such person."""

    key = "administrator_unknown"
    staff_message = "There is nobody of that name at this centre."


def add_administrator(centre: Centre, *, actor: str, name: str, role: str) -> str:
    """Add a person and return the one-time password, which has to be changed at first sign-in."""
    if role not in ROLES:
        raise RoleUnknownError(role=role)
    password = secrets.token_urlsafe(15)
    with write(centre.engine) as connection:
        taken = connection.execute(
            select(administrators.c.name).where(administrators.c.name == name)
        ).first()
        if taken is not None:
            raise NameTakenError(name=name)
        connection.execute(
            insert(administrators).values(
                administrator_id=new_id(),
                name=name,
                role=role,
                secret_hash=hash_staff_secret(password),
                is_one_time=True,
                is_disabled=False,
                created_at_ms=centre.clock.wall_ms(),
            )
        )
        centre.record(connection, actor, "administrator_added", name)
    return password


def sign_in(centre: Centre, name: str, password: str) -> str:
    """Return a token for a cookie; raises SignInWrongError after the same time for all reasons."""
    with read(centre.engine) as connection:
        row = one_row(connection, select(administrators).where(administrators.c.name == name))
    with _hashing:
        matches = matches_staff_secret(
            row["secret_hash"] if row else _NOBODY_HASH, password[:PASSWORD_MAX_CHARACTERS]
        )
    now_ms = centre.clock.wall_ms()
    with write(centre.engine) as connection:
        if row is None or not matches or row["is_disabled"]:
            centre.record(connection, "nobody", "sign_in_refused", name[:100])
        else:
            return _start_sign_in(centre, connection, row, now_ms)
    raise SignInWrongError


def find_sign_in(centre: Centre, token: str) -> Row | None:
    """Return the person of a cookie's token, or None when it is unknown or too old."""
    now_ms = centre.clock.wall_ms()
    token_hash = _hash_token(token)
    with read(centre.engine) as connection:
        row = one_row(
            connection,
            select(administrators, sign_ins.c.used_at_ms)
            .join(sign_ins, sign_ins.c.administrator_id == administrators.c.administrator_id)
            .where(
                sign_ins.c.token_hash == token_hash,
                sign_ins.c.used_at_ms > now_ms - IDLE_MAX_MS,
                sign_ins.c.created_at_ms > now_ms - SIGN_IN_MAX_MS,
                ~administrators.c.is_disabled,
            ),
        )
    if row is not None and row["used_at_ms"] < now_ms - 60_000:
        with write(centre.engine) as connection:
            connection.execute(
                update(sign_ins)
                .where(sign_ins.c.token_hash == token_hash)
                .values(used_at_ms=now_ms)
            )
    return row


def sign_out(centre: Centre, token: str) -> None:
    """End a sign-in."""
    with write(centre.engine) as connection:
        connection.execute(delete(sign_ins).where(sign_ins.c.token_hash == _hash_token(token)))


def change_password(centre: Centre, administrator_id: str, password: str) -> None:
    """Set a new password and end all sign-ins of that person; raises PasswordUnfitError."""
    if not PASSWORD_MIN_CHARACTERS <= len(password) <= PASSWORD_MAX_CHARACTERS:
        raise PasswordUnfitError
    with _hashing:
        secret_hash = hash_staff_secret(password)
    with write(centre.engine) as connection:
        connection.execute(
            update(administrators)
            .where(administrators.c.administrator_id == administrator_id)
            .values(secret_hash=secret_hash, is_one_time=False)
        )
        connection.execute(delete(sign_ins).where(sign_ins.c.administrator_id == administrator_id))
        centre.record(connection, administrator_id, "password_changed", administrator_id)


def set_disabled(centre: Centre, name: str, *, actor: str, is_disabled: bool) -> None:
    """Keep a person out, or let them in again; raises AdministratorUnknownError."""
    with write(centre.engine) as connection:
        changed = connection.execute(
            update(administrators)
            .where(administrators.c.name == name)
            .values(is_disabled=is_disabled)
        )
        if changed.rowcount != 1:
            raise AdministratorUnknownError
        action = "administrator_kept_out" if is_disabled else "administrator_let_in"
        centre.record(connection, actor, action, name)


def find_administrator(centre: Centre, name: str) -> Row:
    """Return the person of a name; raises AdministratorUnknownError."""
    with read(centre.engine) as connection:
        row = one_row(connection, select(administrators).where(administrators.c.name == name))
    if row is None:
        raise AdministratorUnknownError
    return row


def list_administrators(centre: Centre) -> list[Row]:
    """Return all people by name."""
    with read(centre.engine) as connection:
        return all_rows(connection, select(administrators).order_by(administrators.c.name))


def add_token(centre: Centre, *, actor: str, name: str) -> str:
    """Return a new bearer token for another system; it is shown once."""
    token = new_token()
    with write(centre.engine) as connection:
        connection.execute(
            insert(tokens).values(
                token_hash=_hash_token(token),
                name=name,
                created_at_ms=centre.clock.wall_ms(),
                revoked_at_ms=None,
            )
        )
        centre.record(connection, actor, "token_added", name)
    return token


def find_token(centre: Centre, token: str) -> str | None:
    """Return the name of the system whose token this is, or None."""
    with read(centre.engine) as connection:
        return connection.execute(
            select(tokens.c.name).where(
                tokens.c.token_hash == _hash_token(token), tokens.c.revoked_at_ms.is_(None)
            )
        ).scalar_one_or_none()


def list_records(centre: Centre, *, count: int) -> list[Row]:
    """Return what was done at the centre, newest first."""
    with read(centre.engine) as connection:
        return all_rows(
            connection, select(records).order_by(records.c.record_no.desc()).limit(count)
        )


def _start_sign_in(centre: Centre, connection: Connection, row: Row, now_ms: int) -> str:
    token = new_token()
    connection.execute(delete(sign_ins).where(sign_ins.c.created_at_ms < now_ms - SIGN_IN_MAX_MS))
    connection.execute(
        insert(sign_ins).values(
            token_hash=_hash_token(token),
            administrator_id=row["administrator_id"],
            created_at_ms=now_ms,
            used_at_ms=now_ms,
        )
    )
    centre.record(connection, row["name"], "signed_in", row["name"])
    return token


def _hash_token(token: str) -> str:
    # 256 random bits: a plain hash hides them, and looking it up leaks nothing by its time.
    return hashlib.sha256(token.encode()).hexdigest()
