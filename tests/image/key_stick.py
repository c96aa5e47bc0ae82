"""A play of a box without a security chip, whose disk a stick opens."""

from __future__ import annotations

from tests.image.staff import wait_until_serving
from tests.image.stage import START_SECONDS, Stage
from tests.image.sticks import empty_stick, list_folder

NAME = "EXAMROOMKEY"
WITHOUT_SECONDS = 150
"""Longer than a start takes here."""


def play_key_stick(stage: Stage) -> None:
    """The stick gets a key at the first start; later ones wait until it is put in."""
    box = stage.boxes[0]
    box.machine.security_chip = False
    stick = empty_stick(stage.work / "key.stick", NAME)
    box.machine.extra = (
        *("-drive", f"if=none,id=key,format=raw,file={stick}"),
        *("-device", "usb-storage,removable=on,drive=key"),
    )
    for number in (1, 2):
        box.machine.start()
        seconds = wait_until_serving(box.port, box.name, None, seconds=START_SECONDS)
        stage.say(f"start {number}, with the stick: power to serving {seconds:.0f} s")
        box.machine.pull_the_plug()
    (key,) = (one for one in list_folder(str(stick), "/") if one.endswith(".key"))
    stage.say(f"the stick has {key}")
    box.machine.extra = ()
    box.machine.start()
    try:
        wait_until_serving(box.port, box.name, None, seconds=WITHOUT_SECONDS)
    except TimeoutError:
        stage.say("without the stick the box does not serve")
    else:
        raise RuntimeError("the disk was opened without its key")
    box.machine.put_in(stick, "key")
    seconds = wait_until_serving(box.port, box.name, None, seconds=START_SECONDS)
    stage.say(f"it serves {seconds:.0f} s after the stick was put in")
