"""What a check of the room found, in words: for the staff page and for the command line."""

from __future__ import annotations

from appliance.formats.kept_sentence import KeptSentence
from appliance.services.judge_room import Check
from appliance.web.errors import kept_words
from appliance.web.languages import gettext as _


def finding_words(check: Check) -> str:
    """Return one sentence: how it is."""
    values = {
        name: kept_words(value) if isinstance(value, KeptSentence) else value
        for name, value in check.values.items()
    }
    return _sentences()[check.finding] % values


def remedy_words(check: Check) -> str:
    """Return one sentence: what to do; empty where nothing is to be done."""
    return _remedies().get(check.finding, "")


def check_title(check: Check) -> str:
    """Return what was looked at."""
    return {
        "disk": _("Disk"),
        "disk_speed": _("Speed of the disk"),
        "theft": _("If it is stolen"),
        "memory": _("Memory"),
        "clock": _("Clock"),
        "power": _("Power"),
        "network": _("Network"),
        "ports": _("Services"),
        "certificate": _("Certificate"),
        "centre": _("Centre"),
        "exam": _("Exam"),
        "standby": _("Standby"),
        "mirror": _("Mirror stick"),
        "clients": _("Computers"),
        "loadtest": _("Load test"),
        "version": _("Version"),
    }[check.name]


def _sentences() -> dict[str, str]:
    return _machine_sentences() | {
        "certificate_missing": _("This box has no certificate."),
        "certificate_over": _("The certificate is over, or the clock of this box is wrong."),
        "certificate_names": _("The certificate is not for %(name)s."),
        "certificate_own": _("The certificate is this box's own, and no browser trusts it."),
        "certificate_not_seen": _(
            "The certificate is valid for %(n)s more days, but nobody answers with it."
        ),
        "certificate_untrusted": _("A computer would not trust this box: %(problem)s."),
        "certificate_soon": _("The certificate is valid for only %(n)s more days."),
        "certificate_ok": _("The certificate is trusted and valid for %(n)s more days."),
        "certificate_not_used": _("This box is reached without a certificate."),
        "centre_not_enrolled": _("This box is not enrolled at a centre."),
        "centre_apart": _("The centre is not in reach; the exam does not need it."),
        "centre_ok": _("The centre was reached a moment ago."),
        "exam_none": _("The centre has not planned anything for this box."),
        "exam_unfit": _("%(title)s: %(problem)s"),
        "exam_no_staff": _("%(title)s: no invigilator may sign in at its time."),
        "exam_ok": _(
            "%(title)s is here and can be released: %(n)s candidates, %(staff)s invigilators."
        ),
        "standby_silent": _("%(name)s is not heard from."),
        "standby_ok": _("%(names)s has everything."),
        "standby_none": _("The centre has chosen no standby for this room."),
        "standby_not_yet": _(
            "%(n)s other boxes are chosen; whether they follow shows once the room is open."
        ),
        "standby_never_seen": _("%(n)s other boxes are chosen, and none follows."),
        "mirror_none": _("No mirror stick is in."),
        "mirror_trouble": _("A mirror stick does not keep up."),
        "mirror_ok": _("%(n)s mirror sticks are read back."),
        "clients_unknown": _("No locked computer has reported to this page."),
        "clients_look": _("%(n)s computers want a look."),
        "clients_ok": _("%(n)s computers report, and all is well with them."),
        "loadtest_failed": _("The last load test failed."),
        "loadtest_never": _("No load test was run on this box."),
        "loadtest_smaller": _(
            "The load test passed with %(n)s candidates, and %(planned)s are planned."
        ),
        "loadtest_ok": _("The load test passed with %(n)s candidates."),
        "version_unknown": _("This box was not started from an image."),
        "version_went_back": _(
            "Version %(new)s did not come to serve, so the box went back to version %(v)s."
        ),
        "version_waits": _("The box runs version %(v)s, and %(new)s at the next start."),
        "version_refused": _("The box runs version %(v)s. An update was not taken: %(why)s"),
        "version_ok": _("The box runs version %(v)s."),
    }


def _machine_sentences() -> dict[str, str]:
    return {
        "disk_full": _("%(gb)s GB are free: responses already use the reserve."),
        "disk_low": _("%(gb)s GB are free."),
        "disk_ok": _("%(gb)s GB are free."),
        "disk_speed_unknown": _("The disk could not be written to, so its speed is not known."),
        "disk_much_too_slow": _("A save takes %(ms)s ms on this disk; 500 is too much."),
        "disk_slow": _("A save takes %(ms)s ms on this disk; up to 50 is well."),
        "disk_fast": _("A save takes %(ms)s ms on this disk."),
        "theft_not_ours": _("Whether the disk of this box is encrypted is not known here."),
        "theft_key_apart": _("The disk opens with its key stick or a passphrase only."),
        "theft_whole_box": _(
            "The disk tells nothing without this machine, but whoever takes the machine with it "
            "can read it: Secure Boot is off."
        ),
        "theft_locked": _("The disk opens in this machine only, and only for a signed system."),
        "memory_unknown": _("The machine does not say how much memory it has."),
        "memory_low": _("%(mib)s MiB of %(all)s are left."),
        "memory_ok": _("%(mib)s MiB of %(all)s are left."),
        "clock_hardware_off": _(
            "The clock with the battery is off by %(n)s seconds and is used after a power cut."
        ),
        "clock_unknown": _("The machine does not say whether its clock follows another."),
        "clock_alone": _("The clock follows no other."),
        "clock_ok": _("The clock follows another."),
        "power_on_battery": _("This box runs from its battery."),
        "power_no_battery": _("The machine shows no battery; whether there is a UPS is not known."),
        "power_battery_low": _("The battery has %(n)s percent."),
        "power_ok": _("There is a battery, and it has %(n)s percent."),
        "network_unknown": _("The machine does not say which network ports it has."),
        "network_no_link": _("No cable leads to anything that is on: %(ports)s."),
        "network_no_address": _("The box has no address at %(ports)s."),
        "network_no_names": _("The box does not give addresses and names to its room."),
        "network_ok": _("The box has the address %(addresses)s."),
        "ports_silent": _("Nobody answers at: %(ports)s."),
        "ports_ok": _("Everything that has to answer on this box answers."),
    }


def _remedies() -> dict[str, str]:
    new_certificate = _("Ask the centre to send a new one.")
    return {
        "disk_full": _("Bring results to the centre, then use a larger disk."),
        "disk_low": _("Use a larger disk, or wipe the box once everything is at the centre."),
        "disk_speed_unknown": _("Look whether the disk is full or can only be read."),
        "disk_much_too_slow": _("Replace the disk: memory cards do this before they die."),
        "disk_slow": _("Run the load test; replace the disk if it fails."),
        "theft_not_ours": _("Look whether its disk is encrypted."),
        "theft_whole_box": _("Lock the box away before the day and after it."),
        "memory_low": _("Stop other programs on this box, or use a box with more memory."),
        "memory_unknown": _("Run the load test: it says whether there is enough."),
        "clock_hardware_off": _(
            "Set the clock in the firmware at the start; replace its battery if it is off again."
        ),
        "clock_unknown": _("Compare the time on this page with a clock you trust."),
        "clock_alone": _(
            "Compare the time on this page with a clock you trust; without a network that is all "
            "there is."
        ),
        "power_on_battery": _("Put in the power supply, and look whether its socket is live."),
        "power_no_battery": _("Look for the UPS, or read what happens when the power fails."),
        "power_battery_low": _("Let it charge before the exam."),
        "network_unknown": _("Open the address of the room on another computer."),
        "network_no_link": _("Put the cable into box and switch, and see that the switch is on."),
        "network_no_address": _("Look at the network part of room.toml, then restart the box."),
        "network_no_names": _("Restart the box; if it stays, use the spare box."),
        "ports_silent": _("Restart the box; if it stays, use the spare box."),
        "certificate_missing": new_certificate,
        "certificate_over": _("Look at the clock first; else ask the centre for a new one."),
        "certificate_names": _("Ask the centre to send one with all names of this box."),
        "certificate_own": new_certificate,
        "certificate_not_seen": _("Restart the box; if it stays, use the spare box."),
        "certificate_untrusted": _("Ask the centre to send certificate and authority anew."),
        "certificate_soon": new_certificate,
        "certificate_not_used": _("Well for a demonstration; a room needs a name and https."),
        "centre_not_enrolled": _("Bring its public keys to the centre on a stick."),
        "centre_apart": _("Keep a stick ready for the results."),
        "exam_none": _("Let the centre plan and send the sitting, or bring its stick."),
        "exam_unfit": _("Tell the centre; it can send the package again for this box."),
        "exam_no_staff": _("Let the centre name the staff for this sitting and send it again."),
        "standby_silent": _("Look whether it is on and its cable is in."),
        "standby_none": _("Let the centre choose a second box, or put in a mirror stick."),
        "standby_not_yet": _("Open a practice, and look again."),
        "standby_never_seen": _("Look at its own page: it says why it does not follow."),
        "mirror_none": _("Put in a stick that was marked for this box."),
        "mirror_trouble": _("Put in another mirror stick."),
        "clients_unknown": _("Start them, or open the address of the room on one of each kind."),
        "clients_look": _("The page of the computers says which and why."),
        "loadtest_failed": _("Read on the page of the box what failed; mend it and run it again."),
        "loadtest_never": _("Run it before the day: it takes half a minute."),
        "loadtest_smaller": _("Run it again now that the sitting is here."),
        "version_unknown": _("Update its package as every other of its system."),
        "version_went_back": _("The exam can be held with it. Tell the centre."),
        "version_waits": _("Restart it on the page of the box now, then check the room again."),
        "version_refused": _("The exam can be held without it. Tell the centre."),
    }
