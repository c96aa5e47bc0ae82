"""What a box says of itself reaches the centre once, again when it changes, and is shown there."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.formats.box_report import BoxReport
from appliance.formats.kept_sentence import KeptSentence
from appliance.formats.update_status import RefusedUpdate, UpdateStatus
from appliance.platform.clock import SystemClock
from appliance.platform.system_image import SystemImage, running_version
from appliance.services import kept_update
from appliance.services.update_rules import UpdateNotNewerError
from sync.agent import reporting
from sync.agent.centre_client import CentreClient, CentreRefusedError, Reply
from sync.central.box_reports import reports_by_box, take_report
from sync.central.centre import Centre
from sync.central.database import put, write
from sync.central.tables import box_reports

from .conftest import AgentMaker
from .test_rights import ORIGIN, _sign_in, app, client

__all__ = ["app", "client"]

IMAGE_VERSION = "0.4.1"


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the program that installs says how it stands."""
    path = tmp_path / "status.json"
    monkeypatch.setattr(kept_update, "STATUS_PATH", path)
    monkeypatch.setattr(reporting, "running_version", lambda: IMAGE_VERSION)
    return path


class CountingClient(CentreClient):
    """Counts the reports, and can refuse them as an older centre would."""

    count = 0
    is_older = False

    def send(self, method: str, target: str, body: bytes = b"") -> Reply:
        """See Centre."""
        if target == reporting.REPORT_TARGET:
            self.count += 1
            if self.is_older:
                raise CentreRefusedError(reason="HTTP 404")
        return super().send(method, target, body)


def _client(agents: AgentMaker) -> CountingClient:
    return CountingClient(agents.running.url, agents.box, SystemClock())


@pytest.mark.parametrize("centre", ["sqlite", "postgresql"], indirect=True)
def test_box_tells_what_has_changed(agents: AgentMaker, centre: Centre, status: Path) -> None:
    """Once after a start, and then only what is new."""
    counting = _client(agents)
    agent = agents.agent(counting)
    agent.take_turn()
    agent.take_turn()
    assert 1 == counting.count
    assert {agents.box.id: BoxReport(version=IMAGE_VERSION)} == reports_by_box(centre)

    status.write_bytes(UpdateStatus(installed="0.5").to_bytes())
    agent.take_turn()

    assert 2 == counting.count
    assert "0.5" == reports_by_box(centre)[agents.box.id].installed


def test_centre_that_knows_no_reports_gets_everything_else(
    agents: AgentMaker, centre: Centre, status: Path
) -> None:
    """An older centre refuses it; results go there, nothing is shown as wrong, and it can wait."""
    counting = _client(agents)
    counting.is_older = True
    agents.journal.open_room()
    agents.agent(counting).take_turn()
    assert 1 == counting.count
    assert {} == reports_by_box(centre)
    assert b'"last_error_key":null' in agents.paths.status.read_bytes()
    assert b'"acknowledged_seq":%d' % len(agents.journal.entries) in (
        agents.paths.status.read_bytes()
    )


def test_page_of_the_boxes_says_what_waits_and_what_went_wrong(
    client: FlaskClient, agents: AgentMaker, centre: Centre
) -> None:
    """A version each, and in words what became of an update."""
    _sign_in(client, centre, "auditor")
    refused = RefusedUpdate(
        why=KeptSentence.of(UpdateNotNewerError(version="0.4", own="0.5")), at_ms=1
    )
    report = BoxReport(version="0.5", installed="0.6", given_up="0.5.9", refused=refused)
    take_report(centre, report.to_bytes(), box_id=agents.box.id)

    page = client.get("/boxes", base_url=ORIGIN).get_data(as_text=True)

    assert '<span class="num">0.5</span>' in page
    assert "0.6 waits for a restart" in page
    assert "0.5.9 did not come to serve" in page
    assert str(refused.why) in page


def test_report_that_another_version_kept_leaves_the_page_whole(
    client: FlaskClient, agents: AgentMaker, centre: Centre
) -> None:
    """A centre that was set back to an older version shows its boxes all the same."""
    _sign_in(client, centre, "auditor")
    with write(centre.engine) as connection:
        kept = {"box_id": agents.box.id, "report": b'{"format":"box-report/9"}'}
        put(connection, box_reports, [kept])

    page = client.get("/boxes", base_url=ORIGIN)

    assert (200, True) == (page.status_code, agents.box.id in page.text)


def test_version_of_a_package_and_of_an_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs has a version that a report can hold, whichever way it came here."""
    assert BoxReport(version=running_version()).version == running_version()
    own = SystemImage("examroom-box", "0.10.2")
    monkeypatch.setattr("appliance.platform.system_image.running_image", lambda: own)
    assert "0.10.2" == running_version()
