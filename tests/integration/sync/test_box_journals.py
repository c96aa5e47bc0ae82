"""The agent reads the box's own encrypted journals, and the centre scores what comes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.domain.conduct import CONDUCT_BASIS_CHARACTERS_MAX
from appliance.domain.exams import Choice, Exam, ExtendedText, Item, Option, Section, TestPart
from appliance.domain.scoring import ItemRule, ResponseRule, Scoring, Template
from appliance.formats.authored_exam import AuthoredExam, write_authored_exam
from appliance.formats.candidate_code import hash_candidate_code
from appliance.formats.document_bodies import RosterBody
from appliance.formats.exam_package import open_package, release_secret_of
from appliance.formats.import_report import ImportReport
from appliance.formats.keys import BoxIdentity, create_recovery_key, load_recovery_key
from appliance.formats.package_manifest import PackageManifest
from appliance.formats.recovery import write_recovery_copy
from appliance.formats.sealed_document import open_document
from appliance.formats.sealing import SealBrokenError
from appliance.formats.staff_secret import matches_staff_secret
from appliance.platform.credentials import load_or_create_key
from appliance.storage.attachments import Attachments
from appliance.storage.box_store import BoxStore, JournalRecord
from appliance.storage.journals import create_journal
from appliance.storage.reading import BOX_DATABASE_KEY, journal_path
from sync.agent.journal_source import BoxJournals
from sync.central.centre import Centre
from sync.central.database import read
from sync.central.exams import add_exam
from sync.central.exports import marking_csv, results_csv, results_json
from sync.central.reach import record_reach
from sync.central.rescue import rescue_journal
from sync.central.results import list_results, sitting_evidence, sitting_results
from sync.central.sending import release_sitting, send_sitting
from sync.central.sittings import (
    NewSitting,
    RosterHasBadLinesError,
    SittingIncompleteError,
    add_sitting,
    candidates_of,
    list_sittings,
    reveal_release_code,
    reveal_slips,
)
from sync.central.tables import responses
from sync.central.web.admin.sittings import _conduct_basis

from .conftest import AgentMaker, GrowingJournal

# Both databases that the centre promises.
pytestmark = pytest.mark.parametrize("centre", ["sqlite", "postgresql"], indirect=True)

ROSTER = b"number,given name,family name,extra time %\n1,Ada,Berg,50\n2,Bo,Dahl,\n"
STAFF = b"name,role\nK. Olsen,chief_invigilator\n"


def make_exam() -> bytes:
    choice = Choice(
        response_id="RESPONSE",
        options=(Option(option_id="A", html="a"), Option(option_id="B", html="b")),
    )
    essay = ExtendedText(response_id="RESPONSE")
    items = tuple(
        Item(
            item_id=item_id,
            title=item_id,
            label="",
            body_html='<div data-interaction="RESPONSE"></div>',
            language="en",
            interactions=(interaction,),
        )
        for item_id, interaction in (("choice", choice), ("essay", essay))
    )
    section = Section(section_id="s", title="S", items=items)
    exam = Exam(
        exam_id="e",
        title="Biology",
        languages=("en",),
        parts=(TestPart(part_id="p", title="P", sections=(section,)),),
        duration_seconds=3600,
    )
    match = ResponseRule(
        response_id="RESPONSE", template=Template.MATCH_CORRECT, correct=("A",), match_points="2"
    )
    person = ResponseRule(response_id="RESPONSE", template=Template.BY_PERSON)
    scoring = Scoring(
        exam_id="e",
        items=(
            ItemRule(item_id="choice", responses=(match,), max_score="2"),
            ItemRule(item_id="essay", responses=(person,), max_score="6"),
        ),
    )
    report = ImportReport(source="s", source_format="f")
    return write_authored_exam(
        AuthoredExam(
            exam=exam, scoring=scoring, report=report, media={"a.png": b"picture"}, original={}
        )
    )


@pytest.fixture
def sitting_id(centre: Centre, box: BoxIdentity) -> str:
    return plan_sitting(centre, box)


def plan_sitting(centre: Centre, box: BoxIdentity) -> str:
    exam_id = add_exam(centre, make_exam(), actor="t")
    new = NewSitting(
        exam_id=exam_id, title="", room="A 1", box_ids=(box.id,), roster=ROSTER, staff=STAFF
    )
    return add_sitting(centre, new, actor="t")


def test_box_gets_all_it_needs_and_no_correct_response(
    agents: AgentMaker, box: BoxIdentity, centre: Centre, sitting_id: str
) -> None:
    """Package, roster, staff and release arrive; codes and PINs of the slips fit them."""
    send_sitting(centre, sitting_id, actor="t")
    release_sitting(centre, sitting_id, actor="t")
    agents.agent().take_turn()

    arrived = {path.suffix: path.read_bytes() for path in agents.paths.incoming.iterdir()}
    pinned = centre.identity.public
    roster = open_document(arrived[".roster"], identity=box, centre=pinned).body
    staff = open_document(arrived[".staff"], identity=box, centre=pinned).body
    release = open_document(arrived[".release"], identity=box, centre=pinned).body
    opened = open_package(
        arrived[".exam_package"],
        identity=box,
        centre=pinned,
        release_secret=bytes.fromhex(str(release["release_secret"])),
        now_ms=None,
    )
    code = reveal_release_code(centre, sitting_id, actor="t")
    slips = reveal_slips(centre, sitting_id, actor="t")
    slip, pin = slips.candidates[0], slips.staff[0]["pin"]

    assert dict(opened.media) == {"media/a.png": b"picture"}
    assert b"correct" not in opened.exam_json
    assert _secret_by_code(opened.manifest, code) == release["release_secret"]
    sittings = json.loads(json.dumps(roster))["sittings"]
    assert [one["number"] for one in sittings[0]["candidates"]] == ["1", "2"]
    key = bytes.fromhex(str(roster["code_key"]))
    assert sittings[0]["candidates"][0]["code_hash"] == hash_candidate_code(key, slip["code"])
    extra = sittings[0]["candidates"][0]["accommodations"][0]
    assert (extra["name"], extra["value"]) == ("additional-testing-time", "time-multiplier 1.5")
    member = json.loads(json.dumps(staff))["staff"][0]
    assert matches_staff_secret(member["secret_hash"], pin)


def _secret_by_code(manifest: PackageManifest, code: str) -> str:
    return release_secret_of(manifest, code).hex()


def test_conduct_is_off_unless_a_sitting_is_planned_with_its_basis(
    agents: AgentMaker, box: BoxIdentity, centre: Centre
) -> None:
    """It goes to the box with the roster; nothing is stored when the basis was forgotten."""
    exam_id = add_exam(centre, make_exam(), actor="t")
    plan = NewSitting(
        exam_id=exam_id, title="", room="A", box_ids=(box.id,), roster=ROSTER, staff=STAFF
    )
    for forgotten in ("", "  ", "x" * (CONDUCT_BASIS_CHARACTERS_MAX + 1)):
        with pytest.raises(SittingIncompleteError, match="basis"):
            add_sitting(centre, replace(plan, conduct_basis=forgotten), actor="t")
    with pytest.raises(SittingIncompleteError, match="tick"):
        _conduct_basis(None, "A rule of the school")
    assert [] == list_sittings(centre)

    for basis, sent in ((None, ""), (" A rule of the school ", "A rule of the school")):
        sitting_id = add_sitting(centre, replace(plan, conduct_basis=basis), actor="t")
        send_sitting(centre, sitting_id, actor="t")
        agents.agent().take_turn()
        (arrived,) = agents.paths.incoming.glob("*.roster")
        document = open_document(arrived.read_bytes(), identity=box, centre=centre.identity.public)
        (sitting,) = RosterBody.model_validate(document.body).sittings
        assert (sitting_id, sent) == (sitting.sitting_id, sitting.conduct_basis)
        arrived.unlink()


def test_sitting_sent_again_replaces_the_first(
    agents: AgentMaker, box: BoxIdentity, centre: Centre, sitting_id: str
) -> None:
    """After a release the new package opens with a token that comes along by itself."""
    send_sitting(centre, sitting_id, actor="t")
    release_sitting(centre, sitting_id, actor="t")
    agents.agent().take_turn()
    for path in agents.paths.incoming.iterdir():
        path.unlink()

    send_sitting(centre, sitting_id, actor="t")
    agents.agent().take_turn()

    arrived = {path.suffix: path.read_bytes() for path in agents.paths.incoming.iterdir()}
    body = open_document(arrived[".release"], identity=box, centre=centre.identity.public).body
    opened = open_package(
        arrived[".exam_package"],
        identity=box,
        centre=centre.identity.public,
        release_secret=bytes.fromhex(str(body["release_secret"])),
        now_ms=None,
    )
    assert opened.manifest.version == 2


def test_roster_with_a_bad_line_is_not_stored(centre: Centre, box: BoxIdentity) -> None:
    """Nobody is left without a place because a line was passed over silently."""
    exam_id = add_exam(centre, make_exam(), actor="t")
    bad = NewSitting(
        exam_id=exam_id, title="", room="A", box_ids=(box.id,), roster=ROSTER + b"2,C,D,\n",
        staff=STAFF,
    )  # fmt: skip

    with pytest.raises(RosterHasBadLinesError):
        add_sitting(centre, bad, actor="t")


def write_exam(journal: GrowingJournal, centre: Centre, sitting_id: str) -> None:
    """One candidate responds to both items and hands in; the other one is not there."""
    clock: dict[str, object] = {"t": 0, "mono_ms": 0, "boot": "b"}
    journal.write("room_session_opened", "j", {"room": "A 1", "practice": 0, **clock})
    journal.write(
        "sitting_created", sitting_id, {"title": "Biology", "package_id": "p", "sitting_id": "x"}
    )
    for one in candidates_of(centre, sitting_id):
        names = ("candidate_id", "number", "given_name", "family_name", "anonymous_code", "seat")
        body = {name: one[name] for name in names}
        journal.write("attempt_created", "a" + one["number"], {**body, "sitting_id": sitting_id})
    journal.write("attempt_started", "a1", {"t": 0})
    journal.save_response("A", 1, item="choice")
    journal.save_response("=SUM(A1) is how it begins", 1, item="essay")
    journal.write("attempt_submitted", "a1", {"by": "candidate", "t": 9})
    journal.write("room_session_sealed", "j", {})


def test_results_are_scored_complete_and_anonymous_for_markers(
    agents: AgentMaker, journal: GrowingJournal, centre: Centre, sitting_id: str
) -> None:
    """Points by rule, essays for a person under a code, evidence up to the seal, a cursor."""
    write_exam(journal, centre, sitting_id)
    agents.agent().take_turn()

    first, second = sitting_results(centre, sitting_id)
    assert (first.points, first.points_max, first.to_mark_count) == (Decimal(2), Decimal(2), 1)
    assert (first.responded_count, second.responded_count) == (2, 0)
    assert (first.attempt["state"], second.attempt["state"]) == ("submitted", "expected")
    evidence = sitting_evidence(centre, sitting_id)[0]
    assert evidence["contiguous_seq"] == len(journal.entries)
    assert evidence["head_hash"] == journal.entries[-1].hash.hex()
    assert evidence["sealed_at_ms"] is not None

    marking = marking_csv(centre, sitting_id).decode("utf-8-sig")
    code = candidates_of(centre, sitting_id)[0]["anonymous_code"]
    assert f"essay,{code},RESPONSE,'=SUM(A1) is how it begins" in marking
    assert "Ada" not in marking
    assert "Berg" not in marking
    assert "1,Berg,Ada,submitted" in results_csv(centre, sitting_id).decode("utf-8-sig")
    assert json.loads(results_json(centre, sitting_id))["results"][0]["points"] == "2"

    page = list_results(centre, after=0, limit=1)
    assert {result["attempt_id"] for result in page.results} == {"a1", "a2"}
    assert page.is_last
    assert list_results(centre, after=page.cursor, limit=1).results == []


def write_to_disk(path: Path, written: GrowingJournal) -> None:
    """Make the encrypted file that a box would have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = create_journal(path, bytes(32), written.journal_id)
    made.database.conn.executemany(
        "INSERT INTO entries (epoch, seq, at_ms, kind, actor, subject, body, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (one.epoch, one.seq, one.at_ms, one.kind, one.actor, one.subject, one.body, one.hash)
            for one in written.entries
        ],
    )
    made.database.close()


def test_agent_reads_the_encrypted_journals_of_a_box(agents: AgentMaker, tmp_path: Path) -> None:
    """The real database, through a connection that cannot write."""
    data_dir = tmp_path / "real-box"
    key = load_or_create_key(BOX_DATABASE_KEY, data_dir / "keys")
    store = BoxStore(data_dir / "box.db", key)
    store.add_journal(
        JournalRecord(
            journal_id="journal-1",
            journal_key=bytes(32),
            room="A",
            created_at_ms=1,
            sealed_at_ms=None,
            purged_at_ms=None,
        )
    )
    agents.journal.open_room()
    write_to_disk(journal_path(data_dir, "journal-1"), agents.journal)
    source = BoxJournals(data_dir)

    assert source.journal_ids() == ["journal-1"]
    with source.read("journal-1") as reader:
        assert reader.entries_after(0, 100) == agents.journal.entries
        assert reader.head() == (
            1,
            len(agents.journal.entries),
            agents.journal.entries[-1].hash,
        )
    store.close()


def test_journal_is_rescued_from_the_disk_of_a_dead_box(
    agents: AgentMaker, centre: Centre, tmp_path: Path
) -> None:
    """With the recovery key the centre reads what never arrived, and another key reads nothing."""
    recovery = load_recovery_key(tmp_path / "centre" / "keys")
    agents.journal.open_room()
    agents.agent().take_turn()
    agents.journal.save_response("never sent", 1)
    path = tmp_path / "disk" / "journal-1.db"
    write_to_disk(path, agents.journal)
    copy = write_recovery_copy("journal-1", bytes(32), recovery=recovery.public)

    with pytest.raises(SealBrokenError):
        rescue_journal(
            centre, path, copy=copy, recovery=create_recovery_key(), box_id=agents.box.id, actor="t"
        )
    attachments = Attachments(path, bytes(32))
    digest = hashlib.sha256(b"a map").hexdigest()
    attachments.put(digest, b"a map", attempt_id="a1", at_ms=1)
    attachments.close()
    before = sorted(path.parent.iterdir())
    rescued = rescue_journal(
        centre, path, copy=copy, recovery=recovery, box_id=agents.box.id, actor="t"
    )

    assert (rescued.verdicts, rescued.files) == ({"stored": 1}, {"stored": 1})
    result = sitting_responses(centre)
    assert result == ["never sent"]
    again = rescue_journal(
        centre, path, copy=copy, recovery=recovery, box_id=agents.box.id, actor="t"
    )
    assert (again.verdicts, again.files) == ({"already": 1}, {"already": 1})
    assert before == sorted(path.parent.iterdir())
    (room,) = record_reach(centre, {"journal-1"})
    assert (room["entries"], room["until"]) == (
        len(agents.journal.entries),
        "1970-01-01T00:16:40+00:00",
    )
    _damage(path)
    damaged = rescue_journal(
        centre, path, copy=copy, recovery=recovery, box_id=agents.box.id, actor="t"
    )
    assert (damaged.cut_short, damaged.verdicts) == (True, {})


def _damage(path: Path) -> None:
    """Spoil every page after the first."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))


def sitting_responses(centre: Centre) -> list[object]:
    """Return all current responses at the centre."""
    with read(centre.engine) as connection:
        return [
            json.loads(value) for value in connection.execute(select(responses.c.value)).scalars()
        ]
