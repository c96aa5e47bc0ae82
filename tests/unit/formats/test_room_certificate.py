"""Certificates of boxes: made by the site's authority, and looked at before they are used."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.formats.keys import KeyFileDamagedError
from appliance.formats.room_authority import (
    AUTHORITY_FILE,
    CERTIFICATE_DAYS,
    RoomAuthority,
    load_or_create_authority,
)
from appliance.formats.room_certificate import (
    DAY_MS,
    RoomCertificateUnfitError,
    check_certificate,
    key_pem,
    require_root,
    self_signed,
)
from appliance.platform.clock import SystemClock

NOW_MS = 1_800_000_000_000
NAMES = ("room12.school.example", "staff.room12.school.example", "10.77.0.1")


@pytest.fixture
def authority(tmp_path: Path) -> RoomAuthority:
    """The authority of a site."""
    return load_or_create_authority(tmp_path, "School", now_ms=NOW_MS)


def test_authority_is_made_once(authority: RoomAuthority, tmp_path: Path) -> None:
    """Another one would have to be installed on every computer."""
    again = load_or_create_authority(tmp_path, "Other name", now_ms=NOW_MS + DAY_MS)
    assert authority.certificate_pem == again.certificate_pem
    assert authority.client_secret == again.client_secret
    assert 0o600 == (tmp_path / AUTHORITY_FILE).stat().st_mode & 0o777


def test_damaged_authority_is_said_and_not_replaced(
    authority: RoomAuthority, tmp_path: Path
) -> None:
    """A new one in its place would lock every room out."""
    path = tmp_path / AUTHORITY_FILE
    path.write_bytes(path.read_bytes()[:-40])
    damaged = path.read_bytes()
    with pytest.raises(KeyFileDamagedError):
        load_or_create_authority(tmp_path, "School", now_ms=NOW_MS)
    assert damaged == path.read_bytes()


def test_certificate_says_what_was_asked(authority: RoomAuthority) -> None:
    """Its names and addresses, and for how long."""
    chain, key = authority.issue(NAMES, now_ms=NOW_MS)
    said = check_certificate(chain, key, now_ms=NOW_MS, names=NAMES)
    assert NAMES == said.names
    assert "School exam rooms" == said.issuer
    assert CERTIFICATE_DAYS == said.days_left(NOW_MS)
    assert not said.is_self_signed
    require_root(authority.certificate_pem)


def test_clients_accept_it_by_the_root_alone(tmp_path: Path) -> None:
    """OpenSSL, with its strict rules and by its own clock, as a client of the room has it."""
    authority = load_or_create_authority(tmp_path, "School", now_ms=SystemClock().wall_ms())
    chain, key = authority.issue(NAMES, now_ms=SystemClock().wall_ms())
    (tmp_path / "room.pem").write_bytes(chain + key)
    (tmp_path / "root.pem").write_bytes(authority.certificate_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "room.pem")
    asking = ssl.create_default_context(cafile=tmp_path / "root.pem")
    asking.verify_flags |= ssl.VERIFY_X509_STRICT
    for name in NAMES:
        assert _shake_hands(serving, asking, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(serving, asking, "other.school.example")


def _shake_hands(serving: ssl.SSLContext, asking: ssl.SSLContext, name: str) -> bool:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server, server_hostname=name)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    for _turn in range(4):
        done = [_step(client), _step(server)]
        if all(done):
            return True
    return False


def _step(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _swapped(authority: RoomAuthority) -> tuple[bytes, bytes]:
    return authority.issue(NAMES, now_ms=NOW_MS)[0], authority.issue(NAMES, now_ms=NOW_MS)[1]


UNFIT: dict[str, Callable[[RoomAuthority], tuple[bytes, bytes]]] = {
    "private key is another": _swapped,
    "is over": lambda one: one.issue(NAMES, now_ms=NOW_MS - 400 * DAY_MS),
    "not for room12": lambda one: one.issue(["other.example"], now_ms=NOW_MS),
    "not a certificate": lambda one: (b"no", one.issue(NAMES, now_ms=NOW_MS)[1]),
    "cannot be read": lambda one: (one.issue(NAMES, now_ms=NOW_MS)[0], b"no"),
    "too large": lambda one: (bytes(70_000), one.issue(NAMES, now_ms=NOW_MS)[1]),
    "names no host": lambda one: (one.certificate_pem, key_pem(one.key)),
}


@pytest.mark.parametrize("words", UNFIT)
def test_unfit_certificate_is_refused_with_what_is_wrong(
    authority: RoomAuthority, words: str
) -> None:
    """Before it takes the place of one that works."""
    chain, key = UNFIT[words](authority)
    with pytest.raises(RoomCertificateUnfitError, match=words):
        check_certificate(chain, key, now_ms=NOW_MS, names=NAMES)


def test_chain_in_disorder_is_refused(authority: RoomAuthority) -> None:
    """Clients would not find the way to the root."""
    chain, key = authority.issue(NAMES, now_ms=NOW_MS)
    stranger = self_signed(["x.example"], now_ms=NOW_MS)
    with pytest.raises(RoomCertificateUnfitError, match="not in order"):
        check_certificate(chain + stranger, key, now_ms=NOW_MS)


def test_slow_clock_is_no_fault(authority: RoomAuthority) -> None:
    """A box whose battery is empty thinks it is years ago, and gets its time from the network."""
    chain, key = authority.issue(NAMES, now_ms=NOW_MS)
    check_certificate(chain, key, now_ms=0, names=NAMES)


def test_star_covers_one_label(authority: RoomAuthority) -> None:
    """A certificate for all rooms of a school, as a public authority gives it."""
    chain, key = authority.issue(["*.school.example"], now_ms=NOW_MS)
    check_certificate(chain, key, now_ms=NOW_MS, names=["room12.school.example"])
    with pytest.raises(RoomCertificateUnfitError):
        check_certificate(chain, key, now_ms=NOW_MS, names=["staff.room12.school.example"])


def test_box_without_a_centre_has_a_certificate_that_serves(tmp_path: Path) -> None:
    """A technician gets in, after a warning."""
    (tmp_path / "own.pem").write_bytes(self_signed(NAMES, now_ms=NOW_MS))
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "own.pem")
    own = (tmp_path / "own.pem").read_bytes()
    assert check_certificate(own, own, now_ms=NOW_MS, names=NAMES).is_self_signed
