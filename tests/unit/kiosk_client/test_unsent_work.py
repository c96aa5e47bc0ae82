"""Where a workstation keeps unsent work: decided once, and never over what lies there."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.domain.errors import ExamroomError
from appliance.formats.kiosk_settings import KioskSettings
from kiosk_client.keeper import Keeper
from kiosk_client.trust import Authority, BoxSilentError, NotABoxError
from kiosk_client.unsent_work import UnsentWork

BOX = "https://box.example"
VOLUME = "0b5c8f2e-6a1d-4e3f-9b7a-2c4d6e8f0a1b"
KEY = "ab" * 32


class RootHalf:
    """Answers on a real socket as the program of the image does, line by line."""

    def __init__(self, path: Path) -> None:
        self.answers: dict[str, str] = {"look": "none"}
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line, line.makefile("r") as asked:
                text = asked.readline().strip()
                self.asked.append(text)
                line.sendall(self.answers.get(text.split()[0], "").encode() + b"\n")

    def close(self) -> None:
        """Answer no more."""
        self._socket.close()


class Box(Authority):
    """A trusted box that gives the key, or raises."""

    def __init__(self) -> None:
        self.problem: ExamroomError | None = None
        self.asked: list[tuple[str, str, str]] = []

    def workstation_key(self, origin: str, workstation_id: str, volume_id: str) -> str:
        """Return the key."""
        self.asked.append((origin, workstation_id, volume_id))
        if self.problem is not None:
            raise self.problem
        return KEY


@pytest.fixture
def root_half(tmp_path: Path) -> Iterator[RootHalf]:
    """The image's program."""
    made = RootHalf(tmp_path / "socket")
    yield made
    made.close()


@pytest.fixture
def box() -> Box:
    """The room's box."""
    return Box()


Make = Callable[..., UnsentWork]


@pytest.fixture
def make(tmp_path: Path, box: Box) -> Make:
    """Return what makes the decider of a workstation."""

    def made(boot_id: str = "boot-1", **given: object) -> UnsentWork:
        values = {"authority": "/a", "state_dir": tmp_path, "profile_dir": tmp_path / "p", **given}
        settings = KioskSettings.model_validate(values)
        keeper = Keeper(tmp_path / "socket", tmp_path / "mounted")
        return UnsentWork(settings, box, boot_id=boot_id, keeper=keeper)

    return made


def turn(work: UnsentWork, origin: str = BOX) -> str:
    """Let it go on; return what holds then."""
    work.turn(origin, "desk0001")
    return work.standing


@pytest.mark.parametrize(("kept", "expected"), [(True, "kept"), (False, "in_memory")])
def test_ordinary_computer_keeps_its_profile_or_not(make: Make, kept: bool, expected: str) -> None:
    """There the disk is the school's, and its settings decide."""
    assert expected == make(profile_kept=kept).standing


def test_empty_place_is_made_with_the_key_of_the_box(
    make: Make, root_half: RootHalf, box: Box, tmp_path: Path
) -> None:
    """Before a page of the box opens; then profile and memory lie there."""
    root_half.answers |= {"look": f"empty {VOLUME}", "make": "open"}
    work = make()
    assert "waiting" == turn(work, "")
    assert tmp_path / "p" == work.profile_dir
    assert "kept" == turn(work)
    assert not work.is_of_before
    assert ["look", f"make {VOLUME} {KEY}"] == root_half.asked
    assert [(BOX, "desk0001", VOLUME)] == box.asked
    assert tmp_path / "mounted/kiosk/profile" == work.profile_dir
    assert tmp_path / "mounted/guard" == work.state_dir


def test_what_is_kept_is_opened(make: Make, root_half: RootHalf) -> None:
    """After a power cut."""
    root_half.answers |= {"look": f"closed {VOLUME}", "open": "open"}
    work = make()
    assert "kept" == turn(work)
    assert work.is_of_before
    assert ["look", f"open {KEY}"] == root_half.asked


def test_what_does_not_open_stays_as_it_is(make: Make, root_half: RootHalf) -> None:
    """It may be all that is left of somebody's responses; the invigilator is told."""
    root_half.answers |= {"look": f"closed {VOLUME}", "open": ""}
    work = make()
    assert "unreadable" == turn(work)
    work.forget()
    assert ["look", f"open {KEY}"] == root_half.asked


@pytest.mark.parametrize(
    ("problem", "place", "expected"),
    [
        (BoxSilentError(address=BOX), "empty", "waiting"),
        (NotABoxError(address=BOX, refusal="room_closed"), "empty", "waiting"),
        (NotABoxError(address=BOX, refusal="too_many_tries"), "closed", "waiting"),
        (NotABoxError(address=BOX, refusal=""), "closed", "waiting"),
        (NotABoxError(address=BOX, refusal="workstation_key_missing"), "empty", "in_memory"),
        (NotABoxError(address=BOX, refusal="workstation_key_missing"), "closed", "unreadable"),
        (NotABoxError(address=BOX, refusal="not_served"), "empty", "in_memory"),
    ],
)
def test_box_that_gives_no_key_is_asked_again_unless_it_never_will(
    make: Make, root_half: RootHalf, box: Box, problem: ExamroomError, place: str, expected: str
) -> None:
    """A room that opens later, or a box that just starts, must not cost what is kept."""
    root_half.answers |= {"look": f"{place} {VOLUME}"}
    box.problem = problem
    assert expected == turn(make())


def test_without_a_place_or_a_wish_it_goes_on_in_memory(make: Make, root_half: RootHalf) -> None:
    """A stick that is full, or read-only, or settings that say so."""
    assert "in_memory" == turn(make())
    assert "in_memory" == make("boot-2", keep_unsent_work=False).standing
    assert "in_memory" == make("boot-2", profile_kept=False).standing
    assert ["look"] == root_half.asked


def test_stick_that_does_not_answer_is_asked_again_for_a_while(
    make: Make, root_half: RootHalf
) -> None:
    """It may hold work; and it must not hold up the exam."""
    root_half.answers["look"] = ""
    patient, lucky = make(), make("boot-2")
    assert [*4 * ["waiting"], "in_memory"] == [turn(patient) for _ in range(5)]
    turn(lucky)
    root_half.answers["look"] = "open"
    assert "kept" == turn(lucky)


def test_what_was_decided_holds_until_the_computer_is_started_anew(
    make: Make, root_half: RootHalf, box: Box
) -> None:
    """A guard that crashed must not lead a candidate away from the profile that has their work."""
    root_half.answers |= {"look": f"empty {VOLUME}", "make": "open"}
    box.problem = NotABoxError(address=BOX, refusal="workstation_key_missing")
    assert "in_memory" == turn(make())
    box.problem = None
    assert "in_memory" == turn(make())
    assert "kept" == turn(make("boot-2"))
    root_half.answers["look"] = "open"
    assert "kept" == turn(make("boot-2"), "")


def test_release_makes_it_unreadable_once(make: Make, root_half: RootHalf) -> None:
    """And again only if it could not be done."""
    root_half.answers |= {"look": "open"}
    work = make()
    turn(work)
    work.forget()
    root_half.answers["forget"] = "forgotten"
    work.forget()
    work.forget()
    assert ["look", "forget", "forget"] == root_half.asked
