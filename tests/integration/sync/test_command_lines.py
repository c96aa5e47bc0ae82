"""Both programs as a technician types them: a whole exam by stick, with nothing but commands."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from appliance.domain.errors import ExamroomError
from appliance.platform.clock import SystemClock
from appliance.platform.credentials import load_or_create_key
from appliance.storage.attachments import Attachments
from appliance.storage.box_store import BoxStore, JournalRecord
from appliance.storage.reading import BOX_DATABASE_KEY, journal_path
from sync.agent.service import BoxNotEnrolledError
from sync.central import cli as central
from sync.central.centre import CentreExistsError, CentreMissingError, open_centre
from sync.cli import commands as sync_commands

from .conftest import GrowingJournal
from .test_box_journals import ROSTER, STAFF, make_exam, write_exam, write_to_disk


def _central(*arguments: str | Path, data: Path) -> Any:
    """Run a command of the centre and return its JSON."""
    result = CliRunner().invoke(
        central.commands,
        [str(arguments[0]), "--data", str(data), *map(str, arguments[1:])],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.output) if result.output.startswith("{") else result.output


def _box(*arguments: str | Path, data: Path) -> str:
    result = CliRunner().invoke(
        sync_commands,
        [str(arguments[0]), "--data", str(data), *map(str, arguments[1:])],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_stick_that_is_put_in_carries_both_ways(tmp_path: Path) -> None:
    """Nobody types a command at a box: who it is, what it gets and what it has go by one stick."""
    centre, box, stick = tmp_path / "centre", tmp_path / "box", tmp_path / "stick"
    stick.mkdir()
    assert "not for carrying" in _box("carry", "--stick", stick, data=box)
    assert [] == list(stick.iterdir())

    (stick / "examroom").mkdir()
    assert "public keys" in _box("carry", "--stick", stick, data=box)
    (keys,) = (stick / "examroom" / "public-keys").iterdir()
    _central("init", "--json", data=centre)
    _central("enrol-box", "--keys", keys, "--room", "A 1", "--json", data=centre)
    _central("write-keys", tmp_path / "centre.json", data=centre)
    _box("enrol", "--centre-keys", tmp_path / "centre.json", data=box)
    box_id = keys.stem
    _central("room-certificate", box_id, "--name", "box.examroom.internal", data=centre)
    _central("export-mailbox", "--box", box_id, "--stick", stick, "--json", data=centre)
    said = _box("carry", "--stick", stick, data=box)
    assert "Took 1 files" in said
    assert "Wrote 0 bundles" in said


def test_only_its_user_reads_a_centre(tmp_path: Path) -> None:
    """Names, responses and keys: neither folder nor database is for other users of the machine."""
    centre = tmp_path / "centre"
    _central("init", "--json", data=centre)
    modes = {one.name: one.stat().st_mode & 0o077 for one in [centre, *centre.iterdir()]}
    assert {"centre", "keys", "centre.db"} <= set(modes)
    assert {0} == set(modes.values())


def test_public_keys_of_a_centre_need_no_database(tmp_path: Path) -> None:
    """One that lies elsewhere is not made a second time in the folder."""
    centre = tmp_path / "centre"
    database = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    _central("init", "--json", "--database", database, data=centre)
    _central("write-keys", tmp_path / "centre.json", data=centre)
    _central("authority", tmp_path / "authority.pem", data=centre)
    assert b"BEGIN CERTIFICATE" in (tmp_path / "authority.pem").read_bytes()
    assert not (centre / "centre.db").exists()


def test_whole_exam_travels_by_stick(tmp_path: Path) -> None:
    """Enrolment, sending, bundles, receipts and results, and no network anywhere."""
    centre, box, stick = tmp_path / "centre", tmp_path / "box", tmp_path / "stick"
    stick.mkdir()
    for name, data in (("exam", make_exam()), ("roster", ROSTER), ("staff", STAFF)):
        (tmp_path / name).write_bytes(data)

    assert "one_time_password" in _central("init", "--json", data=centre)
    _box("enrol", "--write-keys", tmp_path / "box.json", "--name", "Box 1", data=box)
    keys = ("--keys", tmp_path / "box.json", "--room", "A 1", "--json")
    box_id = _central("enrol-box", *keys, data=centre)["box_id"]
    _central("write-keys", tmp_path / "centre.json", data=centre)
    _box("enrol", "--centre-keys", tmp_path / "centre.json", data=box)

    exam_id = _central("add-exam", tmp_path / "exam", "--json", data=centre)["exam_id"]
    plan = (
        *("--exam", exam_id, "--room", "A 1", "--box", box_id),
        *("--roster", tmp_path / "roster", "--staff", tmp_path / "staff"),
        *("--start", "2030-01-01T09:00+01:00", "--json"),
    )
    sitting_id = _central("add-sitting", *plan, data=centre)["sitting_id"]
    slips = _central("send", "--sitting", sitting_id, "--json", data=centre)
    assert len(slips["release_code"]) == 19
    assert [len(one["code"]) for one in slips["candidates"]] == [14, 14]
    assert [len(one["pin"]) for one in slips["staff"]] == [8]
    _central("export-mailbox", "--box", box_id, "--stick", stick, "--json", data=centre)
    assert "Took 3 files" in _box("import", "--stick", stick, data=box)
    assert len(list((box / "mailbox" / "incoming").iterdir())) == 3

    _hold_exam(box, centre, sitting_id)
    assert "0 of" in _box("status", data=box)
    _box("export", "--stick", stick, data=box)
    taken = _central("import-bundles", "--stick", stick, "--json", data=centre)
    reach = {
        "journal_id": "journal-1",
        "room": "A 1",
        "entries": 9,
        "until": "1970-01-01T00:16:40+00:00",
    }
    assert taken == {
        "verdicts": {"stored": 1},
        "files": {"stored": 1},
        "refused": {},
        "rooms": [reach],
    }
    _box("import", "--stick", stick, data=box)
    assert "journal-1: 9 of 9" in _box("status", data=box)
    results = _central("results", "--sitting", sitting_id, data=centre)
    assert [one["points"] for one in results["results"]] == ["2", "0"]


def _hold_exam(box: Path, centre: Path, sitting_id: str) -> None:
    journal = GrowingJournal()
    write_exam(journal, open_centre(centre, None, SystemClock()), sitting_id)
    store = BoxStore(box / "box.db", load_or_create_key(BOX_DATABASE_KEY, box / "keys"))
    store.add_journal(JournalRecord("journal-1", bytes(32), "A 1", 1, None, None))
    store.close()
    write_to_disk(journal_path(box, "journal-1"), journal)
    files = Attachments(journal_path(box, "journal-1"), bytes(32))
    files.put(hashlib.sha256(b"a file").hexdigest(), b"a file", attempt_id="a1", at_ms=1)
    files.close()


def _refusal(data: Path, *arguments: str) -> ExamroomError:
    with pytest.raises(ExamroomError) as refusal:
        _central(*arguments, data=data)
    return refusal.value


def test_centre_is_not_made_twice_nor_opened_where_there_is_none(tmp_path: Path) -> None:
    """A sentence says so, and nothing is overwritten."""
    missing = _refusal(tmp_path / "c", "add-token", "--name", "x")
    _central("init", "--json", data=tmp_path / "c")
    before = (tmp_path / "c" / "keys" / "centre.identity").read_bytes()

    assert isinstance(missing, CentreMissingError)
    assert isinstance(_refusal(tmp_path / "c", "init"), CentreExistsError)
    assert before == (tmp_path / "c" / "keys" / "centre.identity").read_bytes()


def test_box_that_is_not_enrolled_says_so(tmp_path: Path) -> None:
    """Neither the agent nor the stick works before the box knows its centre."""
    with pytest.raises(BoxNotEnrolledError):
        _box("run", "--centre", "http://127.0.0.1:9", data=tmp_path)
    with pytest.raises(BoxNotEnrolledError):
        _box("export", "--stick", tmp_path, data=tmp_path)
