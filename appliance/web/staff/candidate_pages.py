"""One candidate: responses, every revision of them, and what waits for a decision."""

from __future__ import annotations

from flask import Flask, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from appliance.domain.decide.now import Now
from appliance.domain.room import KeptAside, RoomState
from appliance.formats.rescue_file import RESCUE_FILE_MAX_BYTES
from appliance.services.room import Room
from appliance.services.show_history import bring_back
from appliance.services.show_lost_time import show_lost_time
from appliance.services.show_room import show_room
from appliance.services.take_rescued import open_rescue_file, take_rescued
from appliance.web.boundary import REQUEST_MAX_BYTES, RescuedBody, parse_body
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff.access import me, run_room, see_responses
from appliance.web.staff.form_fields import whole_number
from appliance.web.staff.response_words import as_words, item_titles

ENTRIES_MAX = 60


@see_responses
def candidate(attempt_id: str) -> str:
    """Show a candidate's responses and the entries about them."""
    box = this_box()
    room = box.open_room()
    seat = show_room(box).seat_of(attempt_id)
    titles = item_titles(room, seat.sitting_id if seat else "")
    responses = room.queries.responses(attempt_id)
    responses.sort(key=lambda one: list(titles).index(one[0]) if one[0] in titles else 0)
    wanted = request.args.get("q", "").strip().casefold()
    rows = [
        (item_id, response_id, titles.get(item_id, item_id), as_words(one.value), one)
        for item_id, response_id, one in responses
    ]
    if wanted:
        rows = [
            one
            for one in rows
            if wanted in f"{one[2]} {one[3]}".casefold()
            or was_written(room, attempt_id, one[0], one[1], wanted)
        ]

    def kept(state: RoomState, _now: Now) -> list[KeptAside]:
        return [
            one
            for one in state.kept_aside.values()
            if one.attempt_id == attempt_id and one.decision is None
        ]

    return render_template(
        "candidate.html",
        seat=seat,
        rows=rows,
        titles=titles,
        kept=room.writer.look(kept),
        as_words=as_words,
        wanted=request.args.get("q", ""),
        outages=show_lost_time(box, attempt_id),
        entries=room.queries.entries_about(attempt_id, ENTRIES_MAX),
        names={one.staff_id: one.name for one in box.store.staff()},
    )


def was_written(room: Room, attempt_id: str, item_id: str, response_id: str, wanted: str) -> bool:
    """Say whether any revision of a response has the words that are looked for."""
    found = room.queries.revisions(attempt_id, item_id, response_id)
    return any(wanted in as_words(one.value).casefold() for one in found)


@see_responses
def revisions(attempt_id: str, item_id: str, response_id: str) -> str:
    """Show every revision of one response."""
    box = this_box()
    room = box.open_room()
    seat = show_room(box).seat_of(attempt_id)
    titles = item_titles(room, seat.sitting_id if seat else "")
    found = room.queries.revisions(attempt_id, item_id, response_id)
    return render_template(
        "revisions.html",
        seat=seat,
        item_id=item_id,
        response_id=response_id,
        title=titles.get(item_id, item_id),
        revisions=[(one, as_words(one.value)) for one in reversed(found)],
        names={one.staff_id: one.name for one in box.store.staff()},
    )


@run_room
def bring_back_revision(attempt_id: str, item_id: str, response_id: str) -> Response:
    """Make an earlier revision the newest one."""
    bring_back(
        this_box(),
        actor=me().staff_id,
        attempt_id=attempt_id,
        item_id=item_id,
        response_id=response_id,
        revision_no=whole_number("revision_no"),
    )
    flash(_("Brought back. The candidate sees it within seconds."), "safe")
    return redirect(url_for("candidate", attempt_id=attempt_id))


@run_room
def take_in_rescued(attempt_id: str) -> str:
    """Take in a file that was saved on the candidate's computer; show what became of it."""
    request.max_content_length = RESCUE_FILE_MAX_BYTES + REQUEST_MAX_BYTES
    box = this_box()
    sent = request.files.get("file")
    data = sent.read(RESCUE_FILE_MAX_BYTES + 1) if sent else b""
    work = open_rescue_file(box, attempt_id, data)
    body = parse_body(work.plain, RescuedBody)
    verdicts = take_rescued(
        box,
        actor=me().staff_id,
        attempt_id=attempt_id,
        client_id=work.client_id,
        changes=tuple(one.as_change() for one in body.changes),
    )
    room = box.open_room()
    seat = show_room(box).seat_of(attempt_id)
    return render_template(
        "rescued.html",
        seat=seat,
        verdicts=verdicts,
        titles=item_titles(room, seat.sitting_id if seat else ""),
        as_words=as_words,
    )


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    app.add_url_rule("/candidates/<attempt_id>", "candidate", candidate)
    app.add_url_rule(
        "/candidates/<attempt_id>/rescued", "take_in_rescued", take_in_rescued, methods=["POST"]
    )
    one = "/candidates/<attempt_id>/<item_id>/<response_id>"
    app.add_url_rule(one, "revisions", revisions)
    app.add_url_rule(one, "bring_back_revision", bring_back_revision, methods=["POST"])
