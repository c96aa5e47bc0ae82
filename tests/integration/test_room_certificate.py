"""A box's certificate, from the centre to the box, and boxes that reach each other by TLS."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from appliance.formats.keys import load_box_identity
from appliance.formats.room_certificate import read_certificate
from appliance.formats.sealed_document import Document, seal_document
from appliance.platform.clock import SystemClock
from appliance.platform.credentials import load_or_create_key
from appliance.storage.box_store import BoxStore
from appliance.storage.reading import BOX_DATABASE_KEY
from provisioning.cli import main as examroom_provision
from sync.central.boxes import enrol_with_file
from sync.central.centre import Centre, create_centre, open_centre
from sync.central.cli import commands as examroom_central
from sync.central.mailbox import fetch_document, list_documents
from sync.central.room_certificates import RoomNameUnfitError, send_issued
from tests.integration.conftest import MakeBox, writing_clients
from tests.integration.test_standby import in_two_places, wait_until
from tests.rig.box_process import BoxProcess
from tests.rig.room_proxy import proxy_ports, resolve_test_names, room_proxy

ACTOR = "anna"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    """A centre of its own."""
    create_centre(tmp_path / "centre", "School")
    made = open_centre(tmp_path / "centre", None, SystemClock())
    yield made
    made.engine.dispose()


def _enrol(centre: Centre, box: BoxProcess) -> str:
    public = load_box_identity(box.folder / "keys").public
    return enrol_with_file(centre, public.to_bytes(), actor=ACTOR, name="Box", room="12")


def _carry(centre: Centre, box: BoxProcess, box_id: str) -> None:
    """Bring what waits at the centre, as the agent does."""
    incoming = box.folder / "mailbox" / "incoming"
    for row in list_documents(centre, box_id, after=0):
        data = fetch_document(centre, box_id, row["document_id"])
        (incoming / f"{row['document_id']}.{row['kind']}").write_bytes(data)


def test_certificate_comes_from_the_centre_and_is_shown(make_box: MakeBox, centre: Centre) -> None:
    """Laid out for the proxy, for its owner alone; the staff page says until when."""
    box = make_box(given_centre=centre.identity)
    box_id = _enrol(centre, box)
    send_issued(centre, box_id, "Room12.school.example 10.77.0.1", actor=ACTOR)
    _carry(centre, box, box_id)
    box.start()
    page = box.staff().read("/box")
    assert "The certificate is valid for 397 more days." in page
    assert "room12.school.example, staff.room12.school.example, 10.77.0.1" in page
    room = box.folder / "tls" / "room.pem"
    assert 0o600 == room.stat().st_mode & 0o777
    assert b"PRIVATE KEY" in room.read_bytes()
    authority = (box.folder / "tls" / "authority.pem").read_bytes()
    assert centre.authority.certificate_pem == authority
    box.terminate()
    store = BoxStore(
        box.folder / "box.db", load_or_create_key(BOX_DATABASE_KEY, box.folder / "keys")
    )
    assert centre.authority.client_secret == store.client_secret()
    store.close()


def test_certificate_that_does_not_fit_is_refused_and_the_old_one_stays(
    make_box: MakeBox, centre: Centre
) -> None:
    """A room whose proxy cannot start is a room without an exam."""
    box = make_box(given_centre=centre.identity)
    box_id = _enrol(centre, box)
    send_issued(centre, box_id, "room12.school.example", actor=ACTOR)
    _carry(centre, box, box_id)
    chain, _ = centre.authority.issue(["room12.school.example"], now_ms=centre.clock.wall_ms())
    _, key = centre.authority.issue(["room12.school.example"], now_ms=centre.clock.wall_ms())
    body: dict[str, object] = {
        "names": ["room12.school.example"],
        "chain_pem": chain.decode(),
        "key_pem": key.decode(),
        "authority_pem": centre.authority.certificate_pem.decode(),
        "client_secret": centre.authority.client_secret.hex(),
    }
    document = Document("room_certificate", "zz-wrong", 0, body)
    public = load_box_identity(box.folder / "keys").public
    sealed = seal_document(document, box=public, centre=centre.identity)
    (box.folder / "mailbox" / "incoming" / "zz-wrong.room_certificate").write_bytes(sealed)
    box.start()
    page = box.staff().read("/box")
    assert "its private key is another one" in page
    said = read_certificate((box.folder / "tls" / "room.pem").read_bytes())
    assert "staff.room12.school.example" in said.names


def test_certificate_that_the_centre_obtained_is_checked_before_it_is_sent(
    make_box: MakeBox, centre: Centre, tmp_path: Path
) -> None:
    """By command: chain and key of another authority."""
    box = make_box(given_centre=centre.identity)
    box_id = _enrol(centre, box)
    issued = trustme.CA().issue_cert("room12.school.example", "staff.room12.school.example")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    data = ["--data", str(tmp_path / "centre")]
    files = ["--chain", str(chain), "--key", str(key)]
    done = CliRunner().invoke(examroom_central, ["room-certificate", box_id, *data, *files])
    assert (0, "") == (done.exit_code, str(done.exception or "")), done.output
    _carry(centre, box, box_id)
    box.start()
    assert "trustme" in box.staff().read("/box")
    key.write_bytes(trustme.CA().issue_cert("x.example").private_key_pem.bytes())
    refused = CliRunner().invoke(examroom_central, ["room-certificate", box_id, *data, *files])
    assert "private key" in str(refused.exception)


@pytest.mark.parametrize("names", ["", "room 12!", "https://room.example", "a" * 300, "x " * 17])
def test_names_that_are_none_are_refused(centre: Centre, names: str) -> None:
    """Before a certificate is made that no browser accepts."""
    with pytest.raises(RoomNameUnfitError):
        send_issued(centre, "0123456789abcdef", names, actor=ACTOR)


def test_own_certificate_never_takes_the_place_of_the_centres(
    make_box: MakeBox, centre: Centre, tmp_path: Path
) -> None:
    """The command runs before each start of the box."""
    box = make_box(given_centre=centre.identity)
    config = tmp_path / "examroom.toml"
    config.write_text(f'data_dir = "{box.folder}"\npublic_origin = "https://room12.school.example"')
    command = ["self-signed", "--config", str(config)]
    assert 0 == CliRunner().invoke(examroom_provision, command).exit_code
    room = box.folder / "tls" / "room.pem"
    assert read_certificate(room.read_bytes()).is_self_signed
    assert 0o600 == room.stat().st_mode & 0o777
    box_id = _enrol(centre, box)
    send_issued(centre, box_id, "room12.school.example", actor=ACTOR)
    _carry(centre, box, box_id)
    box.start()
    assert 0 == CliRunner().invoke(examroom_provision, command).exit_code
    assert not read_certificate(room.read_bytes()).is_self_signed


def test_standby_follows_over_tls_by_the_authority_of_the_site(
    make_box: MakeBox, centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before it has the root from the centre, and then at once, without a restart."""
    resolve_test_names(monkeypatch)
    box = make_box(1, standby_count=1, given_centre=centre.identity)
    name = "127.0.0.1"
    chain, key = centre.authority.issue([name], now_ms=centre.clock.wall_ms())
    (tmp_path / "room.pem").write_bytes(chain + key)
    ports = proxy_ports(box.candidate_port, box.staff_port)
    box.settings = {
        "proxy_address": "127.0.0.1",
        "public_origin": f"https://{name}:{ports.https}",
    }
    box.start()
    box.open_and_release()
    [ada] = writing_clients(box)
    standby = box.standby()
    standby.standby_of = f"https://{name}:{ports.https}"
    standby.settings = {}
    with room_proxy(tmp_path, ports, tmp_path / "room.pem"):
        standby.start()
        ada.write("ESSAY", "first words")
        ada.exchange()
        time.sleep(2)
        assert not in_two_places(ada), "the standby took a certificate that nobody vouched for"

        standby_id = _enrol(centre, standby)
        send_issued(centre, standby_id, "standby.school.example", actor=ACTOR)
        _carry(centre, standby, standby_id)
        wait_until(lambda: in_two_places(ada), "in two places")
