"""The order a candidate meets."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.exam_order import items_of_section, shuffled_options
from appliance.domain.exams import Item, Option, Section

OPTIONS = tuple(Option(option_id=name, html=name, fixed=name == "e") for name in "abcdef")


def item(name: str, *, is_fixed: bool = False) -> Item:
    return Item(item_id=name, title="", label="", body_html="", language="en", is_fixed=is_fixed)


SECTION = Section(
    section_id="s",
    title="",
    items=(item("first", is_fixed=True), *(item(f"i{n}") for n in range(9))),
    shuffle=True,
    select_count=5,
)


def test_order_is_the_same_when_the_seed_is_the_same() -> None:
    """Pinned, because the order shown must be known years later."""
    assert "cdafeb" == "".join(o.option_id for o in shuffled_options(OPTIONS, seed="seat 14"))


def test_fixed_option_keeps_its_place_when_others_are_mixed() -> None:
    """Options such as "none of these" stay where the author put them."""
    orders = {
        tuple(o.option_id for o in shuffled_options(OPTIONS, seed=str(seed))) for seed in range(50)
    }
    assert {"e"} == {order[4] for order in orders}
    assert len(orders) > 20


def test_section_gives_so_many_different_items_when_it_draws() -> None:
    """Each candidate gets the number the author asked for, each item once."""
    for seed in range(30):
        drawn = [one.item_id for one in items_of_section(SECTION, seed=str(seed))]
        assert 5 == len(set(drawn)) == len(drawn)


def test_section_keeps_its_order_when_nothing_is_mixed() -> None:
    """No seed changes an exam that does not ask for it."""
    plain = replace(SECTION, shuffle=False, select_count=None)
    assert plain.items == items_of_section(plain, seed="x")
