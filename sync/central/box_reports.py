"""What boxes say of themselves: the newest report of each."""

from __future__ import annotations

from sqlalchemy import select

from appliance.formats.box_report import REPORT_MAX_BYTES, BoxReport
from sync.central.centre import Centre
from sync.central.database import put, read, write
from sync.central.tables import box_reports


def take_report(centre: Centre, data: bytes, *, box_id: str) -> None:
    """Keep what a box says; raises as `BoxReport.from_bytes` does."""
    report = BoxReport.from_bytes(data, bytes_max=REPORT_MAX_BYTES)
    row = {
        "box_id": box_id,
        "report": report.to_bytes(),
        "reported_at_ms": centre.clock.wall_ms(),
    }
    with write(centre.engine) as connection:
        put(connection, box_reports, [row])


def reports_by_box(centre: Centre) -> dict[str, BoxReport]:
    """Return what each box has said last."""
    with read(centre.engine) as connection:
        rows = connection.execute(select(box_reports.c.box_id, box_reports.c.report)).all()
    return {box_id: BoxReport.from_bytes(bytes(report)) for box_id, report in rows}
