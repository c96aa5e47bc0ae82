"""Whole sittings on the real images: `make image-test`.

    python -m tests.image sitting     a box and a client
    python -m tests.image take-over   a box, its standby and a client
    python -m tests.image rescue      a box, a spare that gets its mirror stick, and a client
    python -m tests.image listening   a client that reads aloud, and its box
    python -m tests.image full-room   a box and 300 candidates: its memory
    python -m tests.image install     a box that installs itself on the disk of a machine
    python -m tests.image key-stick   a box without a TPM: a stick opens its disk
    python -m tests.image new-chip    a box whose TPM has forgotten the key of its disk
    python -m tests.image doors       a computer that nobody knows tries every port of a box
    python -m tests.image wireless    a wireless network and who joins it, by played radios
    python -m tests.image conduct     a client whose blocked keys are noted, and its box
    python -m tests.image thief       a box with Secure Boot, and whoever takes it whole
    python -m tests.image plugs       a box whose plug is pulled six times: power to serving

The machines are started in QEMU on one virtual cable.  The boxes' public keys come back on sticks,
the centre enrols them and sends them the exam, and a candidate writes in the client's browser by
its keyboard.  Meanwhile plugs are pulled.  At the end a stick carries the results to the centre,
which must say that they are complete.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from tests.image.conduct import play_conduct
from tests.image.doors import play_doors
from tests.image.full_room import play_full_room
from tests.image.install import play_install
from tests.image.key_stick import play_key_stick
from tests.image.listening import play_listening
from tests.image.new_chip import play_new_chip
from tests.image.plugs import play_plugs
from tests.image.sitting import play_sitting
from tests.image.stage import Stage, set_up
from tests.image.take_over import play_rescue, play_take_over
from tests.image.thief import play_thief
from tests.image.wireless import play_wireless

PLAYS: dict[str, tuple[Callable[[Stage], None], int]] = {
    "sitting": (play_sitting, 0),
    "take-over": (play_take_over, 1),
    "rescue": (play_rescue, 1),
    "listening": (play_listening, 0),
    "full-room": (play_full_room, 0),
    "install": (play_install, 0),
    "key-stick": (play_key_stick, 0),
    "new-chip": (play_new_chip, 0),
    "doors": (play_doors, 0),
    "wireless": (play_wireless, 0),
    "conduct": (play_conduct, 0),
    "thief": (play_thief, 0),
    "plugs": (play_plugs, 0),
}
"""Each play, and how many standbys it wants."""


def main() -> None:
    """Play it."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("play", choices=tuple(PLAYS))
    options.add_argument("--images", type=Path, default=Path("build/image/out"))
    options.add_argument("--work", type=Path, default=Path("build/image-test"))
    given = options.parse_args()
    play, standbys = PLAYS[given.play]
    stage = set_up(given.images, given.work.resolve() / given.play, standbys=standbys)
    try:
        play(stage)
    finally:
        stage.power_off()


if __name__ == "__main__":
    main()
