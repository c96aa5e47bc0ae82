"""The candidate protocol, version 1.  docs/candidate-protocol.md is the specification."""

from __future__ import annotations

import base64

from flask import Flask, Response, g, jsonify, request

from appliance.domain import commands as c
from appliance.domain.decide.now import Now
from appliance.domain.decide.responses import ClientUnknownError
from appliance.domain.errors import ExamroomError, RefusedError
from appliance.domain.room import RoomState
from appliance.formats.receipt import write_candidate_receipt
from appliance.rendering.texts import texts_for
from appliance.services.box import Box
from appliance.services.check_browser import check_browser
from appliance.services.exchange import Standing, Telling, exchange, standing, with_safety
from appliance.services.give_exam import exam_media, give_exam
from appliance.services.hand_in import hand_in, receipt_of
from appliance.services.room import Room, SignedIn, hash_ticket, hash_token, ticket_of
from appliance.services.show_history import revisions_for_candidate
from appliance.services.sign_in_candidate import sign_in_candidate
from appliance.services.take_upload import UPLOAD_MAX_BYTES, take_upload
from appliance.web.access import TICKET, allows, anyone, comes_with_ticket
from appliance.web.boundary import ExchangeBody, HandInBody, HelpBody, SignInBody, read_body
from appliance.web.candidate.locked_browser import quit_address, shown_hashes
from appliance.web.candidate.quick_saves import REFUSAL
from appliance.web.here import this_box
from appliance.web.languages import chosen_language, gettext

COOKIE = "__Host-candidate"
COOKIE_SECONDS = 24 * 3600
"""Longer than any exam; when it ends all the same, the page asks for the code and goes on."""


class SignedOutError(RefusedError):
    """There is no cookie, or nobody knows it."""

    key = "signed_out"
    staff_message = "That computer is not signed in."
    candidate_message = "Please enter your code again. Everything you wrote is still here."


def _candidate_only() -> None:
    box = this_box()
    box.require_not_overtaken()
    if not (comes_with_ticket() or COOKIE in request.cookies):
        raise SignedOutError
    # A spare at a dead box's address knows nobody until the room is brought in: the page waits.
    signed_in = _signed_in(box.open_room())
    if signed_in is None:
        raise SignedOutError
    named = (request.view_args or {}).get("attempt_id")
    if named is not None and named != signed_in.attempt_id:
        raise ClientUnknownError
    g.signed_in = signed_in


def _signed_in(room: Room) -> SignedIn | None:
    if comes_with_ticket():
        return room.signed_in_by_ticket(request.headers["Authorization"].removeprefix(TICKET))
    return room.signed_in(request.cookies.get(COOKIE, ""))


candidate = allows("the candidate whose cookie it is", _candidate_only)


def _me() -> SignedIn:
    signed_in: SignedIn = g.signed_in
    return signed_in


@anyone
def sign_in() -> Response:
    """Take a code, give a cookie."""
    body = read_body(SignInBody)
    made = sign_in_candidate(
        this_box(), code=body.code, client_id=body.client, shown=shown_hashes(request.environ)
    )
    response = jsonify(
        {
            **_who(this_box(), made.signed_in),
            "ticket": ticket_of(made.token),
            "rescue_key": base64.b64encode(made.rescue_key).decode("ascii"),
        }
    )
    response.set_cookie(
        COOKIE,
        made.token,
        max_age=COOKIE_SECONDS,
        secure=True,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    return response


@candidate
def who() -> Response:
    """Say whose cookie this is, and how things stand."""
    return jsonify(_who(this_box(), _me()))


def _who(box: Box, signed_in: SignedIn) -> dict[str, object]:
    room = box.open_room()

    def see(state: RoomState, now: Now) -> tuple[dict[str, object], Standing]:
        attempt = state.attempt(signed_in.attempt_id)
        who = {
            "attempt_id": attempt.attempt_id,
            "name": attempt.name,
            "number": attempt.number,
            "room": state.session.room,
            "practice": state.session.practice,
            "title": state.sitting(attempt.sitting_id).title,
            "conduct_basis": state.conduct_bases.get(attempt.sitting_id, ""),
            "allotted_seconds": attempt.account.allotted_seconds,
        }
        return who, standing(state, now, signed_in, 0)

    who, seen = room.writer.look(see)
    return {**who, "standing": with_safety(room, signed_in, seen)}


@candidate
def changes(attempt_id: str) -> Response:
    """Save, and tell how things stand."""
    del attempt_id  # checked against the cookie before this runs
    refusal: ExamroomError | None = request.environ.get(REFUSAL)
    if refusal is not None:
        raise refusal
    body = read_body(ExchangeBody)
    telling = Telling(
        address=request.remote_addr or "",
        item_id=body.item,
        battery_percent=body.battery_percent,
        unsent_count=body.unsent,
        seen_message_count=body.seen_messages,
        oldest_no=body.oldest,
        workstation_id=body.workstation or "",
        shown=shown_hashes(request.environ),
    )
    return jsonify(
        exchange(this_box(), _me(), tuple(one.as_change() for one in body.changes), telling)
    )


@candidate
def exam(attempt_id: str) -> Response:
    """Give the exam."""
    del attempt_id
    check_browser(this_box(), _me(), shown_hashes(request.environ))
    texts = texts_for(gettext)
    return jsonify(give_exam(this_box(), _me(), language=chosen_language(), texts=texts))


@candidate
def revisions(attempt_id: str, item_id: str, response_id: str) -> Response:
    """Give the earlier revisions of one response."""
    found = revisions_for_candidate(this_box(), attempt_id, item_id, response_id)
    return jsonify({"revisions": found})


@candidate
def ask_for_help(attempt_id: str) -> Response:
    """Raise a hand, or take it down."""
    body = read_body(HelpBody)
    this_box().open_room().writer.write(c.AskForHelp("candidate", attempt_id, body.wanted))
    return jsonify({"help_asked": body.wanted})


@candidate
def upload(attempt_id: str, sha256: str) -> Response:
    """Take a file; the response that names it travels with the changes."""
    del attempt_id
    request.max_content_length = UPLOAD_MAX_BYTES
    take_upload(this_box(), _me(), sha256, request.get_data(cache=False))
    return jsonify({"taken": True})


@candidate
def submit(attempt_id: str) -> Response:
    """Hand in and give the receipt."""
    body = read_body(HandInBody)
    hand_in(this_box(), _me(), last_change_no=body.last_change, oldest_no=body.oldest)
    return receipt(attempt_id)


@candidate
def receipt(attempt_id: str) -> Response:
    """Give the receipt, and let the browser forget the exam."""
    found, given_count = receipt_of(this_box(), this_box().open_room(), attempt_id)
    signed = write_candidate_receipt(found, box=this_box().identity)
    return jsonify(
        {
            "check_code": found.check_code,
            "submitted_at_ms": found.submitted_at_ms,
            "responses_given": given_count,
            "entry": found.seq,
            "receipt": found.to_bytes().decode(),
            "signed_receipt": base64.b64encode(signed).decode("ascii"),
        }
    )


@candidate
def leave(attempt_id: str) -> Response:
    """End this browser's stay: everything it kept of the exam is cleared."""
    del attempt_id
    shown = (
        hash_ticket(request.headers["Authorization"].removeprefix(TICKET))
        if comes_with_ticket()
        else hash_token(request.cookies.get(COOKIE, ""))
    )
    this_box().open_room().sign_ins.pop(shown, None)
    response = jsonify({"left": True, "quit": quit_address(this_box(), _me())})
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    return response


@candidate
def media(package_id: str, name: str) -> Response:
    """Give a picture, a sound or a film of the candidate's own exam."""
    data = exam_media(this_box(), _me(), package_id, name)
    return media_response(data, name)


_MEDIA_TYPES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "png": "image/png",
    "vtt": "text/vtt",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
}


def media_response(data: bytes, name: str) -> Response:
    """Return a media file with the type its name says; anything else only as bytes."""
    kind = _MEDIA_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
    response = Response(data, mimetype=kind)
    response.headers["Cache-Control"] = "private, max-age=86400"
    response.make_conditional(request, accept_ranges=True, complete_length=len(data))
    return response


def register(app: Flask) -> None:
    """Put the protocol's addresses on the application."""
    attempt = "/api/v1/attempts/<attempt_id>"
    app.add_url_rule("/api/v1/sign-in", "sign_in", sign_in, methods=["POST"])
    app.add_url_rule("/api/v1/me", "who", who)
    app.add_url_rule(f"{attempt}/changes", "changes", changes, methods=["POST"])
    app.add_url_rule(f"{attempt}/exam", "exam", exam)
    app.add_url_rule(f"{attempt}/revisions/<item_id>/<response_id>", "revisions", revisions)
    app.add_url_rule(f"{attempt}/help", "ask_for_help", ask_for_help, methods=["POST"])
    app.add_url_rule(f"{attempt}/uploads/<sha256>", "upload", upload, methods=["PUT"])
    app.add_url_rule(f"{attempt}/submission", "submit", submit, methods=["POST"])
    app.add_url_rule(f"{attempt}/receipt", "receipt", receipt)
    app.add_url_rule(f"{attempt}/leave", "leave", leave, methods=["POST"])
    app.add_url_rule("/media/<package_id>/<path:name>", "media", media)
