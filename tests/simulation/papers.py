"""What the centre sent before the day: one exam, its candidates, the boxes it is for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.formats.candidate_code import (
    create_candidate_code,
    create_code_key,
    hash_candidate_code,
)
from appliance.formats.exam_model import encode_exam
from appliance.formats.exam_package import (
    PackageContents,
    PackageTerms,
    build_package,
    inspect_package,
    release_secret_of,
)
from appliance.formats.keys import BoxIdentity, CentreIdentity, load_or_create_box_identity
from appliance.formats.keys import pin_centre as pin
from appliance.formats.release_code import create_release_code
from appliance.formats.sealed_document import Document, seal_document
from tests.rig.small_exam import small_exam

SITTING = "sitting-1"
DURATION_SECONDS = 4 * 3600


@dataclass(frozen=True, slots=True)
class Papers:
    """The codes on the slips."""

    codes: list[str]


def send_papers(folders: list[Path], centre: CentreIdentity, candidates: int) -> Papers:
    """Put roster, package and release token into the mailbox of every box."""
    boxes = [_identity(folder) for folder in folders]
    code_key, release_code = create_code_key(), create_release_code()
    codes = [create_candidate_code() for _ in range(candidates)]
    package = build_package(
        PackageContents(encode_exam(small_exam()), {}, {}),
        PackageTerms(
            package_id="package-1",
            version=1,
            title="A small exam",
            languages=("en",),
            duration_seconds=DURATION_SECONDS,
            not_before_ms=0,
            not_after_ms=4_000_000_000_000,
        ),
        boxes=[one.public for one in boxes],
        centre=centre,
        release_code=release_code,
    )
    manifest = inspect_package(package, centre=centre.public, box_id=boxes[0].id, now_ms=None)
    secret = release_secret_of(manifest, release_code)
    bodies = {
        "roster": _roster(boxes, code_key, codes),
        "release": {"package_id": "package-1", "release_secret": secret.hex()},
    }
    for folder, box in zip(folders, boxes, strict=True):
        pin(folder / "keys", centre.public)
        incoming = folder / "mailbox" / "incoming"
        incoming.mkdir(parents=True)
        (incoming / "p.exam_package").write_bytes(package)
        for kind, body in bodies.items():
            document = Document(kind, f"{kind}-1", 0, body)  # type: ignore[arg-type]
            sealed = seal_document(document, box=box.public, centre=centre)
            (incoming / f"{kind}.{kind}").write_bytes(sealed)
    return Papers(codes)


def _identity(folder: Path) -> BoxIdentity:
    keys = folder / "keys"
    keys.mkdir(parents=True, mode=0o700)
    return load_or_create_box_identity(keys, folder.parent.name)


def _roster(boxes: list[BoxIdentity], code_key: bytes, codes: list[str]) -> dict[str, object]:
    lines = [
        {
            "candidate_id": f"candidate-{number}",
            "number": str(1000 + number),
            "given_name": "Candidate",
            "family_name": str(number),
            "code_hash": hash_candidate_code(code_key, code),
            "seat": str(number + 1),
            "anonymous_code": f"ANON{number:04}",
            "accommodations": [],
        }
        for number, code in enumerate(codes)
    ]
    sitting = {
        "sitting_id": SITTING,
        "title": "A small exam",
        "package_id": "package-1",
        "planned_start_at": None,
        "duration_seconds": DURATION_SECONDS,
        "room": "Sim room",
        "candidates": lines,
    }
    return {
        "roster_id": "roster-1",
        "code_key": code_key.hex(),
        "boxes": [one.public.model_dump(mode="json") for one in boxes],
        "sittings": [sitting],
    }
