"""The centre of the image test: its own commands, as an administrator types them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXAM = "::Essay:: Write a few sentences about the water cycle. {}\n"
ROSTER = "number,given name,family name,seat\n1001,Ada,Berg,A1\n"
CANDIDATE = "{number},Given{number},Family{number},B{number}\n"
STAFF = "name,role\nIngrid Vakt,chief_invigilator\nTekla Ström,technician\n"


def command(name: str) -> str:
    """Return where one of our own commands lies."""
    return str(Path(sys.executable).with_name(name))


@dataclass(slots=True)
class Centre:
    """A centre in a folder."""

    folder: Path

    conduct_basis: str = ""
    """On which basis its sittings have conduct noted; empty: they have not."""

    @property
    def data(self) -> Path:
        """Its database and keys."""
        return self.folder / "data"

    def _do(self, *arguments: str | Path) -> Any:
        text = [str(one) for one in arguments]
        called = [command("examroom-central"), text[0], "--data", str(self.data), *text[1:]]
        done = subprocess.run(called, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{text[0]}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    def make(self) -> None:
        """Make the centre, its authority and its public keys file."""
        self.folder.mkdir(parents=True)
        self._do("init", "--json")
        self._do("authority", self.folder / "authority.pem")
        self._do("write-keys", self.folder / "centre.json")

    def enrol(self, keys: Path, name: str) -> str:
        """Enrol a box and make the certificate of its room; return its id."""
        enrolled = self._do("enrol-box", "--keys", keys, "--room", "Aula", "--json")
        box_id: str = enrolled["box_id"]
        self._do("room-certificate", box_id, "--name", name)
        return box_id

    def plan(self, *box_ids: str, candidates: int = 1) -> dict[str, Any]:
        """Plan a sitting and send it; return what its people need to know."""
        source, exam = self.folder / "essay.gift", self.folder / "essay.exam"
        source.write_text(EXAM)
        others = [CANDIDATE.format(number=2000 + one) for one in range(1, candidates)]
        (self.folder / "roster.csv").write_text("".join([ROSTER, *others]))
        (self.folder / "staff.csv").write_text(STAFF)
        made = [command("examroom-provision"), "import", str(source), "--output", str(exam)]
        subprocess.run(made, check=True, capture_output=True, timeout=60)
        exam_id = self._do("add-exam", exam, "--json")["exam_id"]
        sitting_id = self._do(
            *("add-sitting", "--exam", exam_id, "--room", "Aula"),
            *(part for box_id in box_ids for part in ("--box", box_id)),
            *("--roster", self.folder / "roster.csv", "--staff", self.folder / "staff.csv"),
            *(("--conduct-basis", self.conduct_basis) if self.conduct_basis else ()),
            *("--start", "2030-01-01T09:00+01:00", "--minutes", "120", "--json"),
        )["sitting_id"]
        sent: dict[str, Any] = self._do("send", "--sitting", sitting_id, "--json")
        return sent | {"sitting_id": sitting_id}

    def make_update(self, image: Path, stick: Path) -> Any:
        """Write the update to the version of an image into a folder as a stick has it."""
        return self._do("make-update", "--stick", stick, "--json", image)

    def fill(self, stick: Path, box_id: str) -> None:
        """Write what waits for a box into a folder as a stick has it."""
        self._do("export-mailbox", "--box", box_id, "--stick", stick, "--json")

    def take_in(self, stick: Path) -> Any:
        """Take in what a stick brought; return the centre's words about its rooms."""
        return self._do("import-bundles", "--stick", stick, "--json")

    def check_wipe(self, certificate: Path) -> Any:
        """Check what a wiped box says of its end."""
        return self._do("check-wipe", certificate, "--json")

    def results(self, sitting_id: str) -> Any:
        """Return the results of a sitting."""
        return self._do("results", "--sitting", sitting_id, "--as", "json")
