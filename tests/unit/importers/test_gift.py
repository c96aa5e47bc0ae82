"""GIFT."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.scoring import score_item
from appliance.formats.authored_exam import AuthoredExam
from appliance.formats.exam_model import check_exam, check_scoring
from appliance.formats.import_report import Level
from provisioning.importers.exam_import import import_exam
from provisioning.importers.gift import GiftReader
from provisioning.importers.plain_items import exam_of
from provisioning.importers.reporting import Report
from provisioning.importers.sources import SourceUnknownError
from tests.unit.importers.making import reasons


def gift(folder: Path, text: str) -> AuthoredExam:
    file = folder / "items.gift"
    file.write_text(text, encoding="utf-8")
    return import_exam(file)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("::T:: Which? {=this ~that ~other}", "o1", "1"),
        ("Which? {=this ~that}", "o2", "0"),
        ("Which? {=this ~%50%nearly}", "o2", "0.5"),
        ("Which? {~%50%a ~%50%b ~%-100%c}", ["o1", "o2"], "1"),
        ("Which? {~%50%a ~%50%b ~%-100%c}", ["o1", "o3"], "0"),
        ("Where? {=Paris =Lutetia}", "lutetia", "1"),
        ("How much? {#3.14:0.01}", "3,15", "1"),
        ("How much? {#3..4}", "3.5", "1"),
        ("How much? {#3..4}", "4.1", "0"),
        ("How much? {#=1822:0 =%50%1822:2}", "1823", "0.5"),
        ("Is it? {T}", "o1", "1"),
        ("Is it? {FALSE#well done#no}", "o2", "1"),
        ("Match {=a -> b =c -> d}", ["r1 c1"], "0.5"),
        (r"Which? {=2 \= 2 ~\{x\}}", "o1", "1"),
    ],
)
def test_item_is_scored_as_written(tmp_path: Path, text: str, value: object, expected: str) -> None:
    """Shares, tolerances, ranges, pairs and escaped signs."""
    rule = gift(tmp_path, text).scoring.items[0]
    assert float(expected) == float(score_item(rule, {"RESPONSE": value}).points or 0)


def test_items_are_told_apart_when_a_file_has_several(tmp_path: Path) -> None:
    """Empty lines divide; comments and categories are no items."""
    text = (
        "// a comment\n$CATEGORY: lakes\n\n::One:: Explain. {}\n\n"
        "A text only\n\n::Two::[html]<b>Is</b> {T} it?\n"
    )
    items = list(gift(tmp_path, text).exam.items())
    assert ["One", "A text only", "Two"] == [item.title for item in items]
    assert ["extended_text", "", "choice"] == [
        item.interactions[0].kind if item.interactions else "" for item in items
    ]
    assert items[2].body_html.startswith("<b>Is</b>  _____  it?")


def test_feedback_is_listed_when_there_is_some(tmp_path: Path) -> None:
    """It is not shown in an exam."""
    authored = gift(tmp_path, "Which? {=this#right ~that#wrong}")
    assert "Feedback" in reasons(authored, Level.LOST)


def test_markup_is_text_when_a_file_is_hostile(tmp_path: Path) -> None:
    """A text file may hold a script all the same."""
    authored = gift(
        tmp_path, "<script>alert(1)</script>Which? {=<img src\\=x onerror\\=alert(1)> ~b}"
    )
    written = repr(authored.exam)
    assert "<script" not in written
    assert "onerror" not in written


@pytest.mark.parametrize("data", [b"no braces", b"\xff\xfe{"])
def test_import_is_refused_when_a_text_is_no_gift(tmp_path: Path, data: bytes) -> None:
    """The sentence says what can be imported."""
    file = tmp_path / "items.txt"
    file.write_bytes(data)
    with pytest.raises(SourceUnknownError):
        import_exam(file)


@given(st.text(alphabet="abT1{}=~#:->%.\\\n <", max_size=60))
def test_reader_never_fails_whatever_a_file_holds(text: str) -> None:
    """Any text gives a valid exam or none; it never stops the program."""
    items = GiftReader("a {}\n\n" + text, Report("x")).read()
    exam, scoring = exam_of(items, exam_id="x", title="x")
    check_exam(exam)
    check_scoring(scoring)
