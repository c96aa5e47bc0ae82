"""How the staff pages write times, lengths of time and states."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

from appliance.domain.candidates import ADDITIONAL_TESTING_TIME
from appliance.domain.states import AttemptState, SittingState
from appliance.services.disk_guard import DiskStage, DiskView
from appliance.services.show_lost_time import LostTimeView
from appliance.services.show_room import SeatView, Tone
from appliance.web.errors import kept_words
from appliance.web.languages import gettext as _

TONE_CLASS = {Tone.TROUBLE: "trouble", Tone.WAIT: "wait", Tone.SAFE: "safe", Tone.AWAY: "away"}
TONE_ICON = {Tone.TROUBLE: "warn", Tone.WAIT: "clock", Tone.SAFE: "check", Tone.AWAY: "dot"}


def clock_time(ms: int | None, *, seconds: bool = False) -> str:
    """Return a time of day in the room's own time zone."""
    if ms is None:
        return "–"
    at = datetime.fromtimestamp(ms / 1000).astimezone()
    return at.strftime("%H:%M:%S" if seconds else "%H:%M")


def day_and_time(ms: int | None) -> str:
    """Return a date and a time of day."""
    if ms is None:
        return "–"
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")


def time_left(ms: int) -> str:
    """Return what is left as h:mm, in the last five minutes as m:ss."""
    seconds = -(-max(0, ms) // 1000)
    if seconds < 300:
        return f"{seconds // 60}:{seconds % 60:02}"
    minutes = -(-seconds // 60)
    return f"{minutes // 60}:{minutes % 60:02}"


def duration(seconds: int) -> str:
    """Return a length of time in words: “2 min 10 s”, “1 h 30 min”."""
    if seconds < 60:
        return _("%(n)s s", n=seconds)
    if seconds < 600:
        return _("%(m)s min %(s)s s", m=seconds // 60, s=seconds % 60)
    if seconds < 3600:
        return _("%(n)s min", n=seconds // 60)
    return _("%(h)s h %(m)s min", h=seconds // 3600, m=seconds % 3600 // 60)


def sitting_state(state: SittingState) -> str:
    """Return a sitting's state in words."""
    return {
        SittingState.PLANNED: _("package not here yet"),
        SittingState.LOADED: _("locked, waiting for the release code"),
        SittingState.RELEASED: _("ready to start"),
        SittingState.RUNNING: _("running"),
        SittingState.PAUSED: _("paused"),
        SittingState.ENDED: _("ended"),
        SittingState.SEALED: _("closed"),
    }[state]


def attempt_state(state: AttemptState) -> str:
    """Return an attempt's state in words."""
    return {
        AttemptState.EXPECTED: _("expected"),
        AttemptState.ADMITTED: _("checked in"),
        AttemptState.WRITING: _("writing"),
        AttemptState.SUSPENDED: _("paused"),
        AttemptState.SUBMITTED: _("handed in"),
        AttemptState.CLOSED: _("closed"),
        AttemptState.ABSENT: _("absent"),
        AttemptState.ON_PAPER: _("on paper"),
    }[state]


def matter(seat: SeatView) -> str:
    """Return what a seat says about itself, in a few words."""
    silent = duration(seat.silent_seconds)
    texts = {
        "silent": _("not heard from for %(t)s", t=silent),
        "help": _("asks for help"),
        "asks_move": _("wants to move here"),
        "kept_aside": _("late work to decide"),
        "unsent": _("on its own, %(n)s unsent", n=seat.unsent_count),
        "battery": _("battery %(n)s %%", n=seat.battery_percent),
        "saved": _("writing, nothing yet")
        if seat.saved_seconds is None
        else _("saved %(t)s ago", t=duration(seat.saved_seconds)),
        "suspended": _("paused"),
        "to_check_in": _("waits to be checked in"),
        "ready": _("ready"),
        "no_computer": _("checked in, no computer yet"),
        "expected": _("not here yet"),
        "submitted": _("handed in %(t)s", t=clock_time(seat.submitted_at_ms)),
        "closed": _("handed in %(t)s", t=clock_time(seat.submitted_at_ms)),
        "absent": _("absent"),
        "on_paper": _("on paper"),
    }
    return texts[seat.matter]


def mirror_words(state: str) -> str:
    """Return what is the matter with a mirror stick, and what to do about it."""
    return {
        "following": _("Everything is copied to it as it is saved."),
        "full": _("The mirror stick is full. Put in another mirror stick. Nothing is lost."),
        "failing": _("The mirror stick does not keep what is written. Put in another one."),
        "silent": _("The mirror stick does not answer. Pull it out and put it in again."),
    }[state]


def lost_time_words(part: LostTimeView) -> str:
    """Return how long a computer was away, and what became of it."""
    lost = part.lost
    if lost.seconds is None:
        return _("not back yet")
    words = [duration(lost.seconds)]
    if lost.unsent_count:
        words.append(_("wrote on meanwhile"))
    if lost.decision == "granted":
        words.append(_("%(t)s given back", t=duration(lost.granted_seconds)))
    elif lost.decision == "declined":
        words.append(_("declined"))
    elif lost.is_proposed:
        words.append(_("to decide") if part.may_be_given else _("does not write any more"))
    return ", ".join(words)


def granted_words(name: str, value: str) -> str:
    """Return what a candidate was granted; names and values are those of AfA PNP 3.0."""
    way, _space, amount = value.partition(" ")
    if name == ADDITIONAL_TESTING_TIME:
        return {
            "time-multiplier": _("time × %(factor)s", factor=amount),
            "fixed-minutes": _("%(n)s minutes more", n=amount),
        }.get(way, _("no time limit"))
    known = {
        "magnification": _("larger text"),
        "text-appearance": _("wide spacing"),
        "invert-display-polarity": _("dark page"),
        "high-contrast": _("high contrast"),
        "spoken": _("read aloud"),
        "item-translation": _("translation"),
        "sign-language": _("sign language"),
    }
    words = known.get(name, name.replace("-", " "))
    return words if value in {"", "true"} else f"{words}: {value}"


def disk_words(disk: DiskView) -> str:
    """Return what the disk means for the room, and what to do about it."""
    return {
        DiskStage.AMPLE: ""
        if disk.tone == "safe"
        else _("Free some space before the next exam, or now if the exam is long."),
        DiskStage.NO_FILES: _("Candidates' files wait on their computers. Free some space now."),
        DiskStage.RESPONSES_ONLY: _("Only responses are saved. Free some space now."),
        DiskStage.RESERVE_IN_USE: _("Responses are saved from a reserve. Free some space now."),
    }[disk.stage]


def entry_words(kind: str) -> str:
    """Return what an entry says, in words for the report."""
    return {
        "room_session_opened": _("Room opened"),
        "room_session_sealed": _("Room closed and signed"),
        "outage_credited": _("The box was away"),
        "checkpoint_signed": _("Record signed by the box"),
        "message_sent": _("Message"),
        "irregularity_written": _("Irregularity"),
        "staff_noted": _("Staff"),
        "sitting_created": _("Exam planned"),
        "package_loaded": _("Exam package checked and loaded"),
        "exam_released": _("Exam released"),
        "exam_opened_again": _("Exam opened on this box, too"),
        "locked_browser_required": _("What browsers candidates may use"),
        "conduct_turned_on": _("Conduct is noted"),
        "sitting_started": _("Exam started"),
        "sitting_paused": _("Exam paused"),
        "sitting_resumed": _("Exam goes on"),
        "sitting_ended": _("Exam ended"),
        "sitting_sealed": _("Exam closed"),
        "attempt_created": _("Candidate expected"),
        "candidate_checked_in": _("Checked in, identity seen"),
        "check_in_undone": _("Check-in taken back"),
        "candidate_absent": _("Absent"),
        "attempt_started": _("Started"),
        "attempt_suspended": _("Clock stopped"),
        "attempt_resumed": _("Clock goes on"),
        "attempt_reopened": _("Reopened"),
        "continued_on_paper": _("Continues on paper"),
        "attempt_submitted": _("Handed in"),
        "attempt_closed": _("Closed"),
        "time_extended": _("Time changed"),
        "candidate_signed_in": _("Signed in at a computer"),
        "attempt_moved": _("At this computer from now on"),
        "move_asked": _("Asked to move to another computer"),
        "move_denied": _("Stays at the computer"),
        "help_asked": _("Asked for help"),
        "help_given": _("Help given"),
        "contact_lost": _("Computer silent"),
        "contact_regained": _("Computer back"),
        "lost_time_decided": _("Decided about lost time"),
        "keys_blocked": _("Keys blocked"),
        "response_kept_aside": _("Work kept aside for a decision"),
        "work_rescued": _("Work taken in from a file of the computer"),
        "kept_aside_decided": _("Decided about work kept aside"),
        "box_joined": _("A box of this room"),
        "epoch_begun": _("Another box took over"),
        "entry_left_behind": _("Only on the box that was taken over from"),
        "strays_taken": _("Taken in from the box that was taken over from"),
        "clock_ticked": _("Clock"),
        "response_saved": _("Saved"),
        "item_visited": _("Item opened"),
        "item_flagged": _("Item marked"),
    }[kind]


def entry_detail(body: dict[str, object]) -> str:
    """Return the telling part of an entry's body: a reason, seconds, a seat, a text."""
    parts: list[str] = []
    if "down_seconds" in body:
        parts.append(
            _(
                "%(t)s, credited to everybody who was writing",
                t=duration(_int(body["down_seconds"])),
            )
        )
    if "seconds" in body:
        seconds = _int(body["seconds"])
        sign = "+" if seconds >= 0 else "−"
        parts.append(f"{sign}{duration(abs(seconds))}")
    if "away_seconds" in body:
        parts.append(_("after %(t)s", t=duration(_int(body["away_seconds"]))))
    if "blocked_count" in body:
        parts.append(_("%(n)s in all", n=_int(body["blocked_count"])))
    if body.get("seat"):
        parts.append(_("seat %(n)s", n=body["seat"]))
    for name in (
        *("reason", "text", "way", "declaration", "what", "by", "decision", "browser"),
        "basis",
    ):
        if body.get(name):
            parts.append(str(body[name]))
    return ", ".join(parts)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def register(app: Flask) -> None:
    """Make these words available to the templates."""
    app.jinja_env.globals.update(
        clock_time=clock_time,
        day_and_time=day_and_time,
        time_left=time_left,
        duration=duration,
        sitting_state=sitting_state,
        attempt_state=attempt_state,
        matter=matter,
        entry_words=entry_words,
        entry_detail=entry_detail,
        mirror_words=mirror_words,
        kept_words=kept_words,
        disk_words=disk_words,
        granted_words=granted_words,
        lost_time_words=lost_time_words,
        TONE_CLASS=TONE_CLASS,
        TONE_ICON=TONE_ICON,
        Tone=Tone,
    )
