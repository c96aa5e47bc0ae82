"""Foreign zips: read when honest, refused with the right sentence when not."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest

from appliance.formats.zip_reading import (
    ZipLimits,
    ZipNameError,
    ZipTooLargeError,
    ZipUnreadableError,
    read_zip,
)

LIMITS = ZipLimits(files_max=10, file_bytes_max=5_000_000, total_bytes_max=8_000_000)


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def with_mode(mode: int) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = mode << 16
        archive.writestr(member, "/etc/passwd")
    return written.getvalue()


def test_files_are_returned_when_the_zip_is_honest() -> None:
    """Folders are left out, names and contents are kept."""
    files = {"a.xml": b"<a/>", "media/b.png": b"\x89PNG"}
    assert files == read_zip(zipped({**files, "media/": b""}), LIMITS)


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "C:/a", "a\\b", "a//b", "./a", "a\nb", "x" * 201]
)
def test_zip_is_refused_when_a_name_points_elsewhere(name: str) -> None:
    """A name that would leave a folder or hide something is never read."""
    with pytest.raises(ZipNameError):
        read_zip(zipped({name: b"x"}), LIMITS)


def test_zip_is_refused_when_a_name_hides_its_end_behind_a_nul() -> None:
    """zipfile cuts a name at a NUL; what the bytes say counts."""
    data = zipped({"a.xml_evil": b"x"}).replace(b"a.xml_evil", b"a.xml\0evil")
    with pytest.raises(ZipNameError):
        read_zip(data, LIMITS)


def test_zip_is_refused_when_a_name_stands_twice() -> None:
    """Two readers could see two different files under one name."""
    data = zipped({"a.xml": b"1", "b.xml": b"2"}).replace(b"b.xml", b"a.xml")
    with pytest.raises(ZipNameError):
        read_zip(data, LIMITS)


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFCHR | 0o600])
def test_zip_is_refused_when_it_holds_a_link_or_device(mode: int) -> None:
    """Exams are files."""
    with pytest.raises(ZipNameError):
        read_zip(with_mode(mode), LIMITS)


def test_zip_is_refused_when_it_unpacks_to_far_more_than_it_is() -> None:
    """A bomb is noticed while reading, long before it is unpacked."""
    with pytest.raises(ZipTooLargeError):
        read_zip(zipped({"bomb": b"\0" * 4_000_000}), LIMITS)


def test_zip_is_refused_when_its_directory_lies_about_a_size() -> None:
    """A size in the directory is a claim, not a fact."""
    data = bytearray(zipped({"big": b"\0" * 4_000_000}))
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 10)
    with pytest.raises((ZipTooLargeError, ZipUnreadableError)):
        read_zip(bytes(data), LIMITS)


def test_zip_is_refused_when_it_holds_too_many_files() -> None:
    """The number of files is limited too."""
    with pytest.raises(ZipTooLargeError):
        read_zip(zipped({f"f{n}": b"" for n in range(11)}), LIMITS)


def test_zip_is_refused_when_the_archive_itself_is_too_large() -> None:
    """Nothing is parsed of what is too large to begin with."""
    with pytest.raises(ZipTooLargeError):
        read_zip(b"PK", ZipLimits(archive_bytes_max=1))


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x03\x04" + b"\0" * 50])
def test_zip_is_refused_when_it_is_none(data: bytes) -> None:
    """Whatever it is, the sentence says it cannot be opened."""
    with pytest.raises(ZipUnreadableError):
        read_zip(data, LIMITS)


def test_zip_is_refused_when_a_byte_of_its_content_changed() -> None:
    """The checksum of each file is checked."""
    data = zipped({"a": b"content that is stored"}, zipfile.ZIP_STORED)
    with pytest.raises(ZipUnreadableError):
        read_zip(data.replace(b"content", b"c0ntent", 1), LIMITS)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_is_refused_when_packed_in_an_unusual_way(method: int) -> None:
    """Only stored and deflated members are read."""
    with pytest.raises(ZipUnreadableError):
        read_zip(zipped({"a": b"x" * 100}, method), LIMITS)


def test_zip_is_refused_when_it_is_encrypted() -> None:
    """A password-locked member is refused with its name."""
    data = bytearray(zipped({"a": b"x"}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ZipUnreadableError):
        read_zip(bytes(data), LIMITS)


def test_zip_is_refused_when_its_files_together_are_too_large() -> None:
    """Each file may be small enough and all of them still too much."""
    with pytest.raises(ZipTooLargeError):
        read_zip(zipped({f"f{n}": b"x" * 3_000_000 for n in range(3)}, zipfile.ZIP_STORED), LIMITS)
