"""Telling the centre which version the box runs, whenever that has changed."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.formats.box_report import BoxReport
from appliance.platform.system_image import running_version
from appliance.services.kept_update import UpdateFolder, newest_refusal, read_status
from sync.agent.centre_client import Centre

REPORT_TARGET = "/api/v1/report"


@dataclass(slots=True)
class Reporter:
    """Tells it once, and again when it is another; `told` is lost with the agent, and told anew."""

    centre: Centre
    kept: UpdateFolder
    told: bytes = b""

    def tell(self) -> None:
        """Send what has changed; raises as `Centre.send` does."""
        report = self._report().to_bytes()
        if report != self.told:
            self.centre.send("PUT", REPORT_TARGET, report)
            self.told = report

    def _report(self) -> BoxReport:
        status = read_status()
        return BoxReport(
            version=running_version(),
            installed=status.installed,
            given_up=status.given_up,
            refused=newest_refusal(self.kept, status),
        )
