"""What all kinds of tests share: one Chromium, because its driver can only be started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.item_page import CHROMIUM, chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    if not CHROMIUM.exists():
        pytest.fail("Chromium is missing; tests/ensure_programs.sh says how to get it")
    with chromium() as started:
        yield started
