"""`*.exam` files."""

from __future__ import annotations

import pytest

from appliance.formats.authored_exam import AuthoredExam, read_authored_exam, write_authored_exam
from appliance.formats.exam_model import ExamModelError
from appliance.formats.import_report import ImportReport, Level, ReportLine
from appliance.formats.zip_reading import ZipLimits, read_zip
from tests.unit.formats.test_exam_model import EXAM, SCORING
from tests.unit.formats.test_zip_reading import zipped

AUTHORED = AuthoredExam(
    exam=EXAM,
    scoring=SCORING,
    report=ImportReport(
        source="a.zip",
        source_format="QTI 3.0",
        lines=(ReportLine(item_id="i1", level=Level.LOST, reason="A script is left out."),),
    ),
    media={"x.png": b"\x89PNG"},
    original={"folder/a.zip": b"PK"},
)


def test_authored_exam_is_the_same_when_written_and_read() -> None:
    """Exam, scoring, report, media and original come back, always with the same bytes."""
    data = write_authored_exam(AUTHORED)
    assert AUTHORED == read_authored_exam(data)
    assert data == write_authored_exam(read_authored_exam(data))


def test_exam_part_carries_no_correct_response_when_written() -> None:
    """What goes to candidates is a file of its own, without scoring."""
    files = read_zip(write_authored_exam(AUTHORED), ZipLimits())
    assert b"correct" not in files["exam.json"]
    assert b"match_correct" in files["scoring.json"]


def test_authored_exam_is_refused_when_a_part_is_missing() -> None:
    """An exam without its scoring would only be noticed when results are due."""
    files = read_zip(write_authored_exam(AUTHORED), ZipLimits())
    del files["scoring.json"]
    with pytest.raises(ExamModelError, match=r"scoring\.json"):
        read_authored_exam(zipped(files))
