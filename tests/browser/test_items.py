"""Every interaction in a real browser: filled by mouse, by keyboard, read, restored, locked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam
from tests.browser.every_interaction import write_items
from tests.browser.item_page import ROOT, ItemPage

pytestmark = pytest.mark.browser

SAMPLES = ROOT / "../shared/samples"
TABS_MAX = 80
Act = Callable[[Page], None]


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the Tab key does not reach {selector}")


def pressed(*keys: str) -> Act:
    """Return an act that presses keys, where `to SELECTOR` means Tab until there."""

    def act(page: Page) -> None:
        for key in keys:
            if key.startswith("to "):
                page.evaluate("document.activeElement.blur()")
                tab_to(page, key.removeprefix("to "))
            elif key.startswith("type "):
                page.keyboard.type(key.removeprefix("type "))
            else:
                page.keyboard.press(key)

    return act


def clicked(*selectors: str) -> Act:
    """Return an act that clicks one element after the other."""

    def act(page: Page) -> None:
        for selector in selectors:
            page.click(selector)

    return act


def value(name: str) -> str:
    return f'[data-value="{name}"]'


def place(name: str) -> str:
    return f'[data-place="{name}"]'


@dataclass(frozen=True)
class Case:
    """How an item is filled in both ways, and what its values are then."""

    item_id: str
    mouse: Act
    keyboard: Act
    values: dict[str, Any]


def _mouse_inline(page: Page) -> None:
    for response, chosen in (("MIXED", "m4"), ("LAYER", "sediment"), ("CAUSE", "decay")):
        page.select_option(f'[data-response="{response}"] select', chosen)


def _keyboard_inline(page: Page) -> None:
    for response, first in (("MIXED", "4"), ("LAYER", "sed"), ("CAUSE", "the b")):
        pressed(f'to [data-response="{response}"] select', f"type {first}")(page)


def _mouse_drag_gaps(page: Page) -> None:
    page.drag_and_drop(f".chip{value('phosphorus')}", place("g1"))
    clicked(f".chip{value('algae')}", place("g2"))(page)


def _mouse_rich(page: Page) -> None:
    page.click(".rich")
    page.keyboard.type("Water is ")
    page.click('[data-command="bold"]')
    page.keyboard.type("dense")
    page.click('[data-command="bold"]')
    page.keyboard.type(" at 4 ")
    page.click('[data-command="characters"]')
    page.click('[data-character="°"]')
    page.keyboard.type("C & more")


def _keyboard_rich(page: Page) -> None:
    pressed("to .rich", "type Water is ", "Control+b", "type dense", "Control+b", "type  at 4 ")(
        page
    )
    page.keyboard.press("Shift+Tab")  # the toolbar is one stop
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    pressed("Enter", "Tab", "Enter", "type C & more")(page)


def _mouse_slider(page: Page) -> None:
    box = page.locator("input[type=range]").bounding_box()
    if box is None:
        raise AssertionError("the slider is not shown")
    page.mouse.click(box["x"] + box["width"] * 8 / 12, box["y"] + box["height"] / 2)


DEMO = (
    Case(
        "density",
        clicked('label:has([value="c4"])'),
        pressed("to [name]", "ArrowDown"),
        {"RESPONSE": "c4"},
    ),
    Case(
        "layers",
        clicked(value("A"), value("B")),
        pressed(f"to {value('B')}", "Enter"),
        {"RESPONSE": "B"},
    ),
    Case(
        "oxygen-sources",
        clicked(
            'label:has([value="mix"])', 'label:has([value="photo"])', 'label:has([value="ice"])'
        ),
        pressed('to [value="photo"]', "Space", 'to [value="mix"]', "Space"),
        {"RESPONSE": ["photo", "mix"]},
    ),
    Case(
        "seasons",
        clicked(*[f"{value('ice')} [data-move='-1']"] * 3),
        pressed(f"to {value('ice')} [data-move='-1']", "Enter", "Enter", "Enter"),
        {"RESPONSE": ["ice", "summer", "autumn", "spring"]},
    ),
    Case(
        "eutrophication",
        _mouse_drag_gaps,
        pressed(
            *(f"to .chip{value('phosphorus')}", "Enter", f"to {place('g1')}", "Enter"),
            *(f"to .chip{value('algae')}", "Space", f"to {place('g2')}", "Space"),
        ),
        {"RESPONSE": ["phosphorus g1", "algae g2"]},
    ),
    Case(
        "turnover",
        _mouse_rich,
        _keyboard_rich,
        {"RESPONSE": "Water is <b>dense</b> at 4 °C &amp; more"},
    ),
    Case(
        "difference",
        lambda page: page.fill(".text-entry input", "8,2"),
        pressed("to .text-entry input", "type 8,2"),
        {"RESPONSE": "8,2"},
    ),
    Case(
        "profile",
        _mouse_inline,
        _keyboard_inline,
        {"MIXED": "m4", "LAYER": "sediment", "CAUSE": "decay"},
    ),
    Case(
        "light",
        _mouse_slider,
        pressed("to input[type=range]", "ArrowRight", "ArrowRight"),
        {"RESPONSE": "8"},
    ),
    Case(
        "trout",
        lambda page: page.fill("textarea", "Too warm above,\ntoo little oxygen below."),
        pressed("to textarea", "type Too warm above,", "Enter", "type too little oxygen below."),
        {"RESPONSE": "Too warm above,\ntoo little oxygen below."},
    ),
    Case(
        "roles",
        clicked(
            '[data-row="reed"][data-column="herbivore"]',
            '[data-row="reed"][data-column="producer"]',
        ),
        pressed('to [data-row="reed"][data-column="producer"]', "Space"),
        {"RESPONSE": ["reed producer"]},
    ),
    Case(
        "mistakes",
        clicked(value("h2"), value("h1"), value("h1"), value("h4"), value("h5")),
        pressed(f"to {value('h2')}", "Enter", f"to {value('h4')}", "Space"),
        {"RESPONSE": ["h2", "h4"]},
    ),
)


def click_at(page: Page, x: int, y: int) -> None:
    """Click on a pixel of the picture of 300 by 200, however large it is shown."""
    box = page.locator(".stage").bounding_box()
    if box is None:
        raise AssertionError("the picture is not shown")
    page.mouse.click(
        box["x"] + x / 300 * box["width"] + 0.2, box["y"] + y / 200 * box["height"] + 0.2
    )


def _click_points(page: Page) -> None:
    click_at(page, 30, 20)
    click_at(page, 150, 100)


def _move_column(page: Page) -> None:
    page.select_option('[data-row="a"]', "c2")
    page.select_option('[data-row="b"]', "c2")  # fits once only, so it leaves the first row


def _upload(page: Page) -> None:
    page.set_input_files(
        "input[type=file]", {"name": "leaf.txt", "mimeType": "text/plain", "buffer": b"a leaf"}
    )


FILE_VALUE = {
    "name": "leaf.txt",
    "media_type": "text/plain",
    "size_bytes": 6,
    "sha256": hashlib.sha256(b"a leaf").hexdigest(),
}
OTHERS = (
    Case(
        "associate",
        clicked(value("fox"), value("hare"), value("pike"), value("roach")),
        pressed(
            *(f"to {value('fox')}", "Enter", f"to {value('hare')}", "Enter"),
            *(f"to {value('pike')}", "Enter", f"to {value('roach')}", "Enter"),
        ),
        {"RESPONSE": ["fox hare", "pike roach"]},
    ),
    Case(
        "points",
        _click_points,
        pressed(
            *("to .point-area", *["Shift+ArrowLeft"] * 6, *["Shift+ArrowUp"] * 4, "Enter"),
            *(*["Shift+ArrowDown"] * 4, *["Shift+ArrowRight"] * 6, "Enter"),
        ),
        {"RESPONSE": ["30 20", "150 100"]},
    ),
    Case(
        "position",
        lambda page: click_at(page, 30, 20),
        pressed("to .point-area", *["Shift+ArrowLeft"] * 6, *["Shift+ArrowUp"] * 4, "Enter"),
        {"RESPONSE": "30 20"},
    ),
    Case(
        "regions",
        clicked(value("c"), value("b"), value("a"), value("b")),
        pressed(f"to {value('c')}", "Enter", f"to {value('a')}", "Space"),
        {"RESPONSE": ["c", "a"]},
    ),
    Case(
        "lines",
        clicked(value("a"), value("b"), value("b"), value("c")),
        pressed(
            *(f"to {value('a')}", "Enter", f"to {value('b')}", "Enter"),
            *(f"to {value('b')}", "Enter", f"to {value('c')}", "Enter"),
        ),
        {"RESPONSE": ["a b", "b c"]},
    ),
    Case(
        "labels",
        clicked(value("x"), place("top"), value("y"), place("top"), value("x"), place("foot")),
        pressed(
            *(f"to {value('y')}", "Enter", f"to {place('top')}", "Enter"),
            *(f"to {value('x')}", "Enter", f"to {place('foot')}", "Enter"),
        ),
        {"RESPONSE": ["y top", "x foot"]},
    ),
    Case(
        "long-match",
        _move_column,
        pressed('to [data-row="b"]', "ArrowDown", "ArrowDown", "ArrowDown"),
        {"RESPONSE": ["b c2"]},
    ),
)


@pytest.fixture(scope="module")
def demo(browser: Browser) -> Iterator[ItemPage]:
    """A tab that shows the demo exam."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    yield ItemPage(page, import_exam(demo_exam_directory()))
    page.close()


@pytest.fixture(scope="module")
def others(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ItemPage]:
    """A tab that shows the interactions the demo exam does not have."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    yield ItemPage(page, import_exam(write_items(tmp_path_factory.mktemp("items"))))
    page.close()


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong, each with where."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes']]}" for one in found]


def check(shown: ItemPage, case: Case) -> None:
    """Fill by mouse and by keyboard, read, look with axe, restore, restore locked."""
    for act in (case.mouse, case.keyboard):
        shown.show(case.item_id)
        empty = shown.values()
        assert [None] * len(empty) == list(empty.values())
        act(shown.page)
        assert case.values == shown.values()
        response, last = shown.last_change()
        assert case.values[response] == last
    assert [] == violations(shown.page)
    assert case.values == shown.remount(case.values)
    assert case.values == shown.remount(case.values, read_only=True)
    assert [] == violations(shown.page)
    enabled = ".interaction :is(button, input, select):enabled, .interaction [contenteditable=true]"
    assert 0 == shown.page.locator(enabled).count()
    assert [] == shown.problems


@pytest.mark.parametrize("case", DEMO, ids=lambda case: case.item_id)
def test_demo_item_is_filled_and_restored_when_used_by_mouse_and_keyboard(
    demo: ItemPage, case: Case
) -> None:
    """Mouse and keyboard give the same values, a remount restores them, axe finds nothing."""
    check(demo, case)


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.item_id)
def test_other_interaction_is_filled_and_restored_when_used_by_mouse_and_keyboard(
    others: ItemPage, case: Case
) -> None:
    """The interactions that the demo exam lacks behave the same way."""
    check(others, case)


def test_upload_has_name_size_and_hash_when_a_file_is_chosen(others: ItemPage) -> None:
    """The value describes the file; the file itself goes to onChange beside it."""
    others.show("upload")
    _upload(others.page)
    others.until("item.getValue('RESPONSE') !== null")
    assert {"RESPONSE": FILE_VALUE} == others.values()
    assert {"RESPONSE": FILE_VALUE} == others.remount({"RESPONSE": FILE_VALUE})
    assert "leaf.txt, 1 KB" == others.page.inner_text(".chosen")
    assert [] == violations(others.page)


def test_play_is_refused_when_the_recording_was_played_as_often_as_allowed(
    others: ItemPage,
) -> None:
    """Two plays are allowed: both are counted, also across a remount, then the button is off."""
    others.show("media")
    others.page.click(".play")
    others.until("item.getValue('RESPONSE') === '1'")
    assert {"RESPONSE": "1"} == others.remount({"RESPONSE": "1"})
    others.page.click(".play")
    others.until("item.getValue('RESPONSE') === '2'")
    assert others.page.is_disabled(".play")
    assert [] == violations(others.page)


def test_slider_has_no_value_until_it_is_touched(demo: ItemPage) -> None:
    """A range always has a position; it counts only once set or confirmed by the candidate."""
    demo.show("light")
    assert "No value yet" == demo.page.inner_text(".slider .value")
    pressed("to input[type=range]", "Enter")(demo.page)
    assert {"RESPONSE": "6"} == demo.values()
    demo.page.click(".slider .clear")
    assert {"RESPONSE": None} == demo.values()


def test_order_is_recorded_when_dragged_or_kept(demo: ItemPage) -> None:
    """The order shown at first may be the right one: it can be kept without moving anything."""
    demo.show("seasons")
    shown = demo.page.eval_on_selector_all(".order-list li", "l => l.map(x => x.dataset.value)")
    demo.page.click(".keep")
    assert {"RESPONSE": shown} == demo.values()
    demo.page.drag_and_drop(f"li{value(shown[0])}", f"li{value(shown[2])}")
    assert shown[0] != demo.values()["RESPONSE"][0]


def test_editor_keeps_its_structure_when_restored(demo: ItemPage) -> None:
    """Lists, emphasis and special characters come back exactly; foreign markup does not."""
    written = (
        "<p>1 &lt;b&gt; &amp; <u>two</u></p><ul><li>x<sup>2</sup></li><li>O<sub>2</sub></li></ul>"
    )
    demo.show("turnover")
    assert {"RESPONSE": written} == demo.remount({"RESPONSE": written})
    assert "6 words of at most 300" == demo.page.inner_text(".words")
    foreign = '<p><img src="x" onerror="alert(1)">safe<script>1</script></p>'
    assert {"RESPONSE": "<p>safe1</p>"} == demo.remount({"RESPONSE": foreign})


@pytest.mark.parametrize(
    "sample",
    [
        "qti3/cito-exam-45-items.zip",
        "qti3/cito-mixed-interactions.zip",
        "qti21/webdeveloper-test",
        "qti21/stomp",
    ],
)
def test_real_exam_has_no_violation_when_each_item_is_shown(browser: Browser, sample: str) -> None:
    """Items of real exams mount without an error, and axe finds nothing in what we make of them."""
    path = Path(SAMPLES / sample)
    if not path.exists():
        pytest.skip(f"the sample {sample} is not here")
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    shown = ItemPage(page, import_exam(path))
    for item in shown.authored.exam.items():
        shown.show(item.item_id)
        assert {one.response_id for one in item.interactions} == shown.values().keys()
        assert [] == violations(page), item.item_id
    assert [] == shown.problems
    page.close()
