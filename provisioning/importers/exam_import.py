"""Importing: from a file or folder of any supported format to an authored exam."""

from __future__ import annotations

import re
from pathlib import Path

from appliance.domain.exams import Exam
from appliance.domain.scoring import Scoring
from appliance.formats.authored_exam import AuthoredExam
from appliance.formats.exam_model import check_exam, check_scoring
from provisioning.importers.gift import GiftReader, looks_like_gift
from provisioning.importers.media import MediaShelf
from provisioning.importers.moodle_xml import ROOT_NAME, MoodleReader
from provisioning.importers.plain_items import exam_of
from provisioning.importers.qti_exam import ExamReader
from provisioning.importers.qti_package import Package
from provisioning.importers.reporting import ItemReport, Report
from provisioning.importers.sources import Source, SourceUnknownError, open_source
from provisioning.importers.xml_reading import parse_xml

GIFT_ENDINGS = (".gift", ".txt")
GIFT_BYTES_MAX = 4 * 1024 * 1024

Imported = tuple[Exam, Scoring, MediaShelf]


def import_exam(path: Path) -> AuthoredExam:
    """Import a QTI package (zip or folder), a QTI, Moodle XML or GIFT file.

    Raises a SourceMissingError, SourceUnknownError, XmlUnreadableError, ExamModelError or one of
    the zip errors; what cannot be carried over is no error but a line of the report.
    """
    source = open_source(path)
    report = Report(source.name)
    exam, scoring, shelf = _read(source, report)
    check_exam(exam)
    check_scoring(scoring)
    return AuthoredExam(
        exam=exam,
        scoring=scoring,
        report=report.closed(),
        media=dict(sorted(shelf.files.items())),
        original=source.original(),
    )


def _read(source: Source, report: Report) -> Imported:
    names = source.names()
    if len(names) == 1 and names[0].lower().endswith(GIFT_ENDINGS):
        return _read_gift(source, names[0], report)
    if len(names) == 1 and names[0].lower().endswith(".xml"):
        root = parse_xml(names[0], source.read(names[0]) or b"")
        if root.tag == ROOT_NAME:
            report.source_format = "Moodle XML"
            reader = MoodleReader(root, report)
            return *_plain_exam(reader, names[0], report), reader.shelf
    package = Package(source)
    report.source_format = package.version
    shelf = MediaShelf(source)
    return *ExamReader(package, shelf, report).read(), shelf


def _read_gift(source: Source, name: str, report: Report) -> Imported:
    data = source.read(name) or b""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if len(data) > GIFT_BYTES_MAX or not looks_like_gift(text):
        raise SourceUnknownError(name=name, detail="it is no text in the GIFT format (UTF-8)")
    report.source_format = "GIFT"
    return *_plain_exam(GiftReader(text, report), name, report), MediaShelf(source)


def _plain_exam(
    reader: MoodleReader | GiftReader, name: str, report: Report
) -> tuple[Exam, Scoring]:
    stem = re.sub(r"\.\w+$", "", name)
    ItemReport(report, "").warn("The file does not say in which language the exam is.")
    exam_id = re.sub(r"[^\w.\-:]+", "-", stem)[:128] or "exam"
    return exam_of(reader.read(), exam_id=exam_id, title=stem)
