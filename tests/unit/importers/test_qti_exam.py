"""Whole exams: the demo exam, the samples, and the structure of a test."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from appliance.domain.exams import Navigation, Submission
from appliance.formats.authored_exam import AuthoredExam, read_authored_exam, write_authored_exam
from appliance.formats.import_report import Level
from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam
from tests.unit.formats.test_zip_reading import zipped
from tests.unit.importers.making import NAMESPACE, item_xml, reasons

SAMPLES = Path(__file__).resolve().parents[3] / "../shared/samples"


def sample(name: str) -> AuthoredExam:
    """Import a sample, or skip the test visibly."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not here")
    return import_exam(path)


def kinds(authored: AuthoredExam) -> dict[str, int]:
    return dict(Counter(one.kind for item in authored.exam.items() for one in item.interactions))


def test_demo_exam_is_imported_without_a_line_when_it_is_as_shipped() -> None:
    """What we ship is carried over whole, with points for everything."""
    authored = import_exam(demo_exam_directory())
    assert () == authored.report.lines
    assert 15 == len(list(authored.exam.items()))
    assert 7200 == authored.exam.duration_seconds
    assert ["Part A: Lakes", "Part B: Wetlands"] == [part.title for part in authored.exam.parts]
    assert 43 == sum(int(item.max_score or 0) for item in authored.exam.items())
    assert {"norrsjon"} == {stimulus.stimulus_id for stimulus in authored.exam.stimuli}
    assert 10 == len(kinds(authored))


def test_school_exam_has_its_items_when_imported() -> None:
    """The 45 items that are responded to, and the two that only inform."""
    authored = sample("qti3/cito-exam-45-items.zip")
    assert {"choice": 30, "extended_text": 15} == kinds(authored)
    assert ("nl",) == authored.exam.languages
    assert 30 == sum(not rule.is_by_person for rule in authored.scoring.items if rule.responses)
    assert authored == read_authored_exam(write_authored_exam(authored))


def test_mixed_exam_keeps_every_interaction_when_imported() -> None:
    """A picture that lies on somebody's server is listed; its interaction is there all the same."""
    authored = sample("qti3/cito-mixed-interactions.zip")
    assert 8 == len(kinds(authored))
    assert "storage.googleapis.com" in reasons(authored, Level.LOST)


def test_responses_are_collected_when_response_processing_is_broken() -> None:
    """Thirteen items compare with a correct response that is not there."""
    authored = sample("qti3/cito-invalid-response-processing.zip")
    broken = [line for line in authored.report.lines if "processing is broken" in line.reason]
    assert 13 == len(broken)
    assert {"choice": 7, "extended_text": 13} == kinds(authored)
    assert all(rule.max_score for rule in authored.scoring.items)


def test_older_test_is_imported_when_it_has_no_manifest() -> None:
    """QTI 2.1 with one test file and its items beside it."""
    authored = sample("qti21/webdeveloper-test")
    assert "QTI 2.1" == authored.report.source_format
    assert {"choice": 8, "inline_choice": 2} == kinds(authored)
    assert not any(rule.is_by_person for rule in authored.scoring.items)


def test_older_items_are_imported_when_there_is_no_test() -> None:
    """A folder of items is an exam of one part; what they compute is listed."""
    authored = sample("qti21/stomp")
    assert 20 == len(list(authored.exam.items()))
    assert 11 == len(kinds(authored))
    assert "computes its values" in reasons(authored, Level.LOST)


TEST = f"""<qti-assessment-test xmlns="{NAMESPACE}" identifier="t" title="T" xml:lang="sv">
<qti-time-limits max-time="3600"/>
<qti-test-part identifier="p" navigation-mode="linear" submission-mode="individual">
<qti-time-limits max-time="600"/>
<qti-assessment-section identifier="outer" title="Outer" visible="true">
<qti-rubric-block view="candidate"><qti-content-body><p>Read</p></qti-content-body>
</qti-rubric-block>
<qti-rubric-block view="proctor"><qti-content-body><p>Watch</p></qti-content-body>
</qti-rubric-block>
<qti-assessment-section identifier="inner" title="Inner" visible="true">
<qti-selection select="1"/><qti-ordering shuffle="true"/>
<qti-assessment-item-ref identifier="x" href="one.xml" fixed="true">
<qti-time-limits max-time="60"/><qti-pre-condition/><qti-weight identifier="w" value="2"/>
</qti-assessment-item-ref>
<qti-assessment-item-ref identifier="y" href="one.xml"/>
<qti-assessment-item-ref identifier="z" href="gone.xml"/>
</qti-assessment-section></qti-assessment-section></qti-test-part></qti-assessment-test>"""


@pytest.fixture
def structured(tmp_path: Path) -> AuthoredExam:
    """A test with everything a section can say."""
    (tmp_path / "test.xml").write_text(TEST)
    (tmp_path / "one.xml").write_text(item_xml())
    return import_exam(tmp_path)


def test_structure_is_kept_when_a_test_has_sections_within_sections(
    structured: AuthoredExam,
) -> None:
    """Inner sections stand in a row; the words of the outer one come before the first."""
    (part,) = structured.exam.parts
    (section,) = part.sections
    assert (Navigation.LINEAR, Submission.INDIVIDUAL) == (part.navigation, part.submission)
    assert (3600, 600) == (structured.exam.duration_seconds, part.time_limit_seconds)
    assert ("Inner", "<p>Read</p>", True, 1) == (
        section.title,
        section.rubric_html,
        section.shuffle,
        section.select_count,
    )
    assert [("x", True, 60), ("y", False, None)] == [
        (item.item_id, item.is_fixed, item.time_limit_seconds) for item in section.items
    ]
    assert ("sv", "en") == structured.exam.languages


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        (Level.LOST, "The item is missing: gone.xml"),
        (Level.LOST, "A condition under which a part is shown"),
        (Level.LOST, "The weight of an item"),
        (Level.NOTE, "A note for proctor"),
    ],
)
def test_report_names_what_is_missing_when_a_test_says_more(
    structured: AuthoredExam, level: Level, reason: str
) -> None:
    """Conditions, weights, missing files and notes for others are listed."""
    assert reason in reasons(structured, level)


OLD_ITEM = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="one"
title="One" adaptive="false" timeDependent="false">
<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">
<correctResponse><value>a</value></correctResponse></responseDeclaration>
<itemBody><choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="1">
<simpleChoice identifier="a" fixed="true">A</simpleChoice>
<simpleChoice identifier="b">B</simpleChoice></choiceInteraction></itemBody>
<responseProcessing
template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>
</assessmentItem>"""
OLD_TEST = """<assessmentTest xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="t"
title="T"><testPart identifier="p" navigationMode="nonlinear" submissionMode="simultaneous">
<assessmentSection identifier="s" title="S" visible="true">
<assessmentItemRef identifier="i1" href="../items/one%20item.xml"/>
</assessmentSection></testPart></assessmentTest>"""
OLD_MANIFEST = """<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources>
<resource type="imsqti_test_xmlv2p1" href="tests/t.xml"/>
<resource type="imsqti_test_xmlv2p1" href="tests/other.xml"/>
<resource type="imsqti_item_xmlv2p1" href="items/one%20item.xml"/>
<resource type="imsqti_item_xmlv2p1" href="items/unused.xml"/></resources></manifest>"""


def test_older_package_is_imported_when_its_manifest_lies_in_a_folder(tmp_path: Path) -> None:
    """Folders zipped with their own name, spaces in names; what is not used is listed."""
    file = tmp_path / "old.zip"
    files = {
        "package/imsmanifest.xml": OLD_MANIFEST,
        "package/tests/t.xml": OLD_TEST,
        "package/tests/other.xml": OLD_TEST,
        "package/items/one item.xml": OLD_ITEM,
        "package/items/unused.xml": OLD_ITEM,
    }
    file.write_bytes(zipped({name: content.encode() for name, content in files.items()}))
    authored = import_exam(file)
    (item,) = authored.exam.items()
    assert ("i1", "choice") == (item.item_id, item.interactions[0].kind)
    assert "QTI 2.1" == authored.report.source_format
    assert "package/tests/other.xml" in reasons(authored, Level.LOST)
    assert "package/items/unused.xml" in reasons(authored, Level.WARNING)
    assert not authored.scoring.items[0].is_by_person
