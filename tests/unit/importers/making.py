"""Small QTI files for tests."""

from __future__ import annotations

from pathlib import Path

from appliance.formats.authored_exam import AuthoredExam
from appliance.formats.import_report import Level
from provisioning.importers.exam_import import import_exam

NAMESPACE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
CHOICE = """<qti-choice-interaction response-identifier="RESPONSE" max-choices="1">
<qti-simple-choice identifier="a">A</qti-simple-choice>
<qti-simple-choice identifier="b">B</qti-simple-choice></qti-choice-interaction>"""
DECLARED = """<qti-response-declaration identifier="RESPONSE" cardinality="single"
base-type="identifier"><qti-correct-response><qti-value>a</qti-value></qti-correct-response>
<qti-mapping default-value="0"><qti-map-entry map-key="a" mapped-value="3"/></qti-mapping>
</qti-response-declaration>
<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float"/>
<qti-outcome-declaration identifier="MAXSCORE" cardinality="single" base-type="float">
<qti-default-value><qti-value>2</qti-value></qti-default-value></qti-outcome-declaration>"""
TEMPLATES = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"
MATCHED = f'<qti-response-processing template="{TEMPLATES}match_correct.xml"/>'


def item_xml(
    body: str = CHOICE, *, declared: str = DECLARED, processing: str = MATCHED, head: str = ""
) -> str:
    """Return a QTI 3 item."""
    return (
        f'<qti-assessment-item xmlns="{NAMESPACE}" identifier="one" title="One" xml:lang="en" '
        f'adaptive="false" time-dependent="false" {head}>{declared}'
        f"<qti-item-body>{body}</qti-item-body>{processing}</qti-assessment-item>"
    )


def imported(folder: Path, xml: str) -> AuthoredExam:
    """Write one item and import it."""
    file = folder / "one.xml"
    file.write_text(xml, encoding="utf-8")
    return import_exam(file)


def reasons(authored: AuthoredExam, level: Level) -> str:
    """Return all lines of a level as one text."""
    return "\n".join(line.reason for line in authored.report.at(level))
