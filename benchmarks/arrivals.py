"""Five hundred who sign in and load the exam with its pictures: within 10 s, and all at once."""

from __future__ import annotations

from appliance.rehearsal.browsers import SigningInBrowser
from appliance.rehearsal.load import Load, Timing
from benchmarks.report import Table
from benchmarks.rooms import Room


def measure_arrivals(room: Room, within_seconds: float) -> Table:
    """Return the table.  They sign in while the exam runs, as after a power cut in the room."""
    table = Table(
        "Signing in and loading the exam with its media",
        ("people", "arriving", "done after s", "requests", "p50 ms", "p99 ms", "MB", "failures"),
        note="Each request's own time; the demo exam. Signing in is a durable commit as well.",
    )
    for name, every_seconds in (
        (f"over {within_seconds:.0f} s", within_seconds),
        ("all at once", None),
    ):
        browsers = [
            SigningInBrowser(one.code, one.client_id, loads_exam=True) for one in room.people
        ]
        timing = Timing(60.0, every_seconds, then_at_once=True)
        result = Load(room.box.candidate_port, browsers, timing).run()
        for person, browser in zip(room.people, browsers, strict=False):
            person.cookie = browser.cookie or person.cookie
        unfinished = sum(1 for one in browsers if not one.finished)
        table.rows.append(
            (
                str(len(browsers)),
                name,
                f"{result.seconds:.1f}",
                str(result.right),
                f"{result.percentile_ms(50):.0f}",
                f"{result.percentile_ms(99):.0f}",
                f"{sum(one.loaded_bytes for one in browsers) / 1e6:.0f}",
                str(result.failures + unfinished),
            )
        )
    return table
