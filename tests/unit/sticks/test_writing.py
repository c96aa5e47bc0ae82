"""Sticks are written whole, read back, and those that lie are found."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioning.sticks.image import Image, read_image
from provisioning.sticks.many import Outcome, Stick, write_sticks
from provisioning.sticks.medium import Medium
from provisioning.sticks.partition_table import ImageUnfitError
from provisioning.sticks.writing import (
    Progress,
    StickDamagedError,
    StickTooSmallInTruthError,
    StickWriter,
    WritingStoppedError,
)
from tests.rig.small_image import IMAGE_MIB, LAYOUT, MIB, small_image

STICK_MIB = 40


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """Return a small image."""
    return read_image(small_image(tmp_path / "image.raw"))


def _used_stick(path: Path) -> Path:
    """Make a stick that was full of something else."""
    path.write_bytes(b"\xff" * STICK_MIB * MIB)
    return path


def _write(image: Image, device: Path, writer: StickWriter | None = None) -> None:
    (writer or StickWriter()).write(image.pieces, Progress(device))


class _FlippingStick(Medium):
    """Keeps one bit wrong, in the middle of the root."""

    def write(self, offset: int, data: bytes) -> None:
        """Write all but one bit rightly."""
        super().write(offset, data)
        place = 10 * MIB + 17
        if offset <= place < offset + len(data):
            super().write(place, bytes([data[place - offset] ^ 1]))


class _LyingStick(Medium):
    """Has 20 MiB and begins anew behind them, as forged sticks do."""

    def write(self, offset: int, data: bytes) -> None:
        """Write where the forgery puts it."""
        super().write(offset % (20 * MIB), data)

    def read(self, offset: int, size: int) -> bytes:
        """Read where the forgery looks."""
        return super().read(offset % (20 * MIB), size)


def test_every_byte_of_every_partition_is_the_image_when_the_stick_was_used(
    image: Image, tmp_path: Path
) -> None:
    """A hole of the image inside a partition is zeros that count: a file table, a hashed root."""
    stick = _used_stick(tmp_path / "stick")
    _write(image, stick)
    written, wanted = stick.read_bytes(), image.path.read_bytes()
    for label, at, size in LAYOUT:
        part = slice(at * MIB, (at + size) * MIB)
        assert wanted[part] == written[part], label
    assert wanted[: 34 * 512] == written[: 34 * 512]


def test_nothing_is_written_where_the_image_has_nothing(image: Image, tmp_path: Path) -> None:
    """The holes between partitions and behind the image cost no time: nobody reads there."""
    stick = _used_stick(tmp_path / "stick")
    _write(image, stick)
    assert b"\xff" * MIB == stick.read_bytes()[(IMAGE_MIB + 1) * MIB :][:MIB]


def test_former_partition_table_is_gone_from_the_end(image: Image, tmp_path: Path) -> None:
    """Else a tool that repairs tables would bring the old one back."""
    stick = _used_stick(tmp_path / "stick")
    _write(image, stick)
    assert bytes(MIB) == stick.read_bytes()[-MIB:]


def test_stick_that_keeps_a_bit_wrong_is_found(image: Image, tmp_path: Path) -> None:
    """What is read back is compared, all of it."""
    writer = StickWriter(open_medium=_FlippingStick)
    with pytest.raises(StickDamagedError, match="first at 8 MiB"):
        _write(image, _used_stick(tmp_path / "stick"), writer)


def test_stick_that_lies_about_its_size_is_found(image: Image, tmp_path: Path) -> None:
    """The image would fit, and the responses of the exam would be written over one another."""
    writer = StickWriter(open_medium=_LyingStick)
    with pytest.raises((StickTooSmallInTruthError, StickDamagedError)):
        _write(image, _used_stick(tmp_path / "stick"), writer)


def test_stick_is_not_complete_when_the_writing_was_stopped(image: Image, tmp_path: Path) -> None:
    """Somebody pressed Ctrl-C: the stick says so, instead of looking ready."""
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(WritingStoppedError):
        _write(image, _used_stick(tmp_path / "stick"), StickWriter(stopping=stopping))


def _write_many(image: Image, sticks: Sequence[Stick], writer: StickWriter) -> list[Outcome]:
    return write_sticks(image, sticks, writer=writer, show=lambda _: None)


def test_trouble_of_one_stick_does_not_touch_the_others(image: Image, tmp_path: Path) -> None:
    """Twenty sticks are written over lunch, and one of them is always bad."""
    good, bad = _used_stick(tmp_path / "good"), _used_stick(tmp_path / "bad")

    def opened(path: Path) -> Medium:
        return (_FlippingStick if path == bad else Medium)(path)

    outcomes = _write_many(
        image, [Stick(bad, {}), Stick(good, {})], StickWriter(open_medium=opened)
    )
    assert [False, True] == [one.speeds is not None for one in outcomes]
    assert "Do not use this stick" in outcomes[0].problem


def test_stick_that_was_pulled_out_is_a_sentence(image: Image, tmp_path: Path) -> None:
    """The kernel's error becomes words, and the name of the device."""
    (outcome,) = _write_many(image, [Stick(tmp_path / "gone", {})], StickWriter())
    assert f"{tmp_path}/gone cannot be written" in outcome.problem


@pytest.mark.parametrize("spoilt_at", [512, 560, 1024 + 40])
def test_image_with_a_damaged_table_is_refused(tmp_path: Path, spoilt_at: int) -> None:
    """A download that was cut or altered never reaches a stick."""
    path = small_image(tmp_path / "image.raw")
    data = bytearray(path.read_bytes())
    data[spoilt_at] ^= 1
    path.write_bytes(data)
    with pytest.raises(ImageUnfitError):
        read_image(path)


def test_image_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    """Its table is whole, its last partition is not."""
    path = small_image(tmp_path / "image.raw")
    with path.open("r+b") as file:
        file.truncate(10 * MIB)
    with pytest.raises(ImageUnfitError, match="cut off"):
        read_image(path)
