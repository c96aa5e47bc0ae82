"""An invigilator of the image test: the box's own pages over HTTPS, through its second cable."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import disable_warnings
from urllib3.exceptions import InsecureRequestWarning

from provisioning.demo.staff_driver import StaffDriver

ASK_EVERY_SECONDS = 3


class _UnderItsName(HTTPAdapter):
    """Reaches a box at a forwarded port and checks its certificate for the name it has."""

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give TLS the name of the box."""
        super().init_poolmanager(
            *args, server_hostname=self._name, assert_hostname=self._name, **kwargs
        )


def session_with(name: str, authority: Path | None) -> requests.Session:
    """Return a session for the box called `name` that believes only the centre's authority.

    Without an authority it believes every box.
    """
    session = requests.Session()
    session.trust_env = False
    session.verify = False if authority is None else str(authority)
    if authority is None:
        disable_warnings(InsecureRequestWarning)
    # Which of the box's two applications is meant, and whose the cookies are.
    session.headers["Host"] = name
    session.mount("https://", _UnderItsName(name))
    return session


def wait_until_serving(port: int, name: str, authority: Path | None, *, seconds: float) -> float:
    """Return after how many seconds the box answered; raises TimeoutError."""
    started = time.monotonic()
    session = session_with(name, authority)
    while time.monotonic() - started < seconds:
        try:
            if session.get(f"https://127.0.0.1:{port}/health", timeout=5).ok:
                return time.monotonic() - started
        except requests.RequestException:
            pass
        time.sleep(1)
    raise TimeoutError(f"{name} did not serve within {seconds:.0f} s")


class Invigilator(StaffDriver):
    """Somebody at the staff pages of one box."""

    @classmethod
    def of(cls, port: int, name: str, authority: Path) -> Invigilator:
        """Return one who reaches the box at a forwarded port."""
        return cls(f"https://127.0.0.1:{port}", session_with(f"staff.{name}", authority))

    def wait_for(self, path: str, pattern: str, *, seconds: float) -> re.Match[str]:
        """Read a page until it says something; raises TimeoutError with what it was."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                found = re.search(pattern, self.read(path), re.DOTALL)
            except requests.RequestException:
                found = None
            if found:
                return found
            time.sleep(ASK_EVERY_SECONDS)
        raise TimeoutError(f"{path} never said {pattern}")

    def act(self, page: str, path: str, **fields: str) -> str:
        """Fill in a form of a page."""
        return self._post(page, path, **fields)
