"""The centre as its use cases see it: database, keys, clock.  Built once, at the start."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, insert

from appliance.domain.errors import RefusedError
from appliance.formats.keys import (
    CentreIdentity,
    create_centre_identity,
    create_recovery_key,
    load_centre_identity,
    save_identity,
    save_recovery_key,
)
from appliance.formats.room_authority import RoomAuthority, load_or_create_authority
from appliance.formats.sealing import seal, unseal
from appliance.platform.clock import Clock
from appliance.platform.files import make_folder
from sync.central.database import open_database
from sync.central.tables import records

WEB_KEY_BYTES = 32


class CentreMissingError(RefusedError):
    """The data directory holds no centre."""

    key = "centre_missing"
    staff_message = "There is no centre in {path}. Make one with `examroom-central init`."


class CentreExistsError(RefusedError):
    """The data directory holds a centre already."""

    key = "centre_exists"
    staff_message = "There is a centre in {path} already. It was left as it is."


@dataclass(frozen=True, slots=True)
class Centre:
    """Everything the use cases of the centre need."""

    engine: Engine
    identity: CentreIdentity
    clock: Clock
    web_key: bytes
    authority: RoomAuthority

    def conceal(self, secret: str) -> bytes:
        """Seal a code that must be shown again later, so that a copied database tells none."""
        return seal(secret.encode(), self.identity.public.sealing, _CONCEALED)

    def reveal(self, concealed: bytes) -> str:
        """Open what `conceal` made."""
        return unseal(concealed, self.identity.sealing, _CONCEALED).decode()

    def record(self, connection: Connection, actor: str, action: str, subject: str) -> None:
        """Write down who did what at the centre, in the transaction that does it."""
        connection.execute(
            insert(records).values(
                at_ms=self.clock.wall_ms(), actor=actor, action=action, subject=subject
            )
        )


_CONCEALED = b"centre/concealed/1"


def create_centre(data_dir: Path, name: str) -> None:
    """Make the keys of a new centre; raises CentreExistsError."""
    keys_dir = data_dir / "keys"
    if keys_dir.exists():
        raise CentreExistsError(path=str(data_dir))
    make_folder(data_dir, mode=0o700)
    recovery = create_recovery_key()
    save_recovery_key(keys_dir, recovery)
    identity = create_centre_identity(name, recovery=recovery.public)
    web_key = keys_dir / "web.key"
    web_key.touch(mode=0o600)
    web_key.write_bytes(secrets.token_bytes(WEB_KEY_BYTES))
    save_identity(keys_dir, identity)


def open_centre(data_dir: Path, database_url: str | None, clock: Clock) -> Centre:
    """Open a centre; its database is `data_dir/centre.db` unless a URL names another.

    Raises CentreMissingError.
    """
    identity, authority = load_keys(data_dir, clock)
    web_key = (data_dir / "keys" / "web.key").read_bytes()
    url = database_url or _own_database(data_dir / "centre.db")
    return Centre(open_database(url), identity, clock, web_key, authority)


def load_keys(data_dir: Path, clock: Clock) -> tuple[CentreIdentity, RoomAuthority]:
    """Return who a centre is, without its database; raises CentreMissingError."""
    keys_dir = data_dir / "keys"
    try:
        identity = load_centre_identity(keys_dir)
    except FileNotFoundError as problem:
        raise CentreMissingError(path=str(data_dir)) from problem
    # A centre that was made by an older version gets its authority now.
    return identity, load_or_create_authority(
        keys_dir, identity.public.name, now_ms=clock.wall_ms()
    )


def _own_database(path: Path) -> str:
    """Return the URL of a file that only its owner reads; what SQLite puts beside it is alike."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    return f"sqlite:///{path.absolute()}"
