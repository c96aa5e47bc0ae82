"""Bodies: what stays, what goes, and that nothing that acts can stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.formats.import_report import Level
from provisioning.importers.sanitising import sanitise_body
from tests.browser.every_interaction import grey_png
from tests.unit.importers.making import CHOICE, imported, item_xml, reasons


def body_of(folder: Path, html: str) -> str:
    """Return what becomes of some body, without the choice that follows it."""
    item = next(imported(folder, item_xml(html + CHOICE)).exam.items())
    return item.body_html.removesuffix('<div data-interaction="RESPONSE"></div>')


@pytest.mark.parametrize(
    "html",
    [
        "<p>a <b>b</b> <i>c</i> <sub>d</sub><br>e &amp; &lt;f&gt;</p>",
        '<table><caption>T</caption><tbody><tr><th scope="col">h</th><td colspan="2">d</td></tr>'
        "</tbody></table>",
        '<ul><li>1</li></ul><ol start="3"><li>2</li></ol>',
        '<p lang="sv" dir="ltr">text</p>',
        '<blockquote><p class="qti-align-center">text</p></blockquote>',
    ],
)
def test_text_stays_as_it_is_when_it_is_plain_html(tmp_path: Path, html: str) -> None:
    """Text, tables, lists and shared vocabulary classes pass unchanged."""
    written = html.replace("<br>", "<br/>")
    assert html == body_of(tmp_path, written)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<iframe src="https://example.org"></iframe>',
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<img src="https://example.org/x.png" alt="x"/>',
        '<img src="data:image/svg+xml;base64,PHN2Zz4=" alt="x"/>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><circle/></svg>',
        "<style>p { background: url(https://example.org) }</style>",
        '<form action="https://example.org"><input name="a"/></form>',
        '<p style="background:url(https://example.org)">x</p>',
        '<object data="https://example.org/x.swf" type="application/x-shockwave-flash">x</object>',
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mtext><script>alert(1)</script></mtext>'
        '<maction actiontype="statusline#https://example.org"><mi>x</mi></maction></math>',
        '<math xmlns="http://www.w3.org/1998/Math/MathML" href="javascript:alert(1)"><mi>x</mi>'
        '<annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    ],
)
def test_nothing_that_acts_stays_when_a_body_is_hostile(tmp_path: Path, html: str) -> None:
    """No script, no address, no handler, no style survives, in whatever it was wrapped."""
    kept = body_of(tmp_path, html)
    for trace in ("<script", "onclick", "onload", "javascript:", "example.org", "<svg", "style="):
        assert trace not in kept


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<script>1</script>", "a script"),
        ('<p onclick="1">x</p>', "onclick"),
        ('<iframe src="x"/>', "an embedded page"),
        ('<img src="missing.png" alt="x"/>', "there is no file missing.png"),
        ('<img src="../../etc/passwd" alt="x"/>', "there is no file"),
        ('<img src="https://example.org/x.png" alt="x"/>', "it lies outside the file"),
        ("<marquee>x</marquee>", "marquee"),
        ('<qti-drawing-interaction response-identifier="D"/>', "drawing on a picture"),
        ('<qti-portable-custom-interaction response-identifier="D"/>', "portable custom"),
        (
            '<qti-feedback-block outcome-identifier="F" identifier="f">x</qti-feedback-block>',
            "Feed",
        ),
        ('<qti-printed-variable identifier="V"/>', "computed for each candidate"),
    ],
)
def test_report_says_so_when_something_is_left_out(tmp_path: Path, html: str, reason: str) -> None:
    """Nothing is lost silently."""
    authored = imported(tmp_path, item_xml(html + CHOICE))
    assert reason in reasons(authored, Level.LOST)


def test_picture_is_named_by_its_content_when_taken_in(tmp_path: Path) -> None:
    """The type comes from the bytes and the name from their hash, whatever the file was called."""
    (tmp_path / "Fig 1.jpg").write_bytes(grey_png(4, 3))
    authored = imported(
        tmp_path, item_xml('<p><img src="Fig%201.jpg" alt="A &quot;field&quot;"/></p>' + CHOICE)
    )
    (name,) = authored.media
    assert name.endswith(".png")
    html = next(authored.exam.items()).body_html
    assert f'<img src="media/{name}" alt="A &quot;field&quot;">' in html


def test_picture_is_refused_when_it_is_a_page_in_disguise(tmp_path: Path) -> None:
    """A file that is no picture is not served as one."""
    (tmp_path / "x.png").write_bytes(b"<html><script>alert(1)</script>")
    authored = imported(tmp_path, item_xml('<p><img src="x.png" alt="x"/></p>' + CHOICE))
    assert {} == authored.media
    assert "no picture, sound or film" in reasons(authored, Level.LOST)


def test_formula_stays_when_it_is_mathml(tmp_path: Path) -> None:
    """Chromium draws MathML; its other spellings are dropped."""
    math = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><semantics>'
        "<mfrac><mi>a</mi><mn>2</mn></mfrac><annotation>a/2</annotation></semantics></math>"
    )
    assert (
        '<math display="block"><semantics><mfrac><mi>a</mi><mn>2</mn></mfrac></semantics></math>'
        == body_of(tmp_path, math)
    )


def test_rubric_is_kept_apart_when_it_is_for_scorers(tmp_path: Path) -> None:
    """The marking guide goes to the scoring, never into the exam."""
    rubric = '<qti-rubric-block view="scorer"><p>Secret: 2 points</p></qti-rubric-block>'
    authored = imported(tmp_path, item_xml(rubric + CHOICE))
    assert "Secret" not in next(authored.exam.items()).body_html
    assert "<p>Secret: 2 points</p>" == authored.scoring.items[0].marking_guide_html


def test_feedback_is_kept_when_it_shows_from_the_start(tmp_path: Path) -> None:
    """What an adaptive item shows before any response is its text."""
    outcome = (
        '<qti-outcome-declaration identifier="S" cardinality="single" base-type="identifier">'
        "<qti-default-value><qti-value>on</qti-value></qti-default-value></qti-outcome-declaration>"
    )
    blocks = "".join(
        f'<qti-feedback-block outcome-identifier="S" show-hide="{show}" identifier="{name}">'
        f"<p>{show} {name}</p></qti-feedback-block>"
        for show, name in (("show", "on"), ("show", "off"), ("hide", "on"), ("hide", "off"))
    )
    xml = item_xml(blocks + CHOICE).replace("<qti-item-body>", outcome + "<qti-item-body>")
    html = next(imported(tmp_path, xml).exam.items()).body_html
    assert ["show on", "hide off"] == [
        words for words in ("show on", "show off", "hide on", "hide off") if words in html
    ]


def test_address_is_removed_when_it_is_not_one_of_our_media() -> None:
    """The second line of defence does not rely on the first."""
    hostile = '<img src="https://example.org/x.png" alt="x"><img src="../x.png" alt="y">'
    assert '<img alt="x"><img alt="y">' == sanitise_body(hostile)
