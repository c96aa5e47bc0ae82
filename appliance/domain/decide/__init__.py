"""Deciding: `decide(state, command, now)` turns a wish into entries or raises a refusal.

Every decision is pure and deterministic: the same state, command and moment give the same drafts.
Nothing is changed here; `evolve` changes the state once the drafts are entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from appliance.domain import box_commands as b
from appliance.domain import commands as c
from appliance.domain import time_commands as t
from appliance.domain.conduct import NoteBlockedKeys
from appliance.domain.decide import (
    attempts,
    boxes,
    conduct,
    lost_time,
    rescue,
    responses,
    room,
    sittings,
)
from appliance.domain.decide.now import Now
from appliance.domain.errors import InvariantViolated
from appliance.domain.journal import Draft
from appliance.domain.locked_browser import RequireLockedBrowser
from appliance.domain.rescue_commands import TakeRescuedWork
from appliance.domain.room import RoomState

_DECISIONS: Mapping[type, Callable[[RoomState, Any, Now], list[Draft]]] = MappingProxyType(
    {
        c.OpenRoomSession: room.open_room_session,
        c.CloseSittings: room.close_sittings,
        c.SealRoomSession: room.seal_room_session,
        c.SendMessage: room.send_message,
        c.WriteIrregularity: room.write_irregularity,
        c.NoteStaff: room.note_staff,
        c.Tick: room.tick,
        c.NoteRestart: room.note_restart,
        c.Checkpoint: room.checkpoint,
        b.JoinBox: boxes.join_box,
        b.TakeOver: boxes.take_over,
        b.TakeStrays: boxes.take_strays,
        c.PlanSitting: sittings.plan_sitting,
        c.LoadSitting: sittings.load_sitting,
        c.ReleaseSitting: sittings.release_sitting,
        b.OpenExamAgain: sittings.open_exam_again,
        RequireLockedBrowser: sittings.require_locked_browser,
        c.StartSitting: sittings.start_sitting,
        c.PauseSitting: sittings.pause_sitting,
        c.ResumeSitting: sittings.resume_sitting,
        c.EndSitting: sittings.end_sitting,
        c.CheckIn: attempts.check_in,
        c.UndoCheckIn: attempts.undo_check_in,
        c.MarkAbsent: attempts.mark_absent,
        c.ContinueOnPaper: attempts.continue_on_paper,
        c.AdmitWalkIn: attempts.admit_walk_in,
        c.SuspendAttempt: attempts.suspend,
        c.ResumeAttempt: attempts.resume,
        c.ReopenAttempt: attempts.reopen,
        c.ExtendTime: attempts.extend_time,
        c.SignInCandidate: attempts.sign_in,
        c.DecideMove: attempts.decide_move,
        c.FreeWorkstation: attempts.free_workstation,
        c.AskForHelp: attempts.ask_for_help,
        c.NoteContact: lost_time.note_contact,
        t.DecideLostTime: lost_time.decide_lost_time,
        NoteBlockedKeys: conduct.note_blocked_keys,
        c.SaveChanges: responses.save_changes,
        TakeRescuedWork: rescue.take_rescued_work,
        c.DecideKeptAside: responses.decide_kept_aside,
        c.BringBackRevision: responses.bring_back_revision,
        c.SubmitAttempt: responses.submit_attempt,
    }
)


def decide(state: RoomState, command: c.Command, now: Now) -> list[Draft]:
    """Return the drafts that grant `command`, possibly none, or raise a refusal."""
    decision = _DECISIONS.get(type(command))
    if decision is None:
        raise InvariantViolated(f"nobody decides {type(command).__name__}")
    if state.session.sealed_at_ms is not None:
        raise room.RoomSessionSealedError
    return decision(state, command, now)
