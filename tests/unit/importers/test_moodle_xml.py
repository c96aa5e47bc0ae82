"""Moodle XML."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from appliance.domain.exams import Choice, ExtendedText, Match, TextFormat
from appliance.domain.scoring import score_item
from appliance.formats.authored_exam import AuthoredExam
from appliance.formats.import_report import Level
from provisioning.importers.exam_import import import_exam
from tests.browser.every_interaction import grey_png
from tests.unit.importers.making import reasons
from tests.unit.importers.test_qti_exam import kinds, sample


def moodle(folder: Path, kind: str, inside: str, text: str = "<p>Text</p>") -> AuthoredExam:
    """Import one item of a kind."""
    file = folder / "items.xml"
    file.write_text(
        f'<quiz><question type="{kind}"><name><text>N</text></name><questiontext format="html">'
        f"<text><![CDATA[{text}]]></text></questiontext>{inside}</question></quiz>"
    )
    return import_exam(file)


def option(fraction: str, text: str, extra: str = "") -> str:
    return f'<answer fraction="{fraction}" format="html"><text>{text}</text>{extra}</answer>'


def points(authored: AuthoredExam, value: object) -> str:
    return str(score_item(authored.scoring.items[0], {"RESPONSE": value}).points)


def test_thirds_bring_all_points_when_all_are_chosen(tmp_path: Path) -> None:
    """Moodle writes a third as 33.33333; a candidate must not lose the rest to rounding."""
    inside = "<defaultgrade>1</defaultgrade><single>false</single>"
    inside += "".join(option("33.33333", name) for name in "abc") + option("-100", "d")
    authored = moodle(tmp_path, "multichoice", inside)
    assert "1" == points(authored, ["o1", "o2", "o3"]).rstrip("0").rstrip(".")
    assert "0" == points(authored, ["o1", "o4"])


def test_number_is_scored_within_its_tolerance_when_numerical(tmp_path: Path) -> None:
    """The tolerance of the author holds; a comma is as good as a point."""
    inside = "<defaultgrade>2</defaultgrade>" + option("100", "3.14", "<tolerance>0.01</tolerance>")
    authored = moodle(tmp_path, "numerical", inside)
    assert ["2", "0"] == [points(authored, value) for value in ("3,15", "3.2")]


@pytest.mark.parametrize(("usecase", "expected"), [("0", "1"), ("1", "0")])
def test_case_counts_when_the_author_says_so(tmp_path: Path, usecase: str, expected: str) -> None:
    """Short texts are compared as the author wanted."""
    inside = f"<usecase>{usecase}</usecase>" + option("100", "Oxygen")
    assert expected == points(moodle(tmp_path, "shortanswer", inside), "oxygen")


def test_person_marks_when_an_accepted_text_has_a_wildcard(tmp_path: Path) -> None:
    """A pattern is not guessed at."""
    authored = moodle(tmp_path, "shortanswer", option("100", "oxy*"))
    assert authored.scoring.items[0].is_by_person
    assert "wildcard" in reasons(authored, Level.WARNING)


def test_pairs_are_matched_when_there_are_more_texts_than_rows(tmp_path: Path) -> None:
    """A text without a row is only there to choose from; two rows may share a text."""
    pairs = (("fox", "eats meat"), ("hare", "eats plants"), ("pike", "eats meat"), ("", "sleeps"))
    inside = "<defaultgrade>3</defaultgrade>" + "".join(
        f'<subquestion format="html"><text>{row}</text><answer><text>{target}</text></answer>'
        "</subquestion>"
        for row, target in pairs
    )
    authored = moodle(tmp_path, "matching", inside)
    (match,) = next(authored.exam.items()).interactions
    assert isinstance(match, Match)
    assert (3, 3) == (len(match.rows), len(match.columns))
    assert "3" == points(authored, ["r1 c1", "r2 c2", "r3 c1"]).rstrip("0").rstrip(".")


def test_true_and_false_become_a_choice(tmp_path: Path) -> None:
    """Two options in words."""
    authored = moodle(tmp_path, "truefalse", option("100", "true") + option("0", "false"))
    (choice,) = next(authored.exam.items()).interactions
    assert isinstance(choice, Choice)
    assert ["True", "False"] == [one.html for one in choice.options]


def test_picture_is_taken_out_when_it_is_embedded(tmp_path: Path) -> None:
    """Pictures lie in the XML as base64."""
    content = base64.b64encode(grey_png(4, 3)).decode()
    file = tmp_path / "items.xml"
    file.write_text(
        '<quiz><question type="description"><name><text>N</text></name>'
        '<questiontext format="html"><text><![CDATA[<p><img src="@@PLUGINFILE@@/a%20b.png" '
        'alt="grey" onerror="alert(1)"></p><script>alert(1)</script>]]></text>'
        f'<file name="a b.png" encoding="base64">{content}</file></questiontext></question></quiz>'
    )
    authored = import_exam(file)
    (name,) = authored.media
    assert f'<p><img src="media/{name}" alt="grey"></p>' == next(authored.exam.items()).body_html
    assert "a script" in reasons(authored, Level.LOST)


def test_kind_is_listed_when_it_is_not_supported(tmp_path: Path) -> None:
    """Nothing is lost silently."""
    file = tmp_path / "items.xml"
    file.write_text(
        '<quiz><question type="category"/><question type="ddimageortext"><name><text>Map</text>'
        '</name></question><question type="essay"><name><text>E</text></name></question></quiz>'
    )
    authored = import_exam(file)
    assert "'ddimageortext' are not supported: Map" in reasons(authored, Level.LOST)
    assert {"extended_text": 1} == kinds(authored)


def test_samples_are_imported_as_they_are() -> None:
    """Real exports of another exam system."""
    essay = sample("moodle/essay-quiz.xml")
    (text,) = next(essay.exam.items()).interactions
    assert isinstance(text, ExtendedText)
    assert (TextFormat.RICH, 15) == (text.text_format, text.expected_lines)
    assert "An attached file is left out: Hello.pdf" in reasons(essay, Level.LOST)
    weighted = sample("moodle/weighted-multichoice-quiz.xml")
    assert ["3", "2", "0"] == [
        points(weighted, value).rstrip("0").rstrip(".") or "0"
        for value in (["o1", "o2", "o3"], ["o1", "o2"], ["o1", "o4"])
    ]
