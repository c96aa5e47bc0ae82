"""A play of a computer in the room that nobody knows: what of the box answers it, and what not."""

from __future__ import annotations

from provisioning.box_services.connectivity_probes import HTTP_PROBES
from tests.image.bare_debian import ask, bare_debian, wait_until_answering
from tests.image.staff import wait_until_serving
from tests.image.stage import START_SECONDS, Stage

BOX = "10.77.0.1"
"""The address of a box in a network of its own, where `room.toml` names none."""
TCP = [53, 80, 443]
UDP = [53, 123]
"""What answers one who asks alone; addresses (67) and mDNS (5353) are given to a whole room."""
SCAN_SECONDS = 1800


def play_doors(stage: Stage) -> None:
    """Try every port of the box from the room; ask as systems do that look for the Internet."""
    box = stage.boxes[0]
    box.machine.start()
    wait_until_serving(box.port, box.name, None, seconds=START_SECONDS)
    stranger = bare_debian(stage.work.parent.parent / "bare-debian", stage.work)
    try:
        stranger.start()
        wait_until_answering(seconds=START_SECONDS)
        for one in HTTP_PROBES:
            found = ask("/probe", box=BOX, host=one.host, path=one.path, seconds=60)
            wanted = {"address": BOX, "status": one.status, "body": one.body}
            if found != wanted:
                raise RuntimeError(f"{one.host}{one.path}: {found}, and not {wanted}")
        stage.say(f"{len(HTTP_PROBES)} questions for the Internet: each answered by the box")
        found = ask("/doors", box=BOX, seconds=SCAN_SECONDS)
    finally:
        stranger.pull_the_plug()
    stage.say(f"ports that answer: TCP {found['tcp']}, UDP {found['udp']}")
    if (found["tcp"], found["udp"]) != (TCP, UDP):
        raise RuntimeError(f"the box should answer at TCP {TCP} and UDP {UDP} only")
    through = [one for one in found["routes"] if one.get("gateway") == BOX]
    if through or not any(one["dst"].startswith("10.77.") for one in found["routes"]):
        raise RuntimeError(f"the box should give an address and no way out: {found['routes']}")
    stage.say("it has an address of the box's and no way out through it")
