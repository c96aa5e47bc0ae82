"""What a load test found, in words: for the page of the box and for the command line."""

from __future__ import annotations

from typing import Any

from appliance.web.languages import gettext as _


def remedy(key: str) -> str:
    """Return what failed and what to do about it."""
    return {
        "errors": _(
            "Requests were refused or lost. Look at the log of the box, and ask the centre before "
            "this box is used."
        ),
        "sign_in": _(
            "Signing in and loading the exam took too long. Let people sign in row by row, or use "
            "a faster box for a room of this size."
        ),
        "saves": _(
            "Saving took too long. Stop other programs on this box, or use a faster box or a "
            "smaller room."
        ),
        "fsync": _(
            "The disk took too long to make a save durable. Replace the disk: memory cards do "
            "this before they die."
        ),
        "disk": _("The disk writes slowly. Replace it, or do not use uploads in this room."),
        "memory": _("The exam server needs more than half of the memory. Use a box with more."),
    }.get(key, key)


def figure_lines(figures: dict[str, Any]) -> list[str]:
    """Return what was measured, a line each."""

    def number(name: str) -> str:
        return f"{figures.get(name, 0):.0f}"

    return [
        _("%(n)s candidates, %(e)s errors", n=number("candidates"), e=number("errors")),
        _("slowest sign-in and exam: %(n)s ms", n=number("sign_in_slowest_ms")),
        _(
            "saves: %(n)s, half of them within %(p50)s ms, 99 of 100 within %(p99)s ms",
            n=number("saves"),
            p50=number("save_p50_ms"),
            p99=number("save_p99_ms"),
        ),
        _(
            "saves six times as often: %(n)s, 99 of 100 within %(p99)s ms",
            n=number("faster_saves"),
            p99=number("faster_p99_ms"),
        ),
        _(
            "disk: slowest sync %(f)s ms, %(s)s MiB a second",
            f=number("fsync_slowest_ms"),
            s=number("disk_mib_per_second"),
        ),
        _(
            "memory: %(n)s of %(all)s MiB",
            n=number("memory_mib"),
            all=number("machine_mib"),
        ),
    ]
