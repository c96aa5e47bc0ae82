"""What boxes say of themselves: the newest report of each."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import select

from appliance.formats.box_report import REPORT_MAX_BYTES, BoxReport
from appliance.formats.canonical import DocumentMalformedError
from sync.central.centre import Centre
from sync.central.database import put, read, write
from sync.central.tables import box_reports


def take_report(centre: Centre, data: bytes, *, box_id: str) -> None:
    """Keep what a box says; raises as `BoxReport.from_bytes` does."""
    report = BoxReport.from_bytes(data, bytes_max=REPORT_MAX_BYTES)
    with write(centre.engine) as connection:
        put(connection, box_reports, [{"box_id": box_id, "report": report.to_bytes()}])


def reports_by_box(centre: Centre) -> dict[str, BoxReport]:
    """Return what each box has said last; without those that we cannot read."""
    with read(centre.engine) as connection:
        rows = connection.execute(select(box_reports.c.box_id, box_reports.c.report)).all()
    reports = {}
    for box_id, data in rows:
        with suppress(DocumentMalformedError):
            reports[box_id] = BoxReport.from_bytes(bytes(data))
    return reports
