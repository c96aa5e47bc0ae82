"""What a stick brings is taken whole and as the centre signed it, or refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.formats.keys import create_centre_identity, create_recovery_key
from appliance.formats.update_document import (
    PART_MAX_BYTES,
    UpdatePart,
    read_update,
    version_order,
    write_update,
)
from appliance.platform.system_image import SystemImage
from appliance.services import kept_update
from appliance.services.update_rules import UpdateDamagedError, UpdateWaitsError
from sync.removable_media.stick import Carried
from sync.removable_media.update_stick import take_updates, updates_folder
from tests.rig.two_versions import IMAGE, OWN_VERSION, TwoVersions

NEW = "1.1.0"


def _take(machine: TwoVersions, running: SystemImage | None = None) -> Carried:
    return take_updates(
        machine.stick,
        machine.kept,
        centre=machine.centre.identity.public,
        running=running or machine.machine.running,
        at_ms=1_000,
    )


def _refusal(machine: TwoVersions) -> str:
    """Take what is on the stick, which must be nothing; return the key of the reason."""
    carried = _take(machine)
    assert 0 == carried.count
    assert not machine.kept.ready.exists()
    noted = machine.kept.read_refused()
    assert noted is not None
    assert str(noted.why)
    return carried.refused[f"{IMAGE}_{NEW}.update"]


def _file(machine: TwoVersions, part: str) -> Path:
    return updates_folder(machine.stick) / f"{IMAGE}_{NEW}.{part}"


def test_update_is_taken_with_all_its_parts(machine: TwoVersions) -> None:
    """What lies on the box is what the centre signed, and the stick is not needed again."""
    document = machine.write_stick(NEW)

    assert 1 == _take(machine).count

    kept = machine.kept.read_ready(machine.centre.identity.public)
    assert document == kept
    for name in document.parts:
        assert _file(machine, name).read_bytes() == machine.kept.part(document, name).read_bytes()
    assert machine.kept.read_refused() is None


def test_zeros_at_the_end_of_a_partition_are_not_carried(machine: TwoVersions) -> None:
    """A slot of 640 MiB holds 280 MiB; of the kernel file nothing is cut off."""
    document = machine.write_stick(NEW)

    assert len(f"root of {NEW} ") * 40_000 >= document.root.size
    assert _file(machine, "kernel").read_bytes().endswith(b"\0\0")


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _lengthen(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"x")


def _alter(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))


@pytest.mark.parametrize("part", ["kernel", "root", "verity"])
@pytest.mark.parametrize("spoil", [_cut, _lengthen, _alter, Path.unlink])
def test_spoilt_part_is_refused(
    machine: TwoVersions, part: str, spoil: Callable[[Path], None]
) -> None:
    """Cut short, longer, altered or missing: it is not what was signed, and nothing of it stays."""
    machine.write_stick(NEW)
    spoil(_file(machine, part))

    assert UpdateDamagedError.key == _refusal(machine)
    assert [] == list(machine.kept.path.glob("*.part"))


def test_altered_document_is_refused(machine: TwoVersions) -> None:
    """A signature covers every figure."""
    machine.write_stick(NEW)
    file = _file(machine, "update")
    file.write_bytes(file.read_bytes().replace(b'"made_at_ms":1', b'"made_at_ms":2'))

    assert "signature_wrong" == _refusal(machine)


def test_update_of_another_centre_is_refused(machine: TwoVersions) -> None:
    """Whoever may sign for other boxes signs nothing here."""
    document = machine.write_stick(NEW)
    other = create_centre_identity("Other", recovery=create_recovery_key().public)
    _file(machine, "update").write_bytes(write_update(document, centre=other))

    assert "signature_wrong" == _refusal(machine)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 100, b'{"signature":"00","signed":[]}'])
def test_bytes_that_are_no_document_are_refused(machine: TwoVersions, data: bytes) -> None:
    """Whatever a stick holds under that name."""
    machine.write_stick(NEW)
    _file(machine, "update").write_bytes(data)

    assert "document_malformed" == _refusal(machine)


def test_document_that_is_too_large_is_refused(machine: TwoVersions) -> None:
    """It is not read to its end."""
    machine.write_stick(NEW)
    _file(machine, "update").write_bytes(b" " * 2**20)

    assert "stick_file_too_large" == _refusal(machine)


def test_document_that_names_a_part_beyond_its_limit_is_refused(machine: TwoVersions) -> None:
    """Not even the centre makes a box read a kernel of a gigabyte into its memory."""
    document = machine.write_stick(NEW)
    part = UpdatePart(size=PART_MAX_BYTES["kernel"] + 1, sha256=document.kernel.sha256)
    too_large = document.model_copy(update={"kernel": part})
    centre = machine.centre.identity
    _file(machine, "update").write_bytes(write_update(too_large, centre=centre))

    assert "document_malformed" == _refusal(machine)


def test_update_for_another_image_is_refused(machine: TwoVersions) -> None:
    """A client's image does not become a box, nor a machine that was installed by packages."""
    machine.write_stick(NEW, image="examroom-client")
    carried = _take(machine)
    assert {f"examroom-client_{NEW}.update": "update_for_another_image"} == carried.refused


@pytest.mark.parametrize("version", ["0.9.9", "0.10.0"])
def test_older_version_is_refused_with_a_sentence(machine: TwoVersions, version: str) -> None:
    """A box does not go back by a stick that somebody kept."""
    machine.write_stick(version)

    assert {f"{IMAGE}_{version}.update": "update_not_newer"} == _take(machine).refused

    noted = machine.kept.read_refused()
    assert noted is not None
    assert f"Version {version} is not newer than version {OWN_VERSION}" in str(noted.why)


def test_same_version_is_refused_without_alarm(machine: TwoVersions) -> None:
    """A stick that stays in after the update is no trouble that staff must read about."""
    machine.write_stick(OWN_VERSION)

    assert Carried(0, {}) == _take(machine)

    assert machine.kept.read_refused() is None


def test_later_update_takes_the_place_of_one_that_waits(machine: TwoVersions) -> None:
    """Only one lies on the box, the newest."""
    machine.write_stick(NEW)
    _take(machine)
    machine.write_stick("1.2.0")

    assert 1 == _take(machine).count

    document = machine.kept.read_ready(machine.centre.identity.public)
    assert document is not None
    assert "1.2.0" == document.version
    assert 3 == len([one for one in machine.kept.path.iterdir() if len(one.name) == 64])


def test_nothing_is_taken_while_a_room_is_open(machine: TwoVersions) -> None:
    """Three hundred megabytes on the disk that saves responses are not copied then."""
    machine.write_stick(NEW)
    machine.kept.rest_sign.unlink()

    assert UpdateWaitsError.key == _refusal(machine)


def test_update_that_waits_is_kept_when_another_comes_in_an_exam(machine: TwoVersions) -> None:
    """What has arrived is not given up for one that cannot be copied now."""
    machine.write_stick(NEW)
    _take(machine)
    machine.write_stick("1.2.0")
    machine.kept.rest_sign.unlink()

    assert 0 == _take(machine).count

    document = machine.kept.read_ready(machine.centre.identity.public)
    assert document is not None
    assert NEW == document.version


def test_copying_stops_when_a_room_opens_and_goes_on_afterwards(
    machine: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The permission is looked for before every piece; what is there is kept and hashed again."""
    document = machine.write_stick(NEW)
    monkeypatch.setattr("sync.removable_media.update_stick.PIECE_BYTES", 1000)
    asked = 0

    def rest_for_a_while(self: kept_update.UpdateFolder) -> None:
        nonlocal asked
        asked += 1
        if asked > 200:
            raise UpdateWaitsError

    with monkeypatch.context() as patch:
        patch.setattr(kept_update.UpdateFolder, "require_rest", rest_for_a_while)
        assert UpdateWaitsError.key == _refusal(machine)
    (begun,) = machine.kept.path.glob("*.part")
    assert 0 < begun.stat().st_size < document.root.size

    assert 1 == _take(machine).count


def test_part_that_was_spoilt_on_the_box_is_not_gone_on_with(machine: TwoVersions) -> None:
    """Not even its own disk is believed without the hash."""
    document = machine.write_stick(NEW)
    part = machine.kept.part(document, "root")
    part.with_name(f"{part.name}.part").write_bytes(b"something else")

    assert UpdateDamagedError.key == _refusal(machine)
    assert 1 == _take(machine).count


def test_full_disk_refuses_an_update(machine: TwoVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Space is kept for responses."""
    machine.write_stick(NEW)
    monkeypatch.setattr(kept_update, "whole_reserve_bytes", lambda _total, _most: 2**62)

    assert "no_room_for_update" == _refusal(machine)


def test_link_on_a_stick_is_not_followed(machine: TwoVersions) -> None:
    """A stick from anywhere names no file of the box."""
    document = machine.write_stick(NEW)
    file = _file(machine, "root")
    real = machine.folder / "real"
    file.rename(real)
    file.symlink_to(real)
    assert document.root.size == real.stat().st_size

    assert UpdateDamagedError.key == _refusal(machine)


def test_versions_are_ordered_by_their_numbers() -> None:
    """As systemd-boot does, which picks the newest."""
    ordered = ["0.9.0", "0.10", "0.10.0", "1.0", "1.0.1", "10.0"]
    assert ordered == sorted(set(ordered), key=version_order)


def test_signed_document_reads_back(machine: TwoVersions) -> None:
    """One form, both ways."""
    document = machine.write_stick(NEW)
    signed = _file(machine, "update").read_bytes()
    assert document == read_update(signed, centre=machine.centre.identity.public)
