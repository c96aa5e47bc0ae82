"""A centre whose certificate is by its own authority, which the settings of the agent name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from appliance.formats.keys import BoxIdentity
from appliance.platform.clock import SystemClock
from sync.agent.centre_client import (
    AUTHORITY_VARIABLE,
    CentreAuthorityUnreadableError,
    CentreClient,
    CentreUnreachableError,
)
from tests.rig.tls_front import TlsFront

from .conftest import AgentMaker, RunningCentre


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Return where its certificate lies."""
    return tmp_path / "authority.pem"


@pytest.fixture
def front(running: RunningCentre, authority: Path) -> Iterator[TlsFront]:
    """Return TLS in front of the centre, under that authority."""
    made = trustme.CA()
    authority.write_bytes(made.cert_pem.bytes())
    with closing(TlsFront(made, urlsplit(running.url).port or 0)) as front:
        yield front


def test_box_sends_where_the_named_authority_vouches(
    agents: AgentMaker,
    front: TlsFront,
    authority: Path,
    box: BoxIdentity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And nowhere without it: nobody else's word counts for that centre."""
    monkeypatch.delenv(AUTHORITY_VARIABLE, raising=False)
    with pytest.raises(CentreUnreachableError):
        CentreClient(front.origin, box, SystemClock()).send("GET", "/api/v1/directory")
    assert b"" == front.received

    monkeypatch.setenv(AUTHORITY_VARIABLE, str(authority))
    agents.journal.open_room()
    agents.agent(CentreClient(front.origin, box, SystemClock())).take_turn()

    status = agents.paths.status.read_bytes()
    assert b'"acknowledged_seq":%d' % len(agents.journal.entries) in status


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_authority_that_is_none_is_said_at_once(
    authority: Path, box: BoxIdentity, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """Else it would look like a network that is away."""
    if content is not None:
        authority.write_bytes(content)
    monkeypatch.setenv(AUTHORITY_VARIABLE, str(authority))
    with pytest.raises(CentreAuthorityUnreadableError, match=str(authority)):
        CentreClient("https://localhost", box, SystemClock())
