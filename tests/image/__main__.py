"""A whole sitting on the real images: `make image-test`.

A box and a client are started in QEMU on one virtual cable.  The box's public keys come back on a
stick, the centre enrols it and sends it the exam, and a candidate writes in the client's browser by
its keyboard.  Meanwhile the plug of the box is pulled.  At the end a stick carries the results to
the centre, which must say that they are complete.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
import string
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.image.centre import Centre
from tests.image.machine import Machine
from tests.image.staff import Invigilator, wait_until_serving
from tests.image.sticks import copy_in, copy_out, make_stick, settings_partition

BOX_NAME = "box.examroom.internal"
BOX_DISK_GIB = 6
PORT = 17443
START_SECONDS = 420
"""Plain emulation on a busy machine; the figure that counts is printed."""
STEP_SECONDS = 240
PAGE_SECONDS = 30
"""Until a page is drawn after the program around the browser has reported, or started it anew."""
SIGN_IN_SECONDS = 10
WRITTEN, WHILE_DARK = "water evaporates ", " rain falls "
WAYS_OUT: tuple[tuple[str, ...], ...] = (
    ("ctrl", "alt", "f2"),
    ("alt", "f4"),
    ("ctrl", "w"),
    ("ctrl", "shift", "w"),
    ("ctrl", "n"),
    ("ctrl", "shift", "n"),
    ("ctrl", "t"),
    ("ctrl", "o"),
    ("ctrl", "s"),
    ("ctrl", "p"),
    ("ctrl", "u"),
    ("f12",),
    ("ctrl", "shift", "i"),
    ("ctrl", "l"),
    ("alt", "f"),
    ("f11",),
    ("ctrl", "h"),
    ("ctrl", "j"),
    ("shift", "esc"),
    ("meta_l",),
    ("alt", "tab"),
    ("ctrl", "alt", "delete"),
    ("ctrl", "alt", "backspace"),
    ("alt", "sysrq", "b"),
    ("alt", "left"),
    ("alt", "home"),
    ("ctrl", "shift", "delete"),
    ("f1",),
)
LETTERS = string.ascii_lowercase + string.digits
"""One is written after each way out."""
ATTEMPT = r'href="/room\?seat=([0-9a-z]+)"'
CODE_FIELD = (580, 420)
RESPONSE_FIELD = (740, 340)
REVIEW_BUTTON = (1083, 630)
HAND_IN_BUTTON = (1126, 289)
SURE_BUTTON = (801, 442)
WORKSTATION = r'action="(/workstations/[^"/]+)/release"'

ROOM = f'room = "Aula"\nname = "{BOX_NAME}"\n'
CLIENT = 'authority = "/run/examroom-settings/authority.pem"\n'


@dataclass(slots=True)
class Stage:
    """What the play needs: the machines, the centre, and where pictures go."""

    work: Path
    centre: Centre
    box: Machine
    client: Machine
    started: float

    @property
    def authority(self) -> Path:
        """The root certificate of the centre's rooms."""
        return self.centre.folder / "authority.pem"

    def say(self, text: str) -> None:
        """Tell what happens, with the second at which it does."""
        sys.stdout.write(f"{time.monotonic() - self.started:7.1f} s  {text}\n")
        sys.stdout.flush()


def image_of(profile: str, images: Path) -> Path:
    """Return the image; its parts, for updates, lie beside it under longer names."""
    return min(images.glob(f"examroom-{profile}_*.raw"), key=lambda one: len(one.name))


def set_up(images: Path, work: Path) -> Stage:
    """Make the centre and the disks of the machines, with what a technician puts on each."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    centre = Centre(work / "centre")
    centre.make()
    box_disk, client_disk = work / "box.raw", work / "client.raw"
    shutil.copy(image_of("box", images), box_disk)
    shutil.copy(image_of("client", images), client_disk)
    with box_disk.open("ab") as file:
        file.truncate(BOX_DISK_GIB * 2**30)
    (work / "room.toml").write_text(ROOM)
    (work / "client.toml").write_text(CLIENT)
    copy_in(settings_partition(box_disk), work / "room.toml", "/room.toml")
    copy_in(settings_partition(box_disk), centre.folder / "centre.json", "/centre.json")
    copy_in(settings_partition(client_disk), work / "client.toml", "/client.toml")
    copy_in(settings_partition(client_disk), centre.folder / "authority.pem", "/authority.pem")
    return Stage(
        work,
        centre,
        Machine("box", work / "box", box_disk, 2048, 1, security_chip=True, forwarded={PORT: 443}),
        Machine("client", work / "client", client_disk, 3072, 16, screen=True),
        time.monotonic(),
    )


def enrol(stage: Stage) -> dict[str, Any]:
    """Carry the box's keys to the centre and the exam to the box, by stick."""
    stick = make_stick(stage.work / "first.stick")
    stage.box.start()
    stage.box.put_in(stick, "first")
    keys = stage.work / "keys"
    deadline = time.monotonic() + START_SECONDS
    while not copy_out(str(stick), "/examroom/public-keys", keys):
        if time.monotonic() > deadline:
            raise TimeoutError("the box wrote no public keys to the stick")
        shutil.rmtree(keys, ignore_errors=True)
        time.sleep(3)
    time.sleep(3)
    shutil.rmtree(keys)
    copy_out(str(stick), "/examroom/public-keys", keys)
    stage.say("the box has written its public keys to the stick")
    stage.box.take_out("first")
    box_id = stage.centre.enrol(next(keys.glob("*.json")), BOX_NAME)
    plan = stage.centre.plan(box_id)
    folder = stage.work / "to-box"
    folder.mkdir()
    stage.centre.fill(folder, box_id)
    second = make_stick(stage.work / "second.stick")
    copy_in(str(second), folder / "examroom", "/")
    stage.box.put_in(second, "second")
    wait_until_serving(PORT, BOX_NAME, stage.authority, seconds=STEP_SECONDS)
    stage.say("the box has its certificate and serves under its name")
    return plan


def open_room(stage: Stage, plan: dict[str, Any]) -> Invigilator:
    """Sign in as an invigilator, open the room and release the exam."""
    person = next(one for one in plan["staff"] if one["role"] == "chief_invigilator")
    invigilator = Invigilator.of(PORT, BOX_NAME, stage.authority)
    invigilator.wait_for("/sign-in", person["staff_id"], seconds=STEP_SECONDS)
    invigilator.sign_in(person["staff_id"], person["pin"])
    invigilator.open_room()
    invigilator.release(plan["sitting_id"], plan["release_code"])
    stage.say("the room is open and the exam released")
    return invigilator


def sign_in(stage: Stage, plan: dict[str, Any], invigilator: Invigilator) -> str:
    """Sign the candidate in at the client's keyboard and start; return the attempt."""
    # "kiosk" and a time: the client's browser is at the box's page, and its program reports.
    invigilator.wait_for("/workstations", WORKSTATION, seconds=START_SECONDS)
    deadline = time.monotonic() + START_SECONDS
    while not invigilator.check_in_who_waits():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody signed in at the client")
        time.sleep(PAGE_SECONDS)
        stage.client.look("1-sign-in")
        stage.client.click(*CODE_FIELD)
        stage.client.press("ctrl", "a")
        stage.client.type(plan["candidates"][0]["code"].lower())
        stage.client.press("ret")
        time.sleep(SIGN_IN_SECONDS)
    stage.client.look("2-waiting")
    invigilator.start(plan["sitting_id"])
    found = invigilator.wait_for("/people", ATTEMPT, seconds=STEP_SECONDS)
    stage.say("the candidate is signed in at the client, checked in, and writes")
    return found.group(1)


def write(stage: Stage, invigilator: Invigilator, attempt: str, text: str) -> None:
    """Type into the response, and wait until the box shows it to staff."""
    stage.client.click(*RESPONSE_FIELD)
    stage.client.type(text)
    invigilator.wait_for(f"/candidates/{attempt}", re.escape(text.strip()), seconds=STEP_SECONDS)
    stage.say(f"the box has {text.strip()!r}")


def pull_and_go_on(stage: Stage, invigilator: Invigilator, attempt: str) -> None:
    """Pull the box's plug while the candidate writes, and start the box again."""
    stage.client.click(*RESPONSE_FIELD)
    stage.client.press("ctrl", "end")
    stage.box.pull_the_plug()
    stage.client.type(WHILE_DARK)
    time.sleep(5)
    stage.client.look("4-without-the-box")
    stage.say("the plug of the box was pulled; the candidate wrote on")
    stage.box.start()
    seconds = wait_until_serving(PORT, BOX_NAME, stage.authority, seconds=START_SECONDS)
    stage.say(f"power to serving: {seconds:.0f} s")
    text = re.escape(WHILE_DARK.strip())
    invigilator.wait_for(f"/candidates/{attempt}", text, seconds=STEP_SECONDS)
    stage.client.look("5-box-is-back")
    stage.say("what was written meanwhile is on the box")


def try_to_leave(stage: Stage, invigilator: Invigilator, attempt: str) -> None:
    """Press whatever leads out of a browser or a system; after each the candidate writes on."""
    expected = WRITTEN
    for keys, letter in zip(WAYS_OUT, LETTERS, strict=False):
        stage.client.press(*keys)
        expected += f"{letter}+"
        if not goes_on(stage, invigilator, attempt, letter, expected):
            stage.client.look(f"stuck-after-{'-'.join(keys)}")
            raise RuntimeError(f"{'+'.join(keys)} led away from the exam")
    stage.client.look("3-after-the-ways-out")
    stage.say(f"{len(WAYS_OUT)} ways out led nowhere")


def goes_on(
    stage: Stage, invigilator: Invigilator, attempt: str, letter: str, expected: str
) -> bool:
    """Write a letter until the box has it, in vain while a browser that was closed starts again."""
    for seconds in (PAGE_SECONDS / 3, *4 * [PAGE_SECONDS]):
        stage.client.click(*RESPONSE_FIELD)
        stage.client.press("ctrl", "end")
        stage.client.type(letter)
        with contextlib.suppress(TimeoutError):
            invigilator.wait_for(f"/candidates/{attempt}", expected, seconds=seconds)
            return True
    return False


def hand_in(stage: Stage, invigilator: Invigilator) -> None:
    """Hand in at the client's screen."""
    stage.client.click(*REVIEW_BUTTON)
    time.sleep(3)
    stage.client.look("6-review")
    stage.client.click(*HAND_IN_BUTTON)
    time.sleep(3)
    stage.client.look("7-sure")
    stage.client.click(*SURE_BUTTON)
    invigilator.wait_for("/people", "handed in", seconds=STEP_SECONDS)
    time.sleep(5)
    stage.client.look("8-receipt")
    stage.say("the candidate has handed in")


def close(stage: Stage, plan: dict[str, Any], invigilator: Invigilator) -> None:
    """End the exam, let the client go, and carry the results to the centre by stick."""
    pin = next(one["pin"] for one in plan["staff"] if one["role"] == "chief_invigilator")
    sitting_id = plan["sitting_id"]
    invigilator.act("/room", f"/sittings/{sitting_id}/end", secret=pin)
    invigilator.act("/workstations", "/workstations/release", released="yes")
    invigilator.act("/report", "/report", secret=pin)
    deadline = time.monotonic() + STEP_SECONDS
    while stage.client.is_on():
        if time.monotonic() > deadline:
            raise TimeoutError("the released client did not switch itself off")
        time.sleep(1)
    stage.say("the room is closed; the released client has switched itself off")
    stick = make_stick(stage.work / "results.stick")
    stage.box.put_in(stick, "results")
    brought = stage.work / "brought"
    while not copy_out(str(stick), "/examroom/bundles", brought):
        if time.monotonic() > deadline + STEP_SECONDS:
            raise TimeoutError("the box wrote no results to the stick")
        shutil.rmtree(brought, ignore_errors=True)
        time.sleep(3)
    time.sleep(5)
    shutil.rmtree(brought)
    (brought / "examroom").mkdir(parents=True)
    copy_out(str(stick), "/examroom/bundles", brought / "examroom")
    said = stage.centre.take_in(brought)
    stage.say(f"the centre: {said}")
    results = stage.centre.results(sitting_id)
    (evidence,), (result,) = results["evidence"], results["results"]
    complete = evidence["state"] == "sealed" and evidence["unread_count"] == 0
    stage.say(f"complete: {complete}, {evidence['contiguous_seq']} entries, sealed")
    written = result["responses"][0]["value"]
    stage.say(f"the centre has {written!r} by {result['given_name']} {result['family_name']}")
    between = "".join(f"{letter}+" for _, letter in zip(WAYS_OUT, LETTERS, strict=False))
    if not complete or not re.fullmatch(WRITTEN + between + WHILE_DARK, written):
        raise RuntimeError("the centre does not have what was written")


def play(stage: Stage) -> None:
    """Play the whole sitting."""
    stage.say("power on: box and client, both for the first time")
    stage.client.start()
    plan = enrol(stage)
    invigilator = open_room(stage, plan)
    attempt = sign_in(stage, plan, invigilator)
    write(stage, invigilator, attempt, WRITTEN)
    try_to_leave(stage, invigilator, attempt)
    pull_and_go_on(stage, invigilator, attempt)
    hand_in(stage, invigilator)
    close(stage, plan, invigilator)


def main() -> None:
    """Play it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=Path, default=Path("build/image/out"))
    options.add_argument("--work", type=Path, default=Path("build/image-test"))
    given = options.parse_args()
    stage = set_up(given.images, given.work.resolve())
    try:
        play(stage)
    finally:
        stage.box.pull_the_plug()
        stage.client.pull_the_plug()


if __name__ == "__main__":
    main()
