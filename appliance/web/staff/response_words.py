"""Responses as words for staff, who see what was written but not how it would be scored."""

from __future__ import annotations

import re

from appliance.domain.decide.now import Now
from appliance.domain.revisions import ResponseValue
from appliance.domain.room import RoomState
from appliance.services.room import Room

_TAG = re.compile(r"<[^>]*>")
_BREAK = re.compile(r"<br>|</(?:p|div|li|h[1-6])>")


def as_words(value: ResponseValue) -> str:
    """Return a response value as plain text; rich text without its tags."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _TAG.sub("", _BREAK.sub("\n", value)).strip() if "<" in value else value
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    if isinstance(value, dict):
        return f"{value.get('name', '')} ({value.get('size_bytes', 0)} bytes)"
    return str(value)


def item_titles(room: Room, sitting_id: str) -> dict[str, str]:
    """Return item ids with number and title, in the order of the exam."""

    def package(state: RoomState, _now: Now) -> str:
        sitting = state.sittings.get(sitting_id)
        return sitting.package_id if sitting else ""

    released = room.exams.get(room.writer.look(package))
    if released is None:
        return {}
    return {
        one.item_id: f"{number}. {one.title or one.label or one.item_id}"
        for number, one in enumerate(released.exam.items(), start=1)
    }
