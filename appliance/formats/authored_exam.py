"""`*.exam`: an exam as it was authored, before it is signed and encrypted for boxes.

A zip of exam.json (what candidates get), scoring.json (what only the centre gets), report.json
(what the import could not carry over), media/NAME and original/PATH, the untouched source for the
archive.  Files are stored, not packed, under a fixed date, so equal exams have equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

from appliance.domain.exams import Exam
from appliance.domain.scoring import Scoring
from appliance.formats import strict_json
from appliance.formats.exam_model import (
    EXAM_BYTES_MAX,
    ExamModelError,
    decode_exam,
    decode_scoring,
    encode_exam,
    encode_scoring,
)
from appliance.formats.import_report import ImportReport
from appliance.formats.strict_json import JsonShapeError
from appliance.formats.zip_reading import ZipLimits, read_zip

EXAM_NAME, SCORING_NAME, REPORT_NAME = "exam.json", "scoring.json", "report.json"
MEDIA_FOLDER, ORIGINAL_FOLDER = "media/", "original/"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
# What is stored unpacked may be as large as the archive, but never larger.
AUTHORED_LIMITS = ZipLimits(name_characters_max=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoredExam:
    """An exam with everything that belongs to it; `media` and `original` by name."""

    exam: Exam
    scoring: Scoring
    report: ImportReport
    media: dict[str, bytes] = field(default_factory=dict)
    original: dict[str, bytes] = field(default_factory=dict)


def write_authored_exam(authored: AuthoredExam) -> bytes:
    """Return the bytes of a `*.exam` file.  Raises ExamModelError."""
    files = {
        EXAM_NAME: encode_exam(authored.exam),
        SCORING_NAME: encode_scoring(authored.scoring),
        REPORT_NAME: strict_json.encode(authored.report),
        **{MEDIA_FOLDER + name: content for name, content in authored.media.items()},
        **{ORIGINAL_FOLDER + name: content for name, content in authored.original.items()},
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(name, ZIP_EPOCH)
            member.create_system = 3  # Unix, wherever it is written
            member.external_attr = 0o100644 << 16
            archive.writestr(member, files[name])
    return written.getvalue()


def read_authored_exam(data: bytes) -> AuthoredExam:
    """Read a `*.exam` file.  Raises ExamModelError or one of the zip errors."""
    files = read_zip(data, AUTHORED_LIMITS)
    for name in (EXAM_NAME, SCORING_NAME, REPORT_NAME):
        if name not in files:
            raise ExamModelError(detail=f"{name} is missing in the file")
    return AuthoredExam(
        exam=decode_exam(files[EXAM_NAME]),
        scoring=decode_scoring(files[SCORING_NAME]),
        report=_read_report(files[REPORT_NAME]),
        media=_below(MEDIA_FOLDER, files),
        original=_below(ORIGINAL_FOLDER, files),
    )


def _read_report(data: bytes) -> ImportReport:
    try:
        value = strict_json.parse(data, bytes_max=EXAM_BYTES_MAX)
        return strict_json.decode(ImportReport, value, kinds={})
    except JsonShapeError as error:
        raise ExamModelError(detail=str(error)) from error


def _below(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {
        name.removeprefix(folder): content
        for name, content in files.items()
        if name.startswith(folder)
    }
