"""A certificate that the centre obtains by itself: certbot, as docs/operating/network.md has it.

The authority is Pebble, which speaks what public ones do (RFC 8555), and really asks its DNS.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme

from appliance.formats.keys import BoxIdentity
from sync.central.centre import Centre
from sync.central.room_certificates import certificates_by_box
from tests.rig.box_process import free_port

NAMES = ("room12.exam.school.example", "staff.room12.exam.school.example")
READY_SECONDS = 30
CERTBOT_SECONDS = 120
SET_TXT = """
import json, os, urllib.request
body = {"host": f"_acme-challenge.{os.environ['CERTBOT_DOMAIN']}.",
        "value": os.environ["CERTBOT_VALIDATION"]}
urllib.request.urlopen("http://127.0.0.1:%d/set-txt", json.dumps(body).encode())
"""


@dataclass
class Authority:
    """A public authority and the DNS that it asks."""

    directory: str
    certificate: Path
    dns_admin: int


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    """Start both, on loopback."""
    folder = tmp_path / "pebble"
    folder.mkdir()
    own = trustme.CA()
    own.cert_pem.write_to_path(folder / "root.pem")
    own.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(folder / "own.pem")
    port, manager, dns, dns_admin = (free_port() for _ in range(4))
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{manager}",
        "certificate": str(folder / "own.pem"),
        "privateKey": str(folder / "own.pem"),
        "httpPort": free_port(),
        "tlsPort": free_port(),
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": settings}))
    without = [part for name in ("http01", "https01", "tlsalpn01") for part in (f"-{name}", "")]
    admin = ("-management", f"127.0.0.1:{dns_admin}")
    programs = (
        ("pebble-challtestsrv", "-dns01", f"127.0.0.1:{dns}", *without, *admin),
        ("pebble", "-config", str(folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"),
    )
    found = Authority(f"https://localhost:{port}/dir", folder / "root.pem", dns_admin)
    with ExitStack() as running, (folder / "log").open("wb") as log:
        for program in programs:
            environment = os.environ | {"PEBBLE_VA_NOSLEEP": "1"}
            started = subprocess.Popen(program, stdout=log, stderr=log, env=environment)
            running.callback(started.wait)
            running.callback(started.kill)
        _wait_until_it_answers(found)
        yield found


def _wait_until_it_answers(authority: Authority) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            requests.get(authority.directory, verify=str(authority.certificate), timeout=5)
            return
        except requests.RequestException:
            assert time.monotonic() < deadline, "the authority does not answer"
            time.sleep(0.1)


def _certbot(folder: Path, authority: Authority, *words: str) -> None:
    folders = [
        part
        for name in ("config", "work", "logs")
        for part in (f"--{name}-dir", str(folder / name))
    ]
    environment = os.environ | {"REQUESTS_CA_BUNDLE": str(authority.certificate)}
    command = ["certbot", *words, *folders, "--non-interactive"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=CERTBOT_SECONDS,
        env=environment,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_box_is_sent_what_certbot_obtains_and_renews(
    tmp_path: Path, centre: Centre, box: BoxIdentity, authority: Authority
) -> None:
    """Nobody carries a file: the centre's own hook sends each new certificate to its box."""
    program = Path(sys.executable).with_name("examroom-central")
    hook = (
        f"{shlex.quote(str(program))} room-certificate {box.id} "
        '--chain "$RENEWED_LINEAGE/fullchain.pem" --key "$RENEWED_LINEAGE/privkey.pem" '
        f"--data {shlex.quote(str(tmp_path / 'centre'))}"
    )
    set_txt = tmp_path / "set_txt.py"
    set_txt.write_text(SET_TXT % authority.dns_admin)
    _certbot(
        *(tmp_path / "certbot", authority, "certonly", "--server", authority.directory),
        *("--agree-tos", "--register-unsafely-without-email", "--preferred-challenges", "dns"),
        *("--manual", "--manual-auth-hook", shlex.join([sys.executable, str(set_txt)])),
        *("--deploy-hook", hook, *(part for name in NAMES for part in ("-d", name))),
    )
    first = certificates_by_box(centre)[box.id]
    assert NAMES[0] == first["names"]
    assert "Pebble" in first["issuer"]
    again = ("renew", "--force-renewal", "--no-random-sleep-on-renew")
    _certbot(tmp_path / "certbot", authority, *again)
    assert certificates_by_box(centre)[box.id]["sent_at_ms"] > first["sent_at_ms"]
