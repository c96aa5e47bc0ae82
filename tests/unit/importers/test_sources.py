"""Where exams come from, and what cannot come from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.formats.zip_reading import ZipNameError
from provisioning.importers.exam_import import import_exam
from provisioning.importers.sources import (
    FolderSource,
    SourceMissingError,
    SourceUnknownError,
    open_source,
    resolve,
)
from provisioning.importers.xml_reading import XmlUnreadableError, parse_xml
from tests.unit.formats.test_zip_reading import zipped
from tests.unit.importers.making import imported, item_xml


def test_import_is_refused_when_there_is_no_such_file(tmp_path: Path) -> None:
    """The sentence names what was not found."""
    with pytest.raises(SourceMissingError, match="nothing"):
        import_exam(tmp_path / "nothing.zip")


def test_import_is_refused_when_there_is_no_exam_in_it(tmp_path: Path) -> None:
    """A folder of something else is no exam."""
    (tmp_path / "a.xml").write_text("<html/>")
    with pytest.raises(SourceUnknownError):
        import_exam(tmp_path)


def test_import_is_refused_when_the_zip_is_unsafe(tmp_path: Path) -> None:
    """The limits of zips hold for exams."""
    file = tmp_path / "a.zip"
    file.write_bytes(zipped({"../a.xml": b"x"}))
    with pytest.raises(ZipNameError):
        import_exam(file)


def test_file_is_not_read_when_it_lies_outside_the_folder(tmp_path: Path) -> None:
    """Neither by a path with dots nor through a link."""
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "exam"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "secret")
    source = FolderSource(inside)
    assert None is source.read("../secret")
    assert None is source.read("link")
    assert [] == source.names()


@pytest.mark.parametrize(
    ("base", "href", "expected"),
    [
        ("items/a.xml", "../media/p.png", "media/p.png"),
        ("a.xml", "p%20q.png#x", "p q.png"),
        ("a.xml", "../p.png", None),
        ("a.xml", "/etc/passwd", None),
        ("a.xml", "", None),
    ],
)
def test_address_is_resolved_when_it_stays_within(
    base: str, href: str, expected: str | None
) -> None:
    """Addresses count from the file they stand in."""
    assert expected == resolve(base, href)


def test_only_what_was_read_is_archived_when_a_single_file_is_imported(tmp_path: Path) -> None:
    """The folder a file happens to lie in is nobody's business."""
    (tmp_path / "private.txt").write_text("private")
    assert ["one.xml"] == list(imported(tmp_path, item_xml()).original)


def test_zip_is_archived_untouched_when_imported(tmp_path: Path) -> None:
    """The original is the file as it came."""
    file = tmp_path / "one.zip"
    file.write_bytes(zipped({"one.xml": item_xml().encode()}))
    assert {"one.zip": file.read_bytes()} == import_exam(file).original
    assert "one.zip" == open_source(file).name


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "https://example.org/x">%x;]><a/>',
        "<a>&unknown;</a>",
        "<a>",
        "",
        "<a>" * 300 + "</a>" * 300,
    ],
)
def test_xml_is_refused_when_it_is_hostile_or_broken(xml: str) -> None:
    """No entity is resolved, nothing is fetched, depth is limited."""
    with pytest.raises(XmlUnreadableError):
        parse_xml("a.xml", xml.encode())
