"""Every parser that meets bytes from outside, with documents that it takes.

Where a signature stands before a parser, what is behind it is spoilt first and signed then: so
that the parser itself is met, as by a box or a centre that is not what it should be.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from appliance.domain.journal import Draft, Entry, chain_start, place
from appliance.domain.scoring import Scoring
from appliance.formats import bundle, sealed_document, sealed_envelope
from appliance.formats.attachment import open_attachment, read_attachment_header, write_attachment
from appliance.formats.authored_exam import AuthoredExam, read_authored_exam, write_authored_exam
from appliance.formats.bundle import BundleHeader, open_bundle, read_bundle_header, write_bundle
from appliance.formats.canonical import encode_canonical, parse_canonical
from appliance.formats.envelope import write_envelope
from appliance.formats.exam_model import decode_exam, decode_scoring, encode_exam, encode_scoring
from appliance.formats.exam_package import (
    PackageContents,
    PackageTerms,
    build_package,
    inspect_package,
    open_package,
    release_secret_of,
)
from appliance.formats.keys import (
    create_box_identity,
    create_centre_identity,
    create_recovery_key,
    read_public_identity,
)
from appliance.formats.plain_zip import write_plain_zip
from appliance.formats.receipt import (
    CandidateReceipt,
    FilesReceipt,
    Receipt,
    read_candidate_receipt,
    read_files_receipt,
    read_receipt,
    write_candidate_receipt,
    write_files_receipt,
    write_receipt,
)
from appliance.formats.recovery import read_recovery_copy, write_recovery_copy
from appliance.formats.release_code import create_release_code
from appliance.formats.request_signature import (
    SignedRequest,
    claimed_box_id,
    sign_request,
    verify_request,
)
from appliance.formats.room_authority import load_or_create_authority
from appliance.formats.roster_csv import read_roster_csv
from appliance.formats.sealed_document import Document, DocumentKind, open_document, seal_document
from appliance.formats.sealing import seal
from appliance.formats.signing import sign
from appliance.platform.clock import SystemClock
from appliance.web.boundary import ExchangeBody, HandInBody, HelpBody, SignInBody, parse_body
from provisioning.demo_exam import demo_exam_directory
from provisioning.importers.exam_import import import_exam
from sync.central.sittings import read_staff_csv
from tests.fuzz.mailbox import taken_in
from tests.fuzz.parser import Parser, parser_of
from tests.fuzz.writing_room import save_and_take_back
from tests.rig.small_exam import small_exam

RECOVERY = create_recovery_key()
CENTRE = create_centre_identity("Centre", recovery=RECOVERY.public)
BOX = create_box_identity("Box")
RELEASE_CODE = create_release_code()
NOW_MS = 1_700_000_000_000
REQUEST = SignedRequest("POST", "/v1/x?y=1", b"body")


def _entries() -> list[Entry]:
    placed: list[Entry] = []
    previous = chain_start("journal-1")
    for seq in range(1, 6):
        draft = Draft("response_saved", "candidate", "a1", {"i": "q1", "n": seq, "v": "é" * seq})
        placed.append(place(draft, epoch=1, seq=seq, at_ms=seq, previous=previous))
        previous = placed[-1].hash
    return placed


# --- between box and centre -----------------------------------------------------------------------


def _read_bundle(data: bytes) -> object:
    read_bundle_header(data)
    return open_bundle(data, centre=CENTRE, box=BOX.public)


def _rows() -> bytes:
    return encode_canonical([bundle._row(entry) for entry in _entries()])


def _bundle_header() -> bytes:
    entries = _entries()
    return BundleHeader(
        box_id=BOX.id,
        centre_id=CENTRE.id,
        journal_id="journal-1",
        epoch=1,
        first_seq=1,
        last_seq=len(entries),
        previous_hash=chain_start("journal-1"),
        last_hash=entries[-1].hash,
    ).to_bytes()


def _signed_bundle(header: bytes, packed: bytes) -> bytes:
    payload = seal(packed, CENTRE.public.sealing, sealed_envelope._context("bundle/1", header))
    return write_envelope(bundle.MAGIC, header, payload, signing=BOX.signing)


def _read_rows(data: bytes) -> object:
    return _read_bundle(_signed_bundle(_bundle_header(), zlib.compress(data)))


def _read_packed_rows(data: bytes) -> object:
    return _read_bundle(_signed_bundle(_bundle_header(), data))


def _read_header(data: bytes) -> object:
    return _read_bundle(_signed_bundle(data[:16_000], zlib.compress(_rows())))


def _bundle() -> bytes:
    return write_bundle(
        _entries(),
        journal_id="journal-1",
        previous_hash=chain_start("journal-1"),
        box=BOX,
        centre=CENTRE.public,
    )


def _read_document(data: bytes) -> object:
    return open_document(data, identity=BOX, centre=CENTRE.public)


def _read_document_body(data: bytes) -> object:
    header = sealed_document.DocumentHeader(
        kind="roster",
        document_id="roster-1",
        created_at_ms=0,
        box_id=BOX.id,
        centre_id=CENTRE.id,
    )
    sealed = sealed_envelope.write_sealed(
        sealed_document.MAGIC, header, data, receiver=BOX.public, signing=CENTRE.signing
    )
    return _read_document(sealed)


def _read_attachment(data: bytes) -> object:
    read_attachment_header(data)
    return open_attachment(data, centre=CENTRE, box=BOX.public)


def _attachment() -> bytes:
    data = b"a drawing" * 20
    name = hashlib.sha256(data).hexdigest()
    return write_attachment(
        data, journal_id="journal-1", sha256=name, box=BOX, centre=CENTRE.public
    )


class _Nonces:
    def remember(self, box_id: str, nonce: str, at_ms: int) -> bool:
        return bool(box_id and nonce and at_ms)


def _read_request(data: bytes) -> object:
    lines = [line.partition(": ") for line in data.decode("latin-1").split("\n")]
    headers = {name: value for name, _, value in lines}
    claimed_box_id(headers)
    verify_request(REQUEST, headers, box=BOX.public, now_ms=NOW_MS, nonces=_Nonces())
    return headers


def _request() -> bytes:
    headers = sign_request(REQUEST, box=BOX, now_ms=NOW_MS)
    return "\n".join(f"{name}: {value}" for name, value in headers.items()).encode()


def _read_identity(data: bytes) -> object:
    identity = read_public_identity(data)
    return seal(b"what a centre sends", identity.sealing, b"context")


def _read_own_identity(data: bytes) -> object:
    """Somebody signs any keys at all with their own: the file is genuine, and what it says?"""
    value = json.loads(data)
    value.pop("proof", None)
    proof = sign(BOX.signing, "identity/1", encode_canonical(value))
    return _read_identity(encode_canonical(value | {"proof": proof.hex()}))


def _receipts() -> tuple[bytes, bytes, bytes]:
    head = bytes(32)
    receipt = Receipt(
        centre_id=CENTRE.id,
        journal_id="journal-1",
        epoch=1,
        contiguous_seq=5,
        head_hash=head,
        received_at_ms=1,
    )
    candidate_receipt = CandidateReceipt(
        box_id=BOX.id,
        attempt_id="a1",
        candidate_number="1",
        submitted_at_ms=1,
        journal_id="journal-1",
        seq=5,
        head_hash=head,
        responses_digest=head,
    )
    files = FilesReceipt(centre_id=CENTRE.id, journal_id="journal-1", files=["0" * 64, "1" * 64])
    return (
        write_receipt(receipt, centre=CENTRE),
        write_files_receipt(files, centre=CENTRE),
        write_candidate_receipt(candidate_receipt, box=BOX),
    )


def _between_box_and_centre() -> list[Parser]:
    receipt, files_receipt, candidate_receipt = _receipts()
    document = Document("roster", "roster-1", 0, {"roster_id": "r", "sittings": [{"a": 1}]})
    recovery_copy = write_recovery_copy("journal-1", bytes(32), recovery=RECOVERY.public)
    identities = [CENTRE.public.to_bytes(), BOX.public.to_bytes()]
    return [
        parser_of("bundle", _read_bundle, _bundle()),
        parser_of("bundle_header", _read_header, _bundle_header(), structure="json"),
        parser_of("bundle_rows", _read_rows, _rows(), structure="json"),
        parser_of("bundle_packed", _read_packed_rows, zlib.compress(_rows())),
        parser_of(
            "document",
            _read_document,
            seal_document(document, box=BOX.public, centre=CENTRE),
        ),
        parser_of(
            "document_body",
            _read_document_body,
            encode_canonical(document.body),
            structure="json",
        ),
        parser_of("attachment", _read_attachment, _attachment()),
        parser_of(
            "receipt",
            lambda data: read_receipt(data, centre=CENTRE.public),
            receipt,
            structure="json",
        ),
        parser_of(
            "files_receipt",
            lambda data: read_files_receipt(data, centre=CENTRE.public),
            files_receipt,
            structure="json",
        ),
        parser_of(
            "candidate_receipt",
            lambda data: read_candidate_receipt(data, box=BOX.public),
            candidate_receipt,
            structure="json",
        ),
        parser_of(
            "recovery_copy",
            lambda data: read_recovery_copy(data, recovery=RECOVERY),
            recovery_copy,
            structure="json",
        ),
        parser_of("identity", _read_identity, *identities, structure="json"),
        parser_of("request_headers", _read_request, _request()),
    ]


ROSTER_BODY = {
    "roster_id": "r-1",
    "code_key": "00" * 32,
    "boxes": [parse_canonical(BOX.public.to_bytes())],
    "sittings": [
        {
            "sitting_id": "s-1",
            "title": "An exam",
            "package_id": "p-1",
            "planned_start_at": None,
            "duration_seconds": 3600,
            "room": "Room",
            "candidates": [
                {
                    "candidate_id": "c-1",
                    "number": "1",
                    "given_name": "Ada",
                    "family_name": "L",
                    "code_hash": "00",
                    "seat": "1",
                    "anonymous_code": "X",
                    "accommodations": [
                        {
                            "name": "additional-testing-time",
                            "value": "time-multiplier 1.5",
                            "approved_by": "",
                            "approved_at": "",
                        }
                    ],
                }
            ],
        }
    ],
}
STAFF_BODY = {
    "staff": [
        {
            "staff_id": "ada",
            "name": "Ada",
            "role": "invigilator",
            "secret_hash": "$argon2id$",
            "valid_from_ms": 0,
            "valid_until_ms": 1,
        }
    ]
}
RELEASE_BODY = {"package_id": "p-1", "release_secret": "00" * 32}


def _certificate_body() -> dict[str, object]:
    folder, now_ms = Path(tempfile.mkdtemp()), SystemClock().wall_ms()
    authority = load_or_create_authority(folder, "Site", now_ms=now_ms)
    chain, key = authority.issue(["room.example"], now_ms=now_ms)
    return {
        "names": ["room.example"],
        "chain_pem": chain.decode(),
        "key_pem": key.decode(),
        "authority_pem": authority.certificate_pem.decode(),
        "client_secret": authority.client_secret.hex(),
    }


def _in_the_mailbox() -> list[Parser]:
    bodies: dict[DocumentKind, dict[str, object]] = {
        "roster": dict(ROSTER_BODY),
        "staff": dict(STAFF_BODY),
        "release": dict(RELEASE_BODY),
        "room_certificate": _certificate_body(),
    }
    return [
        parser_of(f"mailbox_{kind}", taken_in(kind), encode_canonical(body), structure="json")
        for kind, body in bodies.items()
    ]


# --- exam packages and exams ----------------------------------------------------------------------


@cache
def _package() -> bytes:
    terms = PackageTerms(
        package_id="package-1",
        version=1,
        title="An exam",
        languages=("en",),
        duration_seconds=3600,
        not_before_ms=0,
        not_after_ms=NOW_MS * 2,
    )
    contents = PackageContents(encode_exam(small_exam()), {"a.png": b"picture"}, {"x": b"original"})
    return build_package(
        contents, terms, boxes=[BOX.public], centre=CENTRE, release_code=RELEASE_CODE
    )


@cache
def _release_secret() -> bytes:
    manifest = inspect_package(_package(), centre=CENTRE.public, box_id=BOX.id, now_ms=NOW_MS)
    return release_secret_of(manifest, RELEASE_CODE)


def _read_package(data: bytes) -> object:
    inspect_package(data, centre=CENTRE.public, box_id=BOX.id, now_ms=NOW_MS)
    return open_package(
        data, identity=BOX, centre=CENTRE.public, release_secret=_release_secret(), now_ms=NOW_MS
    )


def _package_files() -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(_package())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _read_manifest(data: bytes) -> object:
    files = _package_files()
    files["manifest.json"] = data
    files["manifest.sig"] = sign(CENTRE.signing, "exam-package/1", data)
    return _read_package(write_plain_zip(files))


def _exams() -> list[Parser]:
    authored = import_exam(demo_exam_directory())
    exams = (encode_exam(small_exam()), encode_exam(authored.exam))
    scoring = encode_scoring(authored.scoring)
    small = AuthoredExam(
        exam=small_exam(),
        scoring=Scoring(exam_id="small", items=()),
        report=authored.report,
        media={"a.png": b"picture"},
    )
    return [
        parser_of("package", _read_package, _package()),
        parser_of(
            "package_manifest",
            _read_manifest,
            _package_files()["manifest.json"],
            structure="json",
        ),
        parser_of("exam", decode_exam, *exams, structure="json"),
        parser_of("scoring", decode_scoring, scoring, structure="json"),
        parser_of("authored_exam", read_authored_exam, write_authored_exam(small)),
    ]


# --- what people and other programs write ---------------------------------------------------------


def _imports(ending: str) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"exam{ending}"
            file.write_bytes(data)
            return import_exam(file)

    return read


def _zip_of(folder: Path, replaced: str, data: bytes) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in ("imsmanifest.xml", "test.xml", "items/density.xml", "items/roles.xml"):
            archive.writestr(name, data if name == replaced else (folder / name).read_bytes())
    return written.getvalue()


def _demo_with(name: str) -> Callable[[bytes], object]:
    read = _imports(".zip")
    return lambda data: read(_zip_of(demo_exam_directory(), name, data))


GIFT = (
    b"// A comment\n$CATEGORY: top/one\n::Name::[html]Which? {=right#good ~wrong#bad ~%50%half}"
    b"\n\nTrue? {TRUE#yes#no}\n\nPi {#3.14:0.01 =%50%3:0.5}\n\nMatch {=a -> b =c -> d}\n\n"
    b"Write {}\n\nA gap {=one =two} here.\n\nNumber {#1..5}\n"
)
MOODLE = b"""<?xml version="1.0"?><quiz>
<question type="category"><category><text>top</text></category></question>
<question type="multichoice"><name><text>N</text></name><questiontext format="html">
<text><![CDATA[<p>Text <img src="@@PLUGINFILE@@/a.png"/></p>]]></text>
<file name="a.png" path="/" encoding="base64">aGVsbG8=</file></questiontext>
<defaultgrade>2</defaultgrade><single>false</single>
<answer fraction="50"><text>a</text></answer><answer fraction="-50"><text>b</text></answer>
</question>
<question type="numerical"><name><text>M</text></name><questiontext><text>Q</text></questiontext>
<answer fraction="100"><text>3.5</text><tolerance>0.1</tolerance></answer></question>
<question type="matching"><name><text>M</text></name><questiontext><text>Q</text></questiontext>
<subquestion><text>x</text><answer><text>y</text></answer></subquestion>
<subquestion><text>u</text><answer><text>v</text></answer></subquestion></question>
<question type="cloze"><questiontext><text>A {1:SHORTANSWER:=b~%50%c} d</text></questiontext>
</question>
<question type="shortanswer"><questiontext><text>Q</text></questiontext>
<answer fraction="100"><text>w*</text></answer></question>
<question type="essay"><questiontext><text>Q</text></questiontext>
<responseformat>editor</responseformat></question>
<question type="truefalse"><questiontext><text>Q</text></questiontext>
<answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer>
</question></quiz>"""
ROSTER = (
    b"number,given_name,family_name,seat,extra_time_percent,extra_time_minutes,spoken\n"
    b"1,Ada,L,1,25,,yes\n2,Bob,M,2,,30,\n3,Cleo,N,,,,1.5\n",
    b'\xef\xbb\xbfnumber;given name;family name\r\n1;\xc3\x85sa;"B""C"\r\n',
)


def _written_by_people() -> list[Parser]:
    demo = demo_exam_directory()
    items = tuple(path.read_bytes() for path in sorted((demo / "items").glob("*.xml")))
    parts = [
        parser_of(f"qti_{name}", _demo_with(f"{name}.xml"), data, structure="xml")
        for name in ("test", "imsmanifest")
        for data in [(demo / f"{name}.xml").read_bytes()]
    ]
    return [
        *parts,
        parser_of("qti_zip", _imports(".zip"), _zip_of(demo, "", b"")),
        parser_of("qti_item", _imports(".xml"), *items, structure="xml"),
        parser_of("moodle", _imports(".xml"), MOODLE, structure="xml"),
        parser_of("gift", _imports(".gift"), GIFT),
        parser_of("roster_csv", read_roster_csv, *ROSTER),
        parser_of("staff_csv", read_staff_csv, b"name,role\nAda,invigilator\nBob,technician\n"),
    ]


# --- from candidates' pages -----------------------------------------------------------------------


def _read_exchange(data: bytes) -> object:
    """As far as the tables: what the journal's writer falls over would end the exam server."""
    read = parse_body(data, ExchangeBody)
    return save_and_take_back(tuple(change.as_change() for change in read.changes))


def _exchange() -> bytes:
    upload = {"name": "a", "media_type": "b", "size_bytes": 1, "sha256": "0" * 64}
    values = ["text \U0001f600", ["a", "b"], upload, None]
    changes = [
        {"no": at, "kind": "response", "item": "A", "response": "R", "value": value, "age_ms": 3}
        for at, value in enumerate(values, start=1)
    ]
    changes.append({"no": 9, "kind": "flag", "item": "A", "flagged": True})
    return json.dumps({"changes": changes, "item": "A", "battery_percent": 80}).encode()


def _from_pages() -> list[Parser]:
    sign_in = json.dumps({"code": "ABCD-EFGH", "client": "client0001"}).encode()
    return [
        parser_of("exchange", _read_exchange, _exchange(), structure="json"),
        parser_of("sign_in", lambda data: parse_body(data, SignInBody), sign_in, structure="json"),
        parser_of(
            "hand_in",
            lambda data: parse_body(data, HandInBody),
            b'{"last_change":3}',
            structure="json",
        ),
        parser_of(
            "help", lambda data: parse_body(data, HelpBody), b'{"wanted":true}', structure="json"
        ),
    ]


@cache
def parsers() -> dict[str, Parser]:
    """Return all parsers by name."""
    found = [
        *_between_box_and_centre(),
        *_in_the_mailbox(),
        *_exams(),
        *_written_by_people(),
        *_from_pages(),
    ]
    return {one.name: one for one in found}
