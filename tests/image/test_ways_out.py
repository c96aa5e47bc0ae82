"""What the play of the ways out sees: a window that Esc would close is seen before that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from tests.image import candidate
from tests.image.candidate import WAYS_OUT, try_to_leave, written_after


class _Client:
    """A client on which some keys open a window that takes all letters until Esc."""

    def __init__(self, *opening: tuple[str, ...]) -> None:
        self._opening = opening
        self._is_open = False
        self.written = ""
        self.looked: list[str] = []

    def press(self, *keys: str) -> None:
        if keys == ("esc",):
            self._is_open = False
        elif keys in self._opening:
            self._is_open = True

    def type(self, text: str) -> None:
        if not self._is_open:
            self.written += text

    def click(self, x: int, y: int) -> None:
        """Click in vain at a page below a window."""

    def look(self, name: str) -> Path:
        self.looked.append(name)
        return Path(name)


class _Everybody:
    """The stage and the invigilator, who reads what the client has written."""

    def __init__(self, client: _Client) -> None:
        self.client = client

    def say(self, text: str) -> None:
        """Say nothing."""

    def wait_for(self, _path: str, pattern: str, *, seconds: float) -> None:
        assert seconds
        if not re.search(pattern, self.client.written):
            raise TimeoutError


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "DIALOG_SECONDS", 0)


def _leave(client: _Client) -> None:
    everybody = cast("Any", _Everybody(client))
    try_to_leave(everybody, everybody, "attempt", "")


@pytest.mark.parametrize("keys", [("ctrl", "o"), ("ctrl", "s"), ("ctrl", "p")])
def test_window_with_files_or_a_printer_leads_away(keys: tuple[str, ...]) -> None:
    """Though Esc closes it: a candidate need not press that."""
    client = _Client(keys)
    with pytest.raises(RuntimeError, match=re.escape(f"{'+'.join(keys)} led away")):
        _leave(client)
    assert f"after-{'-'.join(keys)}" in client.looked


def test_word_of_the_browser_that_a_key_is_not_allowed_leads_nowhere() -> None:
    """It is closed, and the candidate writes on."""
    client = _Client(("f12",), ("ctrl", "u"))
    _leave(client)
    assert re.fullmatch(written_after(WAYS_OUT), client.written)
