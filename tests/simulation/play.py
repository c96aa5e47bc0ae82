"""One history: a room with its boxes and candidates, faults by chance, then quiet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from appliance.domain import commands as c
from appliance.domain.room import RoomState
from appliance.domain.states import AttemptState
from appliance.services import open_room as open_room_module
from appliance.services import overtaken
from appliance.services.box import Box
from appliance.services.open_room import open_room
from appliance.services.release_exam import release_with_token
from appliance.services.take_over import take_over
from sync.central.boxes import enrol_with_file
from sync.central.centre import Centre, create_centre, open_centre
from sync.central.tables import metadata
from sync.central.web.app import create_app
from tests.simulation.box_machine import CENTRE, BoxMachine, SimWriter
from tests.simulation.disk import Disks
from tests.simulation.ending import check_ending
from tests.simulation.network import Network
from tests.simulation.papers import SITTING, send_papers
from tests.simulation.promises import Promises
from tests.simulation.randomness import seed_randomness
from tests.simulation.workstation import ITEMS, Workstation
from tests.simulation.world import SimClock, World

BOXES = ("box-a", "box-b", "box-c")
FAULTS_MS = 120_000
QUIET_MS = 120_000
WORDS = ("yes", "no", "maybe", "the lake turns over", "in spring and in autumn")


class CentreMachine:
    """The centre, which may be out of reach and never loses anything."""

    name = CENTRE

    def __init__(self, folder: Path, world: World) -> None:
        create_centre(folder, "Sim centre")
        self.centre: Centre = open_centre(folder, None, SimClock(world))
        metadata.create_all(self.centre.engine)
        self._app = create_app(self.centre)

    def application(self) -> Flask | None:
        """See Reachable."""
        return self._app

    def lose_power(self) -> None:
        """See Reachable."""


class Play:
    """A room, from the opening to the end."""

    def __init__(
        self,
        seed: int,
        folder: Path,
        patch: pytest.MonkeyPatch,
        *,
        candidates: int = 3,
        page: type[Workstation] = Workstation,
        writer: type[SimWriter] = SimWriter,
        is_harsh: bool = False,
    ) -> None:
        """Prepare a history; in a harsh one boxes and computers die for good more often."""
        self._is_harsh = is_harsh
        self.world = World(seed)
        self.is_quiet = False
        seed_randomness(self.world, patch)
        self.disks = Disks(self.world)
        self.disks.install(patch)
        patch.setattr(open_room_module, "JournalWriter", writer)
        patch.setattr(overtaken, "_put_down_aside", overtaken._put_down)
        self.network = Network(self.world)
        self.promises = Promises(self.world)
        self.centre = CentreMachine(folder / "centre", self.world)
        self.network.machines[CENTRE] = self.centre
        self.boxes = [
            BoxMachine(name, folder / name, self.world, self.network, self.disks)
            for name in BOXES[: 2 + seed % 2]
        ]
        self.promises.boxes = {one.name: one for one in self.boxes}
        papers = send_papers(
            [one.data_dir for one in self.boxes], self.centre.centre.identity, candidates
        )
        for machine in self.boxes[1:]:
            machine.standby_of = f"http://{self.boxes[0].name}"
        self.pages = [
            page(
                name=f"ws-{number}",
                code=code,
                client_id=f"client{number:04}",
                world=self.world,
                network=self.network,
                promises=self.promises,
                home=self.boxes[0].name,
            )
            for number, code in enumerate(papers.codes)
        ]

    def run(self) -> None:
        """Open the room, let faults happen, let it be quiet, and look at the end."""
        self._begin()
        self._every(1_000, self._beat)
        for machine in self.boxes:
            self._every(300, machine.follow, jitter=100)
            self._every(1_000, machine.look_out, jitter=200)
            self._every(5_000, machine.watch, jitter=500)
            self._every(2_000, machine.sync, jitter=1_000)
        for page in self.pages:
            self._every(1_500, page.exchange, jitter=1_000)
            self._every(2_000, lambda one=page: self._write(one), jitter=2_000)
        self._every(3_000, self._staff, jitter=3_000)
        self._every(2_500, self._fault, jitter=2_500)
        self._every(1_000, self._serve_time)
        self.network.loss, self.network.repeats = 0.04, 0.04
        self.disks.cut_probability = 0.0015
        self.world.run_until(FAULTS_MS, self._check)
        self._make_quiet()
        self.world.run_until(FAULTS_MS + QUIET_MS, self._check)
        check_ending(self)

    def _every(self, ms: int, happening: Callable[[], None], jitter: int = 0) -> None:
        def again() -> None:
            happening()
            self.world.at(ms + self.world.chance.randrange(jitter + 1), again)

        self.world.at(self.world.chance.randrange(ms), again)

    def _begin(self) -> None:
        first = self.boxes[0]
        for machine in self.boxes:
            machine.switch_on()
        enrol(self)

        def opened(box: Box) -> None:
            room = open_room(box, actor="chief", sitting_ids=[SITTING], practice=False)
            release_with_token(box, actor="chief", sitting_id=SITTING)
            del room

        first.do(opened)
        for page in self.pages:
            page.sign_in()

        def started(box: Box) -> None:
            writer = box.open_room().writer
            for attempt_id in writer.look(lambda state, _now: list(state.attempts)):
                writer.write(c.CheckIn("chief", attempt_id, None))
            writer.write(c.StartSitting("chief", SITTING))

        first.do(started)

    def leaders(self) -> list[BoxMachine]:
        """Return the boxes that lead as far as they know."""
        return [
            one
            for one in self.boxes
            if one.box is not None and one.box.room is not None and not one.is_stopped
        ]

    def _beat(self) -> None:
        for machine in self.boxes:
            machine.beat()

    def _serve_time(self) -> None:
        if self.leaders():
            self.promises.served_ms += 1_000

    def _write(self, page: Workstation) -> None:
        state = page.standing.get("attempt_state")
        if page.is_dead or not page.is_writing or state != "writing":
            return
        item = self.world.chance.choice(ITEMS)
        # Now and then the same words again: two changes that look alike are still two changes.
        words = self.world.chance.choice(WORDS)
        page.write(item, words if self.world.happens(0.5) else f"{words} {page.last_no}")

    def _staff(self) -> None:
        """Somebody of the staff does something, on a box that leads."""
        leaders = self.leaders()
        if not leaders or not self.world.happens(0.3):
            return
        machine = self.world.chance.choice(leaders)
        attempts: list[str] = machine.do(_writing) or []
        if not attempts:
            return
        chosen = self.world.chance.choice(attempts)
        number = str(self.world.now_ms)
        command = self.world.chance.choice(
            (
                c.ExtendTime("chief", SITTING, (chosen,), 60, "a cough"),
                c.SendMessage("chief", f"m{number}", SITTING, chosen, "Ten minutes more."),
                c.WriteIrregularity("chief", f"i{number}", chosen, "A window banged."),
            )
        )
        machine.do(lambda box: box.open_room().writer.write(command))

    def _fault(self) -> None:
        fault = self.world.chance.choice(
            (
                self._cut_power,
                self._stop_process,
                self._partition,
                self._step_clock,
                self._fill_disk,
                self._take_over,
                self._take_over,
                self._lose_page,
                self._rot,
            )
        )
        if self._is_harsh and self.world.happens(0.3):
            fault = self._lose_what_one_box_has
        if self.world.happens(0.6) and not self.is_quiet:
            fault()

    def _cut_power(self) -> None:
        machine = self.world.chance.choice(self.boxes)
        if machine.box is None or machine.is_destroyed:
            return
        machine.lose_power()
        dies = 0.5 if self._is_harsh else 0.1
        if self.world.happens(dies) and len(self._alive()) > 1:
            machine.destroy()

    def _lose_what_one_box_has(self) -> None:
        """The leader alone hears the pages for a while; then it, or a page, dies; somebody acts."""
        leaders = self.leaders()
        others = [one for one in self.boxes if one not in leaders and one.box is not None]
        if len(leaders) != 1 or not others:
            return
        cut = {frozenset((leaders[0].name, one.name)) for one in self.boxes}
        self.network.cut_off |= cut
        self.world.note(f"{leaders[0].name} is apart from the other boxes")
        self.world.at(5_000, lambda: self._end_it(leaders[0], cut))

    def _end_it(self, leader: BoxMachine, cut: set[frozenset[str]]) -> None:
        pages = [one for one in self.pages if not one.is_dead]
        if self.world.happens(0.5):
            leader.destroy()
        elif len(pages) > 1:
            self.world.chance.choice(pages).die()
        for machine in self.boxes:
            if machine.box is not None and machine.box.following is not None:
                self.world.note(f"take over on {machine.name}")
                machine.do(lambda box: take_over(box, actor="chief"))
                break
        self.network.cut_off -= cut

    def _alive(self) -> list[BoxMachine]:
        return [one for one in self.boxes if not one.is_destroyed and one.damaged is None]

    def _stop_process(self) -> None:
        machine = self.world.chance.choice(self.boxes)
        if machine.box is None or machine.is_stopped:
            return
        machine.is_stopped = True
        self.world.note(f"{machine.name} is stopped")
        self.world.at(self.world.chance.randrange(500, 15_000), lambda: self._let_go_on(machine))

    def _let_go_on(self, machine: BoxMachine) -> None:
        if machine.is_stopped:
            machine.is_stopped = False
            self.world.note(f"{machine.name} goes on")

    def _partition(self) -> None:
        names = [*(one.name for one in self.boxes), *(one.name for one in self.pages), CENTRE]
        alone = set(self.world.chance.sample(names, self.world.chance.randrange(1, len(names))))
        cut = {frozenset((one, two)) for one in alone for two in names if two not in alone}
        self.network.cut_off |= cut
        self.world.note(f"apart: {', '.join(sorted(alone))}")
        until = self.world.chance.randrange(1_000, 25_000)
        self.world.at(until, lambda: self.network.cut_off.difference_update(cut))

    def _step_clock(self) -> None:
        machine = self.world.chance.choice(self.boxes)
        machine.clock.wall_offset_ms += self.world.chance.choice(
            (-3_600_000, 3_600_000, 86_400_000)
        )
        self.world.note(f"the wall clock of {machine.name} steps")

    def _fill_disk(self) -> None:
        name = self.world.chance.choice(self.boxes).name
        self.disks.full.add(name)
        self.world.note(f"the disk of {name} is full")
        self.world.at(
            self.world.chance.randrange(1_000, 10_000), lambda: self.disks.full.discard(name)
        )

    def _take_over(self) -> None:
        """Somebody takes over on a standby, whether that is wise or not."""
        followers = [one for one in self.boxes if one.box is not None and one.box.following]
        if not followers:
            return
        silent = not self.leaders()
        if not silent and self.world.happens(0.5):
            return
        machine = self.world.chance.choice(followers)
        self.world.note(f"take over on {machine.name}")
        machine.do(lambda box: take_over(box, actor="chief"))

    def _lose_page(self) -> None:
        alive = [one for one in self.pages if not one.is_dead]
        if len(alive) > 1 and self.world.happens(0.9 if self._is_harsh else 0.3):
            self.world.chance.choice(alive).die()

    def _rot(self) -> None:
        """A byte of a standby's copy turns over; the next start finds it."""
        followers = [one for one in self.boxes if one.box is not None and one.box.following]
        if not followers or not self.world.happens(0.3):
            return
        machine = self.world.chance.choice(followers)
        machine.rot()

    def _check(self) -> None:
        for machine in self.boxes:
            is_off = machine.box is None and machine in self._alive()
            if is_off and not machine.comes_back:
                machine.comes_back = True
                pause = self.world.chance.randrange(500, 8_000)
                self.world.at(pause, lambda one=machine: self._switch_on(one))

    def _switch_on(self, machine: BoxMachine) -> None:
        machine.comes_back = False
        machine.switch_on()
        if machine.box is not None:
            self.world.note(f"{machine.name} is on")
            self.promises.after_start(machine)

    def _make_quiet(self) -> None:
        """No more faults; a person looks after the room."""
        self.world.note("quiet")
        self.is_quiet = True
        self.network.loss = self.network.repeats = self.disks.cut_probability = 0.0
        self.network.cut_off.clear()
        self.disks.full.clear()
        for machine in self.boxes:
            machine.is_stopped = False
        for page in self.pages:
            page.is_writing = False
        self._every(10_000, self._care)

    def _care(self) -> None:
        """If no box leads, somebody takes over on one that follows."""
        if self.leaders() or any(one.comes_back for one in self.boxes):
            return
        followers = [one for one in self.boxes if one.box is not None and one.box.following]
        if followers:
            best = max(followers, key=lambda one: one.head_seq())
            self.world.note(f"take over on {best.name}")
            best.do(lambda box: take_over(box, actor="chief"))


def _writing(box: Box) -> list[str]:
    def see(state: RoomState, _now: object) -> list[str]:
        return [
            one.attempt_id for one in state.attempts.values() if one.state is AttemptState.WRITING
        ]

    return box.open_room().writer.look(see)


def enrol(play: Play) -> None:
    """Let the centre know the boxes."""
    for machine in play.boxes:
        assert machine.box is not None
        data = machine.box.identity.public.to_bytes()
        enrol_with_file(play.centre.centre, data, actor="admin", name=machine.name, room="Sim")
