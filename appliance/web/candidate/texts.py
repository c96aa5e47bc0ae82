"""The texts of the candidate's page, translated for the reader and handed to its modules."""

from __future__ import annotations

from appliance.web.languages import gettext as _


def page_texts() -> dict[str, str]:
    """Return every text of the page by its name.  {name} is filled in by the page."""
    return _signing_in() | _writing() | _saving() | _handing_in()


def _signing_in() -> dict[str, str]:
    return {
        "welcome": _("Welcome"),
        "enter_code": _("Enter the code on your slip"),
        "code": _("Your code"),
        "code_help": _("12 letters and digits. Capitals, spaces and dashes do not matter."),
        "sign_in": _("Continue"),
        "looking_for_box": _("Looking for the box in this room…"),
        "looking_help": _("This goes on by itself. If it takes long, tell the invigilator."),
        "hello": _("Hello {name}"),
        "is_this_you": _("Not you? Tell the invigilator."),
        "wait_check_in": _("The invigilator comes to you and checks who you are."),
        "wait_start": _("You are checked in. The exam begins when the invigilator starts it."),
        "wait_title": _("Waiting for the start"),
        "fact_exam": _("Exam"),
        "fact_number": _("Number"),
        "fact_seat": _("Seat"),
        "fact_time": _("Your time"),
        "how_title": _("How it works"),
        "how_saving": _("Everything you write is saved by itself. There is no Save button."),
        "how_outage": _(
            "If the network or the power fails, keep writing or wait. Nothing is lost."
        ),
        "how_moving": _("You can go to any item from the list, and mark items to come back to."),
        "how_help": _("Need something? Press “Ask for help” and the invigilator comes."),
        "conduct_title": _("What is noted in this exam"),
        "conduct": _(
            "On a computer with the school's exam program, keys that would leave the exam, such "
            "as Alt and Tab together, do nothing. How often they are pressed is noted and the "
            "invigilator sees it: a number, never which key and never what you write. The number "
            "alone decides nothing."
        ),
        "conduct_basis": _("Why: {basis}"),
        "asking_title": _("Moving to this computer"),
        "asking": _(
            "You are signed in on another computer. The invigilator has been asked to move you "
            "here. Everything you wrote comes along."
        ),
        "elsewhere_title": _("You are writing on another computer"),
        "elsewhere": _("This one is locked. Everything written here has been saved."),
        "elsewhere_unsent": _("This one is locked. It is still sending what was written here."),
        "rescue_help": _("There is work on this computer that may not be on the box yet."),
        "rescue_save": _("Save it to a file"),
        "rescue_saved": _("Saved. Give the file to the invigilator, who takes it in."),
        "rescue_kept": _("It is kept here. Please leave the computer on and tell the invigilator."),
        "rescue_impossible": _("This computer cannot save it. Please tell the invigilator."),
        "other_code": _("Someone else? Enter another code"),
        "practice": _("Practice"),
        "browser_title": _("This browser is not the right one"),
        "absent": _("The invigilator has noted you as absent. Please raise your hand."),
        "on_paper": _("You continue on paper. What you wrote here is saved."),
    }


def _writing() -> dict[str, str]:
    return {
        "item_of": _("Item {n} of {total}"),
        "points_one": _("1 point"),
        "points": _("{n} points"),
        "items": _("Items"),
        "part": _("Part {n}"),
        "responded": _("responded"),
        "not_yet": _("not yet"),
        "come_back_later": _("Come back later"),
        "marked": _("come back later"),
        "here": _("you are here"),
        "locked": _("closed"),
        "previous": _("Previous item"),
        "next": _("Next item"),
        "linear_note": _("When you go on, you cannot come back to this item."),
        "instructions": _("Instructions"),
        "begin": _("Begin"),
        "seat_and_number": _("seat {seat} · number {number}"),
        "number_only": _("number {number}"),
        "left_until": _("left, until {time}"),
        "clock_stopped": _("clock stopped"),
        "minutes_left": _("{n} minutes left"),
        "time_added": _("You have been given {n} more minutes."),
        "time_taken": _("Your time has been corrected by {n} minutes."),
        "ask_for_help": _("Ask for help"),
        "help_coming": _("Help is on its way"),
        "display": _("Display"),
        "text_size": _("Text size"),
        "colours": _("Colours"),
        "light": _("Light"),
        "dark": _("Dark"),
        "contrast": _("High contrast"),
        "line_spacing": _("Line spacing"),
        "spacing_normal": _("Normal"),
        "spacing_wide": _("Wide"),
        "close": _("Close"),
        "ok": _("OK"),
        "message_title": _("Message from the invigilator, {time}"),
        "paused_title": _("The exam is paused"),
        "paused": _("Your clock has stopped. Everything you wrote is safe."),
        "earlier_versions": _("Earlier versions"),
        "earlier_help": _("Choose a version to look at it. Bringing it back keeps the others."),
        "earlier_none": _("There is no earlier version of this yet."),
        "earlier_offline": _("Earlier versions can be shown when the box is reached again."),
        "bring_back": _("Bring this one back"),
        "version_at": _("Version {n}, {time}"),
        "empty_value": _("(nothing)"),
        "brought_by_staff": _("The invigilator brought an earlier version back."),
    }


def _saving() -> dict[str, str]:
    return {
        "status_none": _("Nothing to save yet"),
        "status_typed": _("Typed"),
        "status_kept": _("Kept on this computer, sending"),
        "status_offline": _("Kept on this computer, the box is out of reach"),
        "status_saved": _("Saved {time}"),
        "status_two_places": _("Saved in two places {time}"),
        "status_not_kept": _("This computer cannot keep a copy. Tell the invigilator."),
        "code_again": _("Please enter your code again. Everything you wrote is still here."),
        "too_long": _("One response is too long to be saved. Please make it shorter."),
    }


def _handing_in() -> dict[str, str]:
    return {
        "review": _("Review and hand in"),
        "review_title": _("Before you hand in"),
        "review_all": _("You have responded to all {total} items."),
        "review_some": _("You have responded to {n} of {total} items."),
        "review_marked": _("{n} marked to come back to."),
        "back_to_exam": _("Back to the exam"),
        "hand_in": _("Hand in"),
        "hand_in_sure": _("Hand in now?"),
        "hand_in_help": _("After that you cannot change anything."),
        "keep_writing": _("Keep writing"),
        "handing_in": _("Handing in. Your last words are on their way to the box…"),
        "handing_in_offline": _(
            "The box is out of reach. Your exam is kept on this computer and is handed in as soon "
            "as the box is back. Please stay and tell the invigilator."
        ),
        "handed_in": _("Your exam is handed in"),
        "handed_in_time": _("Your time is up. Your exam has been handed in for you."),
        "receipt_at": _("Handed in"),
        "receipt_count": _("Responses given"),
        "receipt_code": _("Receipt"),
        "receipt_help": _(
            "Write this code down if you like. It proves what you handed in, and when."
        ),
        "leave": _("Finish"),
        "left_title": _("You are done"),
        "left_help": _("This computer has forgotten your exam. You may leave."),
        "still_sending": _("Some of what you wrote is still on its way. Please wait here."),
    }
