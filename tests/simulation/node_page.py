"""The candidate page's own JavaScript as a workstation of the simulation."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from appliance.web.candidate.pages import STATIC
from tests.simulation.network import Answer, Lost
from tests.simulation.workstation import Workstation

NODE = shutil.which("node")
PROGRAM = Path(__file__).with_name("page_under_node.mjs")
RELOADS = 0.02
ALL_BOXES = "http://box-a http://box-b http://box-c"


class NodePage(Workstation):
    """The same part as `Workstation`, played by line.js and other_boxes.js under Node.

    Its time is the world's, looked at whenever the play lets this page exchange.
    """

    _process: subprocess.Popen[str] | None = None
    _folder: tempfile.TemporaryDirectory[str] | None = None
    _unsent = 0

    def sign_in(self) -> None:
        """Show the code, and hand what came of it to the page."""
        super().sign_in()
        if not self.attempt_id:
            return
        opened = {"attempt": self.attempt_id, "ticket": self.ticket}
        if self._process is None:
            self._start()
            self._say({"do": "open", "acknowledged": self.acknowledged, **opened})
        else:
            self._say({"do": "resume", "ticket": self.ticket})
        self._hear()

    def _start(self) -> None:
        assert NODE is not None
        self._folder = tempfile.TemporaryDirectory()
        shutil.copytree(STATIC, self._folder.name, dirs_exist_ok=True)
        (Path(self._folder.name) / "package.json").write_text('{"type": "module"}')
        self._process = subprocess.Popen(
            [
                NODE,
                *(str(PROGRAM), self._folder.name, f"http://{self.home}"),
                *(ALL_BOXES, str(self.world.seed)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _say(self, command: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        """Return the page's answer, serving the calls that it makes on the way."""
        assert self._process is not None
        assert self._process.stdout is not None
        while True:
            text = self._process.stdout.readline()
            assert text, "the page ended"
            said: dict[str, Any] = json.loads(text)
            if "call" not in said:
                return said
            self._serve(said)

    def _serve(self, call: dict[str, Any]) -> None:
        answer = self._ask_for_page(call)
        if answer is None:
            self._say({"do": "answer", "call": call["call"], "status": 0})
            return
        if answer.status == 200 and call["path"].endswith("/changes"):
            self.standing = json.loads(answer.data)
            self.promises.told(self, call["host"], self.standing)
        body = answer.data.decode()
        self._say({"do": "answer", "call": call["call"], "status": answer.status, "body": body})

    def _ask_for_page(self, call: dict[str, Any]) -> Answer | None:
        headers: dict[str, str] = call["headers"]
        if call["host"] == self.home and "Authorization" not in headers and self.cookie:
            headers["Cookie"] = self.cookie
        elif call["host"] != self.home:
            headers |= {"Origin": f"http://{self.home}", "Sec-Fetch-Site": "cross-site"}
        try:
            return self.network.request(
                self.name,
                call["host"],
                call["method"],
                call["path"],
                data=call["body"].encode(),
                headers=headers,
            )
        except Lost:
            return None

    def exchange(self) -> None:
        """Let the page's time go on to now."""
        if self.is_dead:
            return
        if self._process is None:
            self.sign_in()
            return
        if self.world.happens(RELOADS):
            self._say({"do": "reload"})
            self._hear()
        self._say({"do": "advance", "to": self.world.now_ms})
        said = self._hear()
        self._unsent, self.last_no = said["unsent"], said["last"]
        if said["signedOut"]:
            self.sign_in()

    def write(self, item: str, value: str) -> None:
        """Type something."""
        if self._process is None:
            return
        self._say({"do": "change", "item": item, "value": value})
        self.last_no = self._hear()["last"]
        self.made[self.last_no] = (item, value)
        # Everything it ever made; the page itself decides what it still keeps.
        self.kept[self.last_no] = {"item": item, "value": value}

    @property
    def unsent(self) -> list[dict[str, Any]]:
        """Return as many nothings as there are unsent changes: only their number is known."""
        return [{}] * self._unsent

    def forget(self, standing: dict[str, Any]) -> None:
        """The page does that itself."""

    def die(self) -> None:
        """Never come back."""
        super().die()
        self.end()

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        if self._folder is not None:
            self._folder.cleanup()
