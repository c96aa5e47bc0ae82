"""Items as HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from appliance.domain.exams import Choice, Exam, Item, Option
from appliance.formats.exam_model import INTERACTION_KINDS
from appliance.rendering import item_html
from appliance.rendering.item_html import render_exam_preview, render_item
from appliance.rendering.texts import texts_for
from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam
from tests.unit.formats.test_exam_model import EXAM, with_item


@pytest.fixture(scope="module")
def demo() -> Exam:
    """The demo exam."""
    return import_exam(demo_exam_directory()).exam


class _Reader(HTMLParser):
    """Collects ids and attributes, and what must not be in a page under our policy."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "iframe"}:
            self.forbidden.append(tag)
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.forbidden.append(name)
            if name == "id":
                self.ids.append(value or "")
            if name in {"for", "aria-labelledby", "aria-describedby"}:
                self.references += (value or "").split()


def read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def test_preview_has_unique_ids_when_all_items_stand_on_one_page(demo: Exam) -> None:
    """Labels point to their own item, and nothing needs a looser policy."""
    page = read(render_exam_preview(demo, "/media"))
    assert len(page.ids) == len(set(page.ids))
    assert set() == set(page.references) - set(page.ids)
    assert [] == page.forbidden


def test_item_is_the_same_when_the_seed_is_the_same(demo: Exam) -> None:
    """One candidate sees one order; another sees another."""
    item = demo.item("eutrophication")
    if item is None:
        raise AssertionError("the demo exam lacks an item")
    made = [render_item(item, demo, seed=seed, media_base="/m") for seed in ("a", "a", "b")]
    assert made[0] == made[1]
    assert made[0] != made[2]
    assert sorted(made[0]) == sorted(made[2])


def test_media_lie_under_the_given_address_when_an_item_has_pictures(demo: Exam) -> None:
    """No address of the model stays as it was, and text that looks like one is not touched."""
    html = render_exam_preview(demo, '/media/a"b')
    assert 'src="media/' not in html
    assert 4 + 2 == len(re.findall(r'src="/media/a&quot;b/[0-9a-z]+\.png"', html))


def test_texts_are_those_of_the_reader_when_given(demo: Exam) -> None:
    """Every word of ours can be replaced."""
    item = demo.item("seasons")
    if item is None:
        raise AssertionError("the demo exam lacks an item")
    html = render_item(
        item, demo, seed="a", media_base="/m", texts=texts_for(lambda text: f"[{text}]")
    )
    assert "[Keep this order]" in html


def test_names_are_escaped_when_they_hold_markup() -> None:
    """Titles and labels are text, whatever is in them."""
    choice = Choice(response_id="R", options=(Option(option_id="a", html="A"),))
    item = Item(
        item_id="i",
        title="",
        label="",
        body_html='<div data-interaction="R"></div>',
        language='en"><script>',
        interactions=(choice,),
        stimulus_ids=("s",),
    )
    html = render_item(item, with_item(item), seed="a", media_base="/m")
    assert [] == read(html).forbidden


def test_every_kind_of_interaction_has_a_renderer() -> None:
    """A kind the model knows can be shown."""
    assert set(INTERACTION_KINDS) == set(item_html._RENDERERS)


def test_item_of_every_kind_is_rendered_when_the_model_allows_it() -> None:
    """Kinds the demo exam lacks are rendered too."""
    item = next(EXAM.items())
    html = render_item(item, EXAM, seed="a", media_base="/m")
    assert 4 == html.count("data-response=")
