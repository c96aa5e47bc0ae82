"""Installing writes the other pair of partitions; what is not whole and signed is not started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.keys import create_centre_identity, create_recovery_key
from appliance.formats.update_document import write_update
from appliance.formats.update_status import UpdateStatus
from appliance.services.kept_update import UpdateFolder, read_status
from appliance.services.update_rules import UpdateWaitsError
from provisioning.sticks.partition_table import SECTOR_BYTES, read_partitions
from provisioning.system_update import installing
from provisioning.system_update.boot_entries import entries_folder
from provisioning.system_update.command import update_once
from provisioning.system_update.installing import UpdateUnsignedError
from provisioning.system_update.machine import find_machine
from provisioning.system_update.slots import ids_of
from sync.removable_media.update_stick import take_updates, updates_folder
from tests.rig.signed_kernel import ImageSigner
from tests.rig.two_versions import (
    IMAGE,
    OWN_VERSION,
    SLOT_MIB,
    TwoVersions,
    kernel_file,
    root_hash,
)

NEW = "1.1.0"
OWN_NUMBERS, NEW_NUMBERS = (2, 3), (4, 5)
"""Numbers of the partitions (verity, root) of the version that runs, and of the other pair."""


def _bring(
    machine: TwoVersions,
    version: str = NEW,
    *,
    filled_mib: int = 0,
    signer: ImageSigner | None = None,
) -> None:
    """Carry an update to the box, and ask for its installing as the exam server does."""
    machine.write_stick(version, filled_mib=filled_mib, signer=signer)
    centre, running = machine.centre.identity.public, machine.machine.running
    carried = take_updates(machine.stick, machine.kept, centre=centre, running=running, at_ms=0)
    assert 1 == carried.count
    machine.kept.install_request.touch()


def _install(machine: TwoVersions) -> UpdateStatus:
    update_once(machine.machine, machine.data, machine.state, machine.clock)
    assert not machine.kept.install_request.exists()
    return read_status()


def _own_content(machine: TwoVersions) -> list[bytes]:
    return [machine.read(number) for number in OWN_NUMBERS]


def test_version_is_installed_beside_the_one_that_runs(machine: TwoVersions) -> None:
    """Root, hashes, their ids and the kernel file; of the version that runs, not a byte."""
    own = _own_content(machine)
    _bring(machine)

    assert UpdateStatus(installed=NEW) == _install(machine)

    verity, root = (machine.partitions()[number] for number in NEW_NUMBERS)
    images = machine.folder / "images"
    assert (images / f"{IMAGE}_{NEW}.root.raw").read_bytes() == machine.read(root.number)
    assert (images / f"{IMAGE}_{NEW}.verity.raw").read_bytes() == machine.read(verity.number)
    assert ids_of(root_hash(NEW)) == (root.own_id, verity.own_id)
    assert [f"{IMAGE}_{NEW}+3.efi", "first.efi"] == machine.entries()
    new = entries_folder(machine.machine.esp) / f"{IMAGE}_{NEW}+3.efi"
    assert kernel_file(NEW) == new.read_bytes()
    assert own == _own_content(machine)


def test_both_copies_of_the_table_say_the_same(machine: TwoVersions) -> None:
    """Where the power goes while one is written, the other is whole."""
    _bring(machine)
    _install(machine)
    disk = machine.machine.disk.read_bytes()

    first = disk[SECTOR_BYTES : 34 * SECTOR_BYTES]
    last_header, last_entries = disk[-SECTOR_BYTES:], disk[-33 * SECTOR_BYTES : -SECTOR_BYTES]
    assert first[SECTOR_BYTES:] == last_entries
    # The second, put where the first is expected, reads as well but for what says where it is.
    assert b"EFI PART" == last_header[:8]
    assert last_header[88:92] == first[88:92]


@pytest.mark.parametrize("cut", [1, 2])
def test_power_cut_while_a_table_is_written_leaves_one_that_reads(
    machine: TwoVersions, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes in the middle of the first or of the second copy."""
    _bring(machine)
    before = read_partitions(machine.machine.disk.read_bytes()[: 34 * SECTOR_BYTES])
    writes = 0

    def write_copy(disk: object, header: object, entries: bytes, places: tuple[int, ...]) -> None:
        nonlocal writes
        writes += 1
        if writes == cut:
            with machine.machine.disk.open("r+b") as file:
                file.seek(places[2] * SECTOR_BYTES)
                file.write(entries)
            raise KeyboardInterrupt
        original(disk, header, entries, places)

    original = installing.rename_partitions.__globals__["_write_copy"]
    monkeypatch.setitem(installing.rename_partitions.__globals__, "_write_copy", write_copy)
    with pytest.raises(KeyboardInterrupt):
        _install(machine)

    disk = machine.machine.disk.read_bytes()
    if cut == 1:
        assert before == read_partitions(disk[: 34 * SECTOR_BYTES])
    else:
        assert b"EFI PART" == disk[-SECTOR_BYTES:][:8]
        assert f"{IMAGE}_{NEW}".encode("utf-16-le") in disk[-33 * SECTOR_BYTES :]


def test_former_version_gives_way(machine: TwoVersions) -> None:
    """A third version is written over the one that does not run."""
    _bring(machine)
    _install(machine)
    _bring(machine, "1.2.0")

    assert "1.2.0" == _install(machine).installed

    assert [f"{IMAGE}_1.2.0+3.efi", "first.efi"] == machine.entries()
    assert b"root of 1.2.0" == machine.read(NEW_NUMBERS[1])[:13]


def test_nothing_happens_unasked(machine: TwoVersions) -> None:
    """The unit runs at every start; an update that has arrived waits for the exam server."""
    _bring(machine)
    machine.kept.install_request.unlink()

    assert UpdateStatus() == _install(machine)
    assert ["first.efi"] == machine.entries()


def _of_another_centre(machine: TwoVersions) -> None:
    document = machine.kept.read_ready(machine.centre.identity.public)
    assert document is not None
    other = create_centre_identity("Other", recovery=create_recovery_key().public)
    machine.kept.ready.write_bytes(write_update(document, centre=other))


def _with_the_centre_changed(machine: TwoVersions) -> None:
    """Do what somebody who broke into the exam server can: name another centre."""
    machine.kept.install_request.unlink()
    _install(machine)
    other = create_centre_identity("Other", recovery=create_recovery_key().public)
    document = machine.kept.read_ready(machine.centre.identity.public)
    assert document is not None
    (machine.data / "keys" / "centre.json").write_bytes(other.public.to_bytes())
    machine.kept.ready.write_bytes(write_update(document, centre=other))
    machine.kept.install_request.touch()


def _altered(part: str) -> Callable[[TwoVersions], None]:
    def alter(machine: TwoVersions) -> None:
        document = machine.kept.read_ready(machine.centre.identity.public)
        assert document is not None
        path = machine.kept.part(document, part)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(bytes(data))

    return alter


def _cut_short(machine: TwoVersions) -> None:
    document = machine.kept.read_ready(machine.centre.identity.public)
    assert document is not None
    path = machine.kept.part(document, "verity")
    path.write_bytes(path.read_bytes()[:-1])


def _gone(machine: TwoVersions) -> None:
    document = machine.kept.read_ready(machine.centre.identity.public)
    assert document is not None
    machine.kept.part(document, "root").unlink()


NOT_FROM_THERE, OTHERS = "did not come from where it says", "belongs to the centre"
DAMAGED = "is missing, cut short or altered"
CASES = {
    "another centre signed": (_of_another_centre, NOT_FROM_THERE),
    "the box names another centre": (_with_the_centre_changed, OTHERS),
    "altered kernel": (_altered("kernel"), DAMAGED),
    "altered root": (_altered("root"), DAMAGED),
    "altered hashes": (_altered("verity"), DAMAGED),
    "cut short": (_cut_short, DAMAGED),
    "gone": (_gone, DAMAGED),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_signed_is_never_started(machine: TwoVersions, case: str) -> None:
    """Between the stick and the disk somebody changes what lies in the box's folder."""
    own = _own_content(machine)
    _bring(machine)
    change, words = CASES[case]
    change(machine)

    status = _install(machine)

    assert status.refused is not None
    assert words in str(status.refused.why)
    assert status.installed is None
    assert ["first.efi"] == machine.entries()
    assert own == _own_content(machine)
    named = {one.own_id for one in machine.partitions().values()}
    assert set(ids_of(root_hash(NEW))).isdisjoint(named)


@pytest.mark.parametrize("version", [OWN_VERSION, "0.9.0"])
def test_version_that_is_not_newer_is_refused_here_too(machine: TwoVersions, version: str) -> None:
    """Whoever writes to the box's folder does not take it back to a version with a known hole."""
    document = machine.write_stick(version)
    signed = (updates_folder(machine.stick) / document.file_name).read_bytes()
    machine.kept.ready.write_bytes(signed)
    machine.kept.install_request.touch()

    status = _install(machine)

    assert status.refused is not None
    assert "is not newer" in str(status.refused.why)


def test_version_that_was_given_up_is_not_tried_again(machine: TwoVersions) -> None:
    """The same bytes would fail in the same way, on the morning of the next exam."""
    given_up = entries_folder(machine.machine.esp) / f"{IMAGE}_{NEW}+0-3.efi"
    given_up.write_bytes(kernel_file(NEW))

    assert UpdateStatus(given_up=NEW) == _install(machine)

    document = machine.write_stick(NEW)
    signed = (updates_folder(machine.stick) / document.file_name).read_bytes()
    machine.kept.ready.write_bytes(signed)
    machine.kept.install_request.touch()
    status = _install(machine)
    assert status.refused is not None
    assert "did not come to serve" in str(status.refused.why)


def test_root_that_is_larger_than_its_place_is_refused(machine: TwoVersions) -> None:
    """What lies behind the place on the disk is the box's data."""
    _bring(machine, filled_mib=SLOT_MIB + 1)
    before = machine.machine.disk.read_bytes()

    status = _install(machine)

    assert status.refused is not None
    assert "larger than the place" in str(status.refused.why)
    assert before == machine.machine.disk.read_bytes()


def test_root_that_fills_its_place_is_installed(machine: TwoVersions) -> None:
    """To the last byte, and none further."""
    _bring(machine, filled_mib=SLOT_MIB)
    end = machine.partitions()[NEW_NUMBERS[1]].end
    before = machine.machine.disk.read_bytes()[end : end + 2**20]

    assert NEW == _install(machine).installed

    assert before == machine.machine.disk.read_bytes()[end : end + 2**20]


def test_installing_stops_as_soon_as_a_room_opens(
    machine: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for before every piece; nothing of it is started, and no refusal stands."""
    _bring(machine)
    monkeypatch.setattr(installing, "PIECE_BYTES", 1000)
    asked = 0

    def rest_for_a_while(self: UpdateFolder) -> None:
        nonlocal asked
        asked += 1
        if asked > 100:
            raise UpdateWaitsError

    with monkeypatch.context() as patch:
        patch.setattr(UpdateFolder, "require_rest", rest_for_a_while)
        assert UpdateStatus() == _install(machine)
    assert ["first.efi"] == machine.entries()

    machine.kept.install_request.touch()
    assert NEW == _install(machine).installed


def test_disk_that_keeps_something_else_is_found_out(
    machine: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worn stick is found now, and not when the kernel meets the block in an exam."""
    _bring(machine)
    monkeypatch.setattr(installing, "_digest_on_disk", lambda *_: b"")

    status = _install(machine)

    assert status.refused is not None
    assert "gave back something else" in str(status.refused.why)
    assert ["first.efi"] == machine.entries()


def test_program_that_fails_leaves_a_refusal(
    machine: TwoVersions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the exam server would ask for it again every few seconds, for ever."""
    _bring(machine)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("provisioning.system_update.command.install", fail)
    with pytest.raises(ZeroDivisionError):
        _install(machine)

    status = read_status()
    assert status.refused is not None
    assert NEW == status.refused.version
    assert not machine.kept.install_request.exists()


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("new+3.efi", UpdateStatus(installed=NEW)),
        ("new+1-2.efi", UpdateStatus(installed=NEW)),
        ("new+0-3.efi", UpdateStatus(given_up=NEW)),
        ("new.efi", UpdateStatus(installed=NEW)),
        ("new.efi.new", UpdateStatus()),
    ],
)
def test_names_on_the_boot_partition_say_how_versions_stand(
    machine: TwoVersions, name: str, status: UpdateStatus
) -> None:
    """As systemd-boot and systemd-bless-boot name them."""
    (entries_folder(machine.machine.esp) / name).write_bytes(kernel_file(NEW))
    assert status == _install(machine)


def test_former_version_is_no_news(machine: TwoVersions) -> None:
    """After an update the old version stays on the disk, and nothing has to be said about it."""
    (entries_folder(machine.machine.esp) / "old.efi").write_bytes(kernel_file("0.9.0"))
    assert UpdateStatus() == _install(machine)


def test_machine_is_found_by_the_hash_it_was_started_with(tmp_path: Path) -> None:
    """The kernel names its root; the disk is the one that holds that partition."""
    own_id = str(ids_of(root_hash(OWN_VERSION))[0])
    (tmp_path / "etc").mkdir()
    text = f'IMAGE_ID="{IMAGE}"\nIMAGE_VERSION="{OWN_VERSION}"\n'
    (tmp_path / "etc/os-release").write_text(text)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cmdline").write_text(f"roothash={root_hash(OWN_VERSION)} quiet\n")
    (tmp_path / "dev/disk/by-partuuid").mkdir(parents=True)
    (tmp_path / "dev/disk/by-partuuid" / own_id).symlink_to("../../sda4")
    (tmp_path / "sys/devices/block/sda/sda4").mkdir(parents=True)
    (tmp_path / "sys/class/block").mkdir(parents=True)
    (tmp_path / "sys/class/block/sda4").symlink_to("../../devices/block/sda/sda4")

    found = find_machine(tmp_path / "efi", tmp_path)

    assert found is not None
    assert tmp_path / "dev/sda" == found.disk
    assert (OWN_VERSION, root_hash(OWN_VERSION)) == (found.running.version, found.root_hash)


def test_machine_of_packages_is_none_of_ours(tmp_path: Path) -> None:
    """A box on plain Debian is updated by its package."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_ID="13"\n')
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cmdline").write_text("root=/dev/sda1 quiet\n")
    assert find_machine(tmp_path / "efi", tmp_path) is None


@pytest.mark.parametrize("signed_by", ["the same", "another", "nobody"])
def test_box_that_starts_signed_systems_only_takes_no_other(
    machine: TwoVersions, signed_by: str, tmp_path: Path
) -> None:
    """Firmware would refuse it, and the box would stand there after its restart."""
    own = ImageSigner.make(tmp_path / "own")
    signers = {"the same": own, "another": ImageSigner.make(tmp_path / "other"), "nobody": None}
    entry = entries_folder(machine.machine.esp) / "first.efi"
    entry.write_bytes(kernel_file(OWN_VERSION, signer=own))
    machine.machine = replace(machine.machine, starts_signed_only=True)
    _bring(machine, signer=signers[signed_by])

    status = _install(machine)

    if signed_by == "the same":
        assert UpdateStatus(installed=NEW) == status
    else:
        assert status.refused is not None
        expected = KeptSentence.of(UpdateUnsignedError(version=NEW))
        assert expected == status.refused.why
        assert ["first.efi"] == machine.entries()


def test_box_that_starts_anything_asks_for_no_signature(machine: TwoVersions) -> None:
    """An image may be built without a key."""
    _bring(machine)
    assert UpdateStatus(installed=NEW) == _install(machine)
