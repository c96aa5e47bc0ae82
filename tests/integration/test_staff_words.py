"""Words on the staff pages: what was granted, and what is wrong with the box's own file."""

from __future__ import annotations

from tests.integration.conftest import MakeBox


def test_pages_speak_of_extra_time_as_people_do(make_box: MakeBox) -> None:
    """Nobody at a door reads the names of a standard."""
    box = make_box(4, extra={0: "time-multiplier 1.5", 1: "fixed-minutes 15", 2: "unlimited"})
    box.start()
    box.open_and_release()
    page = box.staff().read("/people")
    for words in ("time × 1.5", "15 minutes more", "no time limit"):
        assert words in page
    assert "additional-testing-time" not in page


def test_page_of_the_box_says_what_is_wrong_with_its_room_file(make_box: MakeBox) -> None:
    """The box serves under another name; who finds it learns why."""
    box = make_box(1, settings={"room_file_problem": "netwrok: Extra inputs are not permitted"})
    box.start()
    box.open_and_release()
    page = box.staff().read("/box")
    assert "netwrok: Extra inputs are not permitted" in page
