"""What all kinds of tests share: how many run at once, and in each process one Chromium.

Its driver can only be started once in a process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.item_page import CHROMIUM, chromium

WORKERS_PER_CORE = 2
"""Most tests wait for other processes: docs/decisions/tests-side-by-side.md has the measurement."""
WORKERS_MAX = 8
"""Each may have a Chromium, and by then the longest tests decide."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `-n auto` means, which is what `make test` says."""
    return min(WORKERS_PER_CORE * len(os.sched_getaffinity(0)), WORKERS_MAX)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    if not CHROMIUM.exists():
        pytest.fail("Chromium is missing; tests/ensure_programs.sh says how to get it")
    with chromium() as started:
        yield started
