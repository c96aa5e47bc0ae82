"""What staff do with an exam and with one seat.  Each is one command, one entry with its actor."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from appliance.domain import commands as c
from appliance.domain.states import SittingState
from appliance.platform.ids import new_id
from appliance.services.release_exam import (
    release_with_code,
    release_with_shares,
    release_with_token,
)
from appliance.services.sign_in_staff import confirm_secret
from appliance.web.here import this_box
from appliance.web.languages import gettext as _
from appliance.web.staff import access
from appliance.web.staff.access import me
from appliance.web.staff.form_fields import whole_number


def _write(command: c.Command) -> None:
    this_box().open_room().writer.write(command)


def _back(said: str) -> Response:
    flash(said, "safe")
    back = request.form.get("back", "")
    inside = back.startswith("/") and not back.startswith("//")
    return redirect(back if inside else url_for("room"))


def _text(name: str) -> str:
    return request.form.get(name, "")[:4000]


def _confirm() -> None:
    confirm_secret(this_box(), me(), _text("secret")[:200])


@access.release
def release(sitting_id: str) -> Response:
    """Open the exam with the code, with two officers' shares, or with the centre's token."""
    box, actor = this_box(), me().staff_id
    shares = (_text("share_1")[:100].strip(), _text("share_2")[:100].strip())
    if all(shares):
        release_with_shares(box, actor=actor, sitting_id=sitting_id, shares=shares)
    elif _text("code").strip():
        release_with_code(box, actor=actor, sitting_id=sitting_id, code=_text("code")[:100])
    else:
        release_with_token(box, actor=actor, sitting_id=sitting_id)
    state = box.open_room().writer.look(lambda state, _now: state.sitting(sitting_id).state)
    if state is not SittingState.RELEASED:
        return _back(_("The exam is open on this box, too."))
    return _back(_("The exam is released. Nobody can see it before you start."))


@access.run_room
def start(sitting_id: str) -> Response:
    """Start the clocks."""
    _write(c.StartSitting(me().staff_id, sitting_id))
    return _back(_("The exam has started."))


@access.run_room
def pause(sitting_id: str) -> Response:
    """Stop the clocks of a sitting."""
    _write(c.PauseSitting(me().staff_id, sitting_id, _text("reason").strip()))
    return _back(_("All clocks have stopped."))


@access.run_room
def resume(sitting_id: str) -> Response:
    """Let the clocks of a sitting go on."""
    _write(c.ResumeSitting(me().staff_id, sitting_id))
    return _back(_("All clocks go on."))


@access.run_room
def end(sitting_id: str) -> Response:
    """End the exam; asks for the PIN."""
    _confirm()
    _write(c.EndSitting(me().staff_id, sitting_id))
    return _back(_("The exam has ended. Everything is handed in."))


@access.run_room
def extend_all(sitting_id: str) -> Response:
    """Give everybody in a sitting time."""
    _write(
        c.ExtendTime(me().staff_id, sitting_id, (), whole_number("minutes") * 60, _text("reason"))
    )
    return _back(_("Everybody's time was changed."))


@access.run_room
def message_all(sitting_id: str) -> Response:
    """Say something to everybody in a sitting."""
    _write(c.SendMessage(me().staff_id, new_id(), sitting_id, None, _text("text")))
    return _back(_("Sent. Candidates see it within seconds."))


@access.run_room
def check_in(attempt_id: str) -> Response:
    """Admit a candidate whose person was seen."""
    _write(c.CheckIn(me().staff_id, attempt_id, _text("seat")[:20]))
    return _back(_("Checked in."))


@access.run_room
def undo_check_in(attempt_id: str) -> Response:
    """Take a check-in back."""
    _write(c.UndoCheckIn(me().staff_id, attempt_id))
    return _back(_("The check-in was taken back."))


@access.run_room
def absent(attempt_id: str) -> Response:
    """Note an absence."""
    _write(c.MarkAbsent(me().staff_id, attempt_id))
    return _back(_("Noted as absent."))


@access.run_room
def on_paper(attempt_id: str) -> Response:
    """Let a candidate go on with pen and paper."""
    _write(c.ContinueOnPaper(me().staff_id, attempt_id, _text("reason")))
    return _back(_("Continues on paper. What was written so far is safe."))


@access.run_room
def suspend(attempt_id: str) -> Response:
    """Stop one clock."""
    _write(c.SuspendAttempt(me().staff_id, attempt_id, _text("reason")))
    return _back(_("The clock has stopped."))


@access.run_room
def resume_one(attempt_id: str) -> Response:
    """Let one clock go on."""
    _write(c.ResumeAttempt(me().staff_id, attempt_id))
    return _back(_("The clock goes on."))


@access.reopen
def reopen(attempt_id: str) -> Response:
    """Open a handed-in attempt again; asks for the PIN and a reason."""
    _confirm()
    _write(c.ReopenAttempt(me().staff_id, me().role, attempt_id, _text("reason")))
    return _back(_("The candidate can write again."))


@access.run_room
def extend_one(attempt_id: str) -> Response:
    """Give one candidate time."""
    sitting_id = _text("sitting_id")
    command = c.ExtendTime(
        me().staff_id, sitting_id, (attempt_id,), whole_number("minutes") * 60, _text("reason")
    )
    _write(command)
    return _back(_("The time was changed."))


@access.run_room
def move(attempt_id: str) -> Response:
    """Let an attempt move to the computer that asks, keep it, or free it for the next one."""
    match _text("decision"):
        case "allow":
            _write(c.DecideMove(me().staff_id, attempt_id, allowed=True))
            return _back(_("Moved. The candidate goes on at the new computer."))
        case "keep":
            _write(c.DecideMove(me().staff_id, attempt_id, allowed=False))
            return _back(_("The candidate stays at the old computer."))
        case _:
            _write(c.FreeWorkstation(me().staff_id, attempt_id))
            return _back(_("Enter the candidate's code at any free computer."))


@access.run_room
def help_given(attempt_id: str) -> Response:
    """Take a hand down."""
    _write(c.AskForHelp(me().staff_id, attempt_id, wanted=False))
    return _back(_("Noted."))


@access.run_room
def message_one(attempt_id: str) -> Response:
    """Say something to one candidate."""
    sitting_id = _text("sitting_id")
    _write(c.SendMessage(me().staff_id, new_id(), sitting_id, attempt_id, _text("text")))
    return _back(_("Sent."))


@access.run_room
def decide_kept_aside(kept_id: str) -> Response:
    """Take or leave work that was kept aside."""
    _write(c.DecideKeptAside(me().staff_id, kept_id, taken=_text("decision") == "take"))
    return _back(_("Decided, and noted."))


SITTING_ACTIONS: dict[str, Callable[[str], Response]] = {
    "release": release,
    "start": start,
    "pause": pause,
    "resume": resume,
    "end": end,
    "extend": extend_all,
    "message": message_all,
}
ATTEMPT_ACTIONS: dict[str, Callable[[str], Response]] = {
    "check-in": check_in,
    "undo-check-in": undo_check_in,
    "absent": absent,
    "on-paper": on_paper,
    "suspend": suspend,
    "resume": resume_one,
    "reopen": reopen,
    "extend": extend_one,
    "move": move,
    "help-given": help_given,
    "message": message_one,
}


def register(app: Flask) -> None:
    """Put these addresses on the application."""
    for what, actions in (("sitting", SITTING_ACTIONS), ("attempt", ATTEMPT_ACTIONS)):
        for name, view in actions.items():
            address = f"/{what}s/<{what}_id>/{name}"
            app.add_url_rule(address, f"{what}_{name}", view, methods=["POST"])
    app.add_url_rule(
        "/kept-aside/<kept_id>", "decide_kept_aside", decide_kept_aside, methods=["POST"]
    )
