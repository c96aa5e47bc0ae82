"""The sentence that says how it is and what comes next, and the one action that goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.states import AttemptState, SittingState
from appliance.services.box_health import BoxHealth
from appliance.services.disk_guard import DiskStage
from appliance.services.show_room import RoomView, SittingView, Tone
from appliance.web.languages import gettext as _
from appliance.web.languages import ngettext
from appliance.web.staff.showing import clock_time, mirror_words


@dataclass(frozen=True, slots=True)
class NextStep:
    """What the band under the header says.  `action` names the main button, or is empty."""

    sentence: str
    why: str
    action: str = ""
    sitting_id: str = ""


def next_step(view: RoomView, health: BoxHealth) -> NextStep:
    """Return what comes next in this room."""
    why = _trouble(view, health)
    for sitting in view.sittings:
        if sitting.is_locked:
            return _locked(sitting)
    for state, step in _STEPS:
        for sitting in view.sittings:
            if sitting.state is state:
                found = step(view, sitting)
                return NextStep(found.sentence, why or found.why, found.action, sitting.sitting_id)
    return NextStep(
        _("All exams have ended. Next: read the report and close the room."),
        why or _("Results go to the centre by themselves."),
        "report",
    )


def _trouble(view: RoomView, health: BoxHealth) -> str:
    """Return what is wrong and what to do about it, or nothing."""
    if health.disk.stage is DiskStage.RESERVE_IN_USE:
        return _(
            "The disk of this box is full. Responses are saved from a reserve. "
            "Call the technician now."
        )
    if health.disk.tone == "trouble":
        return _("The disk of this box is nearly full. Call the technician now.")
    lost = len(view.in_tone(Tone.TROUBLE))
    if lost:
        return ngettext(
            "One seat is not heard from. Touch it to see what to do.",
            "%(num)d seats are not heard from. Touch one to see what to do.",
            lost,
        )
    if health.standby_in_trouble:
        return _("The standby is not heard from. The exam goes on. Ask the technician to look.")
    if health.mirror_in_trouble:
        return mirror_words(health.mirror_in_trouble)
    return _wants_a_look(view)


def _wants_a_look(view: RoomView) -> str:
    """Return what somebody should look at when there is time, or nothing."""
    waiting = len(view.in_tone(Tone.WAIT))
    if waiting:
        return ngettext("One seat wants a look.", "%(num)d seats want a look.", waiting)
    if view.outages_to_decide:
        return ngettext(
            "Somebody was cut off. Open Lost time to give the time back or not.",
            "%(num)d times somebody was cut off. Open Lost time to give the time back or not.",
            view.outages_to_decide,
        )
    return ""


def _planned(_view: RoomView, sitting: SittingView) -> NextStep:
    return NextStep(
        _("The exam package of %(title)s is not on this box yet.", title=sitting.title),
        _("It comes from the centre by itself when there is a network, or from a stick."),
    )


def _loaded(_view: RoomView, sitting: SittingView) -> NextStep:
    return NextStep(
        _("%(title)s is here and intact. Next: enter the release code.", title=sitting.title),
        _("Candidates may come in and sign in meanwhile."),
        "release",
    )


def _locked(sitting: SittingView) -> NextStep:
    return NextStep(
        _(
            "%(title)s is not open on this box yet. Next: enter the release code once more.",
            title=sitting.title,
        ),
        _("Whoever writes goes on meanwhile; a computer that is started anew needs the exam."),
        "release",
        sitting.sitting_id,
    )


def _released(view: RoomView, sitting: SittingView) -> NextStep:
    ready = [
        one
        for one in view.seats
        if one.sitting_id == sitting.sitting_id and one.state is AttemptState.ADMITTED
    ]
    expected = sitting.counts.get(AttemptState.EXPECTED, 0)
    if not ready:
        return NextStep(
            _("%(title)s is ready. Next: check the candidates in.", title=sitting.title),
            _("They sign in with their slips. You look at each person and note the seat."),
            "people",
        )
    if expected:
        return NextStep(
            _(
                "%(ready)s of %(all)s are checked in. Next: check in the others, or start.",
                ready=len(ready),
                all=sitting.candidates,
            ),
            _("Who comes later starts later, with all their time."),
            "start",
        )
    return NextStep(
        _("Everyone is checked in. Next: start %(title)s.", title=sitting.title),
        _("The clocks begin for everybody at a computer."),
        "start",
    )


def _running(view: RoomView, sitting: SittingView) -> NextStep:
    writing = sitting.counts.get(AttemptState.WRITING, 0)
    if writing == 0 and not sitting.counts.get(AttemptState.SUSPENDED, 0):
        if sitting.counts.get(AttemptState.ADMITTED, 0):
            return NextStep(
                _("Nobody is writing yet. Next: see why the computers are not signed in."), ""
            )
        return NextStep(
            _("Everyone has handed in. Next: end %(title)s.", title=sitting.title),
            _("Until then somebody who comes late can still be admitted."),
            "end",
        )
    until = clock_time(view.now_ms + sitting.last_remaining_ms)
    return NextStep(
        ngettext(
            "One candidate is writing. Next: %(title)s ends at %(time)s.",
            "%(num)d candidates are writing. Next: %(title)s ends at %(time)s.",
            writing,
            title=sitting.title,
            time=until,
        ),
        _("No centre is needed until the end."),
    )


def _paused(_view: RoomView, sitting: SittingView) -> NextStep:
    return NextStep(
        _("%(title)s is paused and all its clocks stand. Next: let it go on.", title=sitting.title),
        _("What has been written is safe."),
        "resume",
    )


_STEPS = (
    (SittingState.PAUSED, _paused),
    (SittingState.RELEASED, _released),
    (SittingState.LOADED, _loaded),
    (SittingState.PLANNED, _planned),
    (SittingState.RUNNING, _running),
)
"""Which state of a sitting speaks first when a room has several."""
