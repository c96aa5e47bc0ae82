"""Identities and a journal that the tests of formats share."""

from __future__ import annotations

import pytest

from appliance.domain.journal import Draft, Entry, chain_start, place
from appliance.formats.keys import (
    BoxIdentity,
    CentreIdentity,
    RecoveryKey,
    create_box_identity,
    create_centre_identity,
    create_recovery_key,
)


@pytest.fixture(scope="session")
def recovery() -> RecoveryKey:
    return create_recovery_key()


@pytest.fixture(scope="session")
def centre(recovery: RecoveryKey) -> CentreIdentity:
    return create_centre_identity("Centre", recovery=recovery.public)


@pytest.fixture(scope="session")
def box() -> BoxIdentity:
    return create_box_identity("Box A")


@pytest.fixture(scope="session")
def other_box() -> BoxIdentity:
    return create_box_identity("Box B")


@pytest.fixture(scope="session")
def entries() -> list[Entry]:
    placed: list[Entry] = []
    previous = chain_start("journal-1")
    for seq in range(1, 21):
        draft = Draft("response_saved", "candidate", "a1", {"i": "q1", "n": seq, "v": "é\n" * seq})
        placed.append(place(draft, epoch=1, seq=seq, at_ms=1000 * seq, previous=previous))
        previous = placed[-1].hash
    return placed
