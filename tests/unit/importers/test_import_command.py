"""`examroom-provision import`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from appliance.formats.authored_exam import read_authored_exam
from provisioning.cli import main
from provisioning.demo_exam import demo_exam_directory
from tests.unit.importers.making import CHOICE, item_xml


def test_exam_is_written_with_a_report_when_imported(tmp_path: Path) -> None:
    """The file can be read again, and the report says that nothing is missing."""
    target = tmp_path / "demo.exam"
    result = CliRunner().invoke(
        main, ["import", str(demo_exam_directory()), "--output", str(target)]
    )
    assert 0 == result.exit_code
    assert "Everything was carried over." in result.output
    assert "15 items in 2 parts" in result.output
    assert "biology-2-lakes-and-wetlands" == read_authored_exam(target.read_bytes()).exam.exam_id


def test_report_lists_what_is_lost_when_something_is(tmp_path: Path) -> None:
    """Same reasons stand together, with the items they concern."""
    (tmp_path / "one.xml").write_text(item_xml("<script>1</script>" + CHOICE))
    result = CliRunner().invoke(
        main, ["import", str(tmp_path / "one.xml"), "--output", str(tmp_path / "x.exam")]
    )
    assert "Not carried over (1)" in result.output
    assert "in one" in result.output


def test_import_says_what_is_wrong_when_it_fails(tmp_path: Path) -> None:
    """One sentence, no traceback, and a status that a script can see."""
    result = CliRunner().invoke(main, ["import", str(tmp_path / "none.zip")])
    assert 1 == result.exit_code
    assert "There is no file or folder" in result.output


def test_import_says_what_is_wrong_when_the_exam_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is not there is said to be the reason."""
    target = tmp_path / "no" / "demo.exam"
    result = CliRunner().invoke(
        main, ["import", str(demo_exam_directory()), "--output", str(target)]
    )
    assert 1 == result.exit_code
    assert str(target) in result.output
