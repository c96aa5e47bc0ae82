"""Counting the keys that would leave the exam."""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path

import pytest

from kiosk_client.blocked_keys import BlockedKeys, KeyWatch

EVENT = struct.Struct("llHHi")
CTRL, ALT, DEL, F1, F4, TAB, A, META, PRINT = 29, 56, 111, 59, 62, 15, 30, 125, 99


def _pressed(*codes: int) -> bytes:
    """Return the events of keys that go down one after the other, and up again."""
    down = [EVENT.pack(0, 0, 1, code, 1) for code in codes]
    repeated = [EVENT.pack(0, 0, 1, codes[-1], 2), EVENT.pack(0, 0, 0, 0, 0)]
    up = [EVENT.pack(0, 0, 1, code, 0) for code in reversed(codes)]
    return b"".join([*down, *repeated, *up])


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((ALT, F4), 1),
        ((ALT, TAB), 1),
        ((CTRL, ALT, DEL), 1),
        ((CTRL, ALT, F1), 1),
        ((META,), 1),
        ((PRINT,), 1),
        ((A,), 0),
        ((CTRL, A), 0),
        ((F4,), 0),
        ((TAB,), 0),
    ],
)
def test_only_combinations_that_leave_are_counted(codes: tuple[int, ...], expected: int) -> None:
    """Once a press, however long it is held; writing is never counted."""
    watch = KeyWatch()
    watch.take(_pressed(*codes))
    watch.take(b"half an event")
    assert expected == watch.count


def test_keyboard_is_read_and_one_that_is_unplugged_is_still_counted(tmp_path: Path) -> None:
    """A pipe stands for the keyboard: it is read as the kernel's file is."""
    os.mkfifo(tmp_path / "event0")
    keys, stopping = BlockedKeys(tmp_path), threading.Event()
    watching = threading.Thread(target=keys.watch, args=(stopping,))
    watching.start()
    keyboard = os.open(tmp_path / "event0", os.O_WRONLY)
    os.write(keyboard, _pressed(ALT, F4))
    (tmp_path / "event0").unlink()
    os.close(keyboard)
    stopping.set()
    watching.join(20)
    assert not watching.is_alive()
    assert 1 == keys.total
