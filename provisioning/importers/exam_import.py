"""Importing: from a file or folder of any supported format to an authored exam."""

from __future__ import annotations

from pathlib import Path

from appliance.formats.authored_exam import AuthoredExam
from appliance.formats.exam_model import check_exam, check_scoring
from provisioning.importers.media import MediaShelf
from provisioning.importers.qti_exam import ExamReader
from provisioning.importers.qti_package import Package
from provisioning.importers.reporting import Report
from provisioning.importers.sources import open_source


def import_exam(path: Path) -> AuthoredExam:
    """Import a QTI package (zip or folder) or a single QTI file.

    Raises a SourceMissingError, SourceUnknownError, XmlUnreadableError, ExamModelError or one of
    the zip errors; what cannot be carried over is no error but a line of the report.
    """
    source = open_source(path)
    report = Report(source.name)
    package = Package(source)
    report.source_format = package.version
    shelf = MediaShelf(source)
    exam, scoring = ExamReader(package, shelf, report).read()
    check_exam(exam)
    check_scoring(scoring)
    return AuthoredExam(
        exam=exam,
        scoring=scoring,
        report=report.closed(),
        media=dict(sorted(shelf.files.items())),
        original=source.original(),
    )
